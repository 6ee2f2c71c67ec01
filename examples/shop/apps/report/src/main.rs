//! Prints what was ordered, every night.

use anyhow::Result;
use shop_lifecycle::arrival;

#[orch::app(
    id = "report",
    kind = "cron",
    schedule = "0 3 * * *",
    after = ["migrate"],
    resources(cpu = "50m", memory = "32Mi", cpu_limit = "500m", memory_limit = "64Mi")
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    arrival(&["postgres"]).await?;
    let database = shop_postgres::connect().await?;
    for total in shop_orders::totals(&database).await? {
        println!(
            "{}: {} in {} orders",
            total.item, total.quantity, total.orders
        );
    }
    Ok(())
}
