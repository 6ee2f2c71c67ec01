//! Images that are none.

use orch_runtime as orch;

#[orch::service(kind = "cache", image = "Redis:7")]
struct UpperCase;

#[orch::service(kind = "cache", image = "https://ghcr.io/acme/redis")]
struct Url;

#[orch::service(kind = "cache", image = "redis:")]
struct NoTag;

#[orch::service(kind = "cache", image = concat!("redis", ":7"))]
struct Computed;

#[orch::service(kind = "cache")]
struct NoImage;

fn main() {
    let _ = (UpperCase, Url, NoTag, Computed, NoImage);
}
