//! Brings the database to what the other apps expect, and ends.

use anyhow::Result;
use shop_lifecycle::{arrival, log};

#[orch::app(
    id = "migrate",
    kind = "job",
    resources(
        cpu = "50m",
        memory = "32Mi",
        cpu_limit = "500m",
        memory_limit = "64Mi"
    )
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    arrival(&["postgres"]).await?;
    let database = shop_postgres::connect().await?;
    shop_orders::migrate(&database).await?;
    log!("the tables are there");
    Ok(())
}
