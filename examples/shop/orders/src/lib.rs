//! Orders, and how they are kept.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use shop_postgres::{Pool, Row};

/// What a customer asks for.
#[derive(Debug, Deserialize)]
pub struct NewOrder {
    pub item: String,
    pub quantity: i32,
}

/// An order that the shop has taken.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub id: i64,
    pub item: String,
    pub quantity: i32,
    pub processed: bool,
}

/// Orders of one item, added up.
#[derive(Debug)]
pub struct Total {
    pub item: String,
    pub orders: i64,
    pub quantity: i64,
}

const COLUMNS: &str = "id, item, quantity, processed_at IS NOT NULL";

impl NewOrder {
    /// Why the shop cannot take it, if so.
    #[must_use]
    pub fn objection(&self) -> Option<&'static str> {
        if self.item.trim().is_empty() || self.item.chars().count() > 100 {
            return Some("`item` has 1 to 100 characters");
        }
        if !(1..=1000).contains(&self.quantity) {
            return Some("`quantity` is 1 to 1000");
        }
        None
    }
}

impl From<Row> for Order {
    fn from(row: Row) -> Self {
        Self {
            id: row.get(0),
            item: row.get(1),
            quantity: row.get(2),
            processed: row.get(3),
        }
    }
}

/// Creates what is missing. Two that run at once wait for each other.
pub async fn migrate(pool: &Pool) -> Result<()> {
    let statements = include_str!("schema.sql");
    Ok(pool.get().await?.batch_execute(statements).await?)
}

/// Takes an order.
pub async fn create(pool: &Pool, new: &NewOrder) -> Result<Order> {
    let sql = format!("INSERT INTO orders (item, quantity) VALUES ($1, $2) RETURNING {COLUMNS}");
    Ok(pool
        .get()
        .await?
        .query_one(&sql, &[&new.item, &new.quantity])
        .await?
        .into())
}

/// The latest orders, newest first.
pub async fn latest(pool: &Pool, limit: i64) -> Result<Vec<Order>> {
    let sql = format!("SELECT {COLUMNS} FROM orders ORDER BY id DESC LIMIT $1");
    let rows = pool.get().await?.query(&sql, &[&limit]).await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// Marks an order as processed; `None` when it already was, or is not there.
pub async fn process(pool: &Pool, id: i64) -> Result<Option<Order>> {
    let sql = format!(
        "UPDATE orders SET processed_at = now() WHERE id = $1 AND processed_at IS NULL RETURNING {COLUMNS}"
    );
    Ok(pool
        .get()
        .await?
        .query_opt(&sql, &[&id])
        .await?
        .map(Order::from))
}

/// Orders that have waited for a while, oldest first: nobody was told of them.
pub async fn forgotten(pool: &Pool) -> Result<Vec<i64>> {
    let sql = "SELECT id FROM orders WHERE processed_at IS NULL \
               AND created_at < now() - interval '30 seconds' ORDER BY id LIMIT 100";
    let rows = pool.get().await?.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What was ordered, item by item.
pub async fn totals(pool: &Pool) -> Result<Vec<Total>> {
    let sql = "SELECT item, count(*), sum(quantity) FROM orders GROUP BY item ORDER BY item";
    let rows = pool.get().await?.query(sql, &[]).await?;
    let total = |row: &Row| Total {
        item: row.get(0),
        orders: row.get(1),
        quantity: row.get(2),
    };
    Ok(rows.iter().map(total).collect())
}

#[cfg(test)]
mod tests {
    use super::NewOrder;

    #[test]
    fn an_order_has_an_item_and_a_sensible_quantity() {
        let objection = |item: &str, quantity| {
            NewOrder {
                item: item.into(),
                quantity,
            }
            .objection()
        };
        assert_eq!(objection("tea", 1), None);
        assert_eq!(objection("tea", 1000), None);
        assert!(objection("  ", 1).is_some());
        assert!(objection("tea", 0).is_some());
        assert!(objection("tea", 1001).is_some());
    }
}
