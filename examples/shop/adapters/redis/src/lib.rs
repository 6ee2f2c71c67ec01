//! The shop's cache. What is in it can be lost at any time.

use std::time::Duration;

use anyhow::{Context, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client};
use shop_lifecycle::patiently;

/// Redis, kept in memory only and bounded.
#[orch::service(kind = "cache", image = "redis:7-alpine", id = "redis")]
pub struct Redis;

/// A connection that comes back by itself.
#[derive(Clone)]
pub struct Cache(ConnectionManager);

/// Connects, and checks that the cache answers.
pub async fn connect() -> Result<Cache> {
    let url = orch::binding("REDIS_URL")?;
    let client = Client::open(url.as_str()).context("`REDIS_URL` is not a Redis URL")?;
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_secs(2)));
    patiently("Redis", || {
        let (client, config) = (client.clone(), config.clone());
        async move {
            let cache = Cache(client.get_connection_manager_with_config(config).await?);
            cache.ping().await?;
            Ok(cache)
        }
    })
    .await
}

impl Cache {
    /// Whether the cache answers.
    pub async fn ping(&self) -> Result<()> {
        Ok(redis::cmd("PING").exec_async(&mut self.0.clone()).await?)
    }

    /// Keeps a text.
    pub async fn put(&self, key: &str, text: &str) -> Result<()> {
        Ok(self.0.clone().set(key, text).await?)
    }

    /// The text that was kept, if it is still there.
    pub async fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(self.0.clone().get(key).await?)
    }
}
