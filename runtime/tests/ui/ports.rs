//! Ports that are none, or that are there twice.

use orch_runtime as orch;

#[orch::service(kind = "cache", image = "redis:7", port = 0)]
struct Zero;

#[orch::service(kind = "cache", image = "redis:7", ports = [6379, 70000])]
struct TooLarge;

#[orch::service(kind = "cache", image = "redis:7", port = "6379")]
struct Text;

#[orch::service(kind = "cache", image = "redis:7", port(6379), port(6379, name = "again"))]
struct Twice;

#[orch::service(kind = "cache", image = "redis:7", port(PORT))]
struct Constant;

const PORT: u16 = 6379;

fn main() {
    let _ = (Zero, TooLarge, Text, Twice, Constant, PORT);
}
