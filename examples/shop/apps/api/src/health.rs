use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use orch::System;
use orch::health::{Health, Need};
use shop_lifecycle::log;

use crate::Shop;

/// One service that does not answer must not hold up the report on the others.
const LIMIT: Duration = Duration::from_secs(2);

/// The health of the API: what it uses, each asked for more than an open port.
pub fn of(shop: &Shop) -> Result<Health> {
    let shop = Arc::new(shop.clone());
    let (database, cache, queue) = (shop.clone(), shop.clone(), shop);
    Ok(Health::of(&System::current())?
        .check_async(LIMIT, "postgres", Need::Required, move || {
            let shop = database.clone();
            async move { said("PostgreSQL", shop_postgres::ping(&shop.database).await) }
        })
        .check_async(LIMIT, "redis", Need::Required, move || {
            let shop = cache.clone();
            async move { said("Redis", shop.cache.ping().await) }
        })
        .check_async(LIMIT, "rabbitmq", Need::Required, move || {
            let shop = queue.clone();
            async move { said("RabbitMQ", shop.queue.ping().await) }
        }))
}

/// What went wrong is for the log: anybody may ask for the report.
fn said(what: &str, answer: Result<()>) -> Result<(), &'static str> {
    answer.map_err(|error: Error| {
        log!("{what}: {error:#}");
        "not reached"
    })
}
