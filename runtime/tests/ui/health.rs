//! Checks that are none.

use orch_runtime as orch;

#[orch::service(kind = "cache", image = "redis:7", health())]
struct Empty;

#[orch::service(kind = "cache", image = "redis:7", health(http = "healthz", tcp = 6379))]
struct Two;

#[orch::service(kind = "cache", image = "redis:7", port(80, name = "web"), health(http = "/", port = "wbe"))]
struct NoSuchPort;

#[orch::service(kind = "cache", image = "redis:7", health(tcp = 6379, interval = "0s"))]
struct Interval;

fn main() {
    let _ = (Empty, Two, NoSuchPort, Interval);
}
