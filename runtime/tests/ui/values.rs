//! Values that are none.

use orch_runtime as orch;

#[orch::service(kind = "cache", image = "redis:7", env(A = 1, B = secrt("x"), discovery.type = "x"))]
struct Environment;

#[orch::service(kind = "cache", image = "redis:7", app_env(URL = "redis://{hots}:{port}"))]
struct Token;

#[orch::service(kind = "cache", image = "redis:7", grace = "10", user = "redis", resources(memory = "1GB"))]
struct Amounts;

#[orch::service(kind = "databse", image = "postgres:16")]
struct Kind;

fn main() {
    let _ = (Environment, Token, Amounts, Kind);
}
