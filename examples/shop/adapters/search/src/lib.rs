//! Full-text search in the shop's orders.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shop_lifecycle::patiently;
use shop_orders::Order;

/// Meilisearch. It is part of the system only where an app switches its feature on.
#[orch::service(
    kind = "search",
    image = "getmeili/meilisearch:v1.11",
    id = "search",
    port(7700, name = "http", scheme = "http"),
    env(
        MEILI_ENV = "production",
        MEILI_NO_ANALYTICS = "true",
        MEILI_MASTER_KEY = secret("search-key"),
    ),
    app_env(SEARCH_URL = "{url}", SEARCH_KEY = "{secret:search-key}"),
    volume("/meili_data", name = "data", size = "5Gi"),
    volume("/tmp", ephemeral),
    health(
        command = ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:7700/health"],
        interval = "10s",
        timeout = "3s",
        retries = 5,
        start_period = "30s",
    ),
    resources(cpu = "250m", memory = "256Mi", cpu_limit = "1", memory_limit = "1Gi"),
    // The image knows no other user than root, and its data path belongs to it.
    user = "0:0",
    restricted = false,
    grace = "30s",
)]
pub struct Meilisearch;

/// The index of orders.
#[derive(Clone)]
pub struct Index {
    url: String,
    authorization: String,
}

/// Checks that the index answers.
pub async fn connect() -> Result<Index> {
    let index = Index {
        url: orch::binding("SEARCH_URL")?.into_string(),
        authorization: format!("Bearer {}", orch::binding("SEARCH_KEY")?.as_str()),
    };
    patiently("Meilisearch", || {
        index.ask("indexes/orders/documents", json!([]))
    })
    .await?;
    Ok(index)
}

impl Index {
    /// Adds an order.
    pub async fn add(&self, order: &Order) -> Result<()> {
        self.ask("indexes/orders/documents", json!([order])).await?;
        Ok(())
    }

    /// The orders in which the words occur.
    pub async fn find(&self, words: &str) -> Result<Value> {
        let mut answer = self
            .ask("indexes/orders/search", json!({ "q": words }))
            .await?;
        answer
            .get_mut("hits")
            .map(Value::take)
            .context("an answer without hits")
    }

    /// The client is a blocking one, which is small; an answer takes milliseconds.
    async fn ask(&self, path: &str, body: Value) -> Result<Value> {
        let url = format!("{}/{path}", self.url);
        let authorization = self.authorization.clone();
        tokio::task::spawn_blocking(move || {
            let request = ureq::post(url).header("Authorization", authorization);
            Ok(request.send_json(body)?.body_mut().read_json()?)
        })
        .await?
    }
}
