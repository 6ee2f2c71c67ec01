//! Several mistakes in one attribute: each is reported once, in the order of the source.

use orch_runtime as orch;

#[orch::service(
    kind = "databse",
    image = "Postgres:16",
    port = 70000,
    prot = 5432,
    env(A = 1, A = "x"),
    volume("data", size = "10 Gi"),
    health(http = "healthz", interval = "5"),
    deployment = externl,
)]
#[derive(Clone, Copy)]
pub struct Postgres;

#[orch::service(kind = "cache" image = "redis:7")]
#[orch::client(off = "shopping")]
pub fn half_typed() -> Postgres {
    Postgres
}

fn main() {
    let _ = half_typed().clone();
}
