//! The shop's database.

use std::time::Duration;

use anyhow::{Context, Result};
use deadpool_postgres::{Manager, Runtime};
use shop_lifecycle::patiently;
use tokio_postgres::NoTls;

pub use deadpool_postgres::Pool;
pub use tokio_postgres::Row;

/// `PostgreSQL`, the one place where orders are kept.
#[orch::service(kind = "database", image = "postgres:16", id = "postgres")]
pub struct Postgres;

/// Connects, and checks that the database answers.
pub async fn connect() -> Result<Pool> {
    let config = orch::binding("DATABASE_URL")?
        .parse()
        .context("`DATABASE_URL` is not a database URL")?;
    let limit = Some(Duration::from_secs(5));
    let pool = Pool::builder(Manager::new(config, NoTls))
        .max_size(8)
        .runtime(Runtime::Tokio1)
        .wait_timeout(limit)
        .create_timeout(limit)
        .build()?;
    patiently("PostgreSQL", || ping(&pool)).await?;
    Ok(pool)
}

/// Whether the database answers.
pub async fn ping(pool: &Pool) -> Result<()> {
    pool.get().await?.simple_query("SELECT 1").await?;
    Ok(())
}
