//! Keys that there are not, or not here.

use orch_runtime as orch;

#[orch::service(kind = "database", imgae = "postgres:16")]
pub struct Misspelt;

#[orch::service(kind = "database", image = "postgres:16", zebra = "x")]
pub struct Unknown;

#[orch::service(kind = "database", image = "postgres:16", memory = "1Gi")]
pub struct Nested;

#[orch::service(kind = "database", kind = "cache", image = "postgres:16")]
pub struct Twice;

#[orch::service(image = "postgres:16")]
pub struct NoKind;

#[orch::service]
pub struct Nothing;

fn main() {
    // The items are there, so that one mistake is one error.
    let _ = (Misspelt, Unknown, Nested, Twice, NoKind, Nothing);
}
