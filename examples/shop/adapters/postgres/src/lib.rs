//! The shop's database.

use std::time::Duration;

use anyhow::{Context, Result};
use deadpool_postgres::{Manager, Runtime};
use shop_lifecycle::patiently;
use tokio_postgres::NoTls;

pub use deadpool_postgres::Pool;
pub use tokio_postgres::Row;

/// `PostgreSQL`, the one place where orders are kept.
#[orch::service(
    kind = "database",
    image = "postgres:16",
    id = "postgres",
    port(5432, name = "sql", scheme = "postgres"),
    env(
        POSTGRES_USER = "shop",
        POSTGRES_DB = "shop",
        POSTGRES_PASSWORD = secret("postgres-password"),
    ),
    app_env(
        DATABASE_URL = "postgres://{env:POSTGRES_USER}:{secret:postgres-password}@{host}:{port}/{env:POSTGRES_DB}"
    ),
    volume("/var/lib/postgresql/data", name = "data", size = "10Gi"),
    volume("/var/run/postgresql", ephemeral),
    volume("/tmp", ephemeral),
    // Over TCP: while the image sets up a new database, its server listens on the socket only.
    health(
        command = ["pg_isready", "--host", "127.0.0.1", "--username", "shop", "--dbname", "shop"],
        interval = "5s",
        timeout = "3s",
        retries = 5,
        start_period = "30s",
    ),
    resources(cpu = "250m", memory = "256Mi", cpu_limit = "1", memory_limit = "512Mi"),
    user = "999:999",
    fs_group = 999,
    // A clean end writes out all that is in memory.
    grace = "1m",
)]
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
