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
    app_env(SEARCH_URL = "{url}", SEARCH_KEY = "{password}")
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
