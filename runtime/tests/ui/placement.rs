//! Places where nothing can be declared.

use orch_runtime as orch;

trait Trait {
    #[orch::service(kind = "cache", image = "redis:7")]
    fn without_body(&self);

    #[orch::service(kind = "cache", image = "redis:7")]
    const WITHOUT_VALUE: u8;

    #[orch::service(kind = "cache", image = "redis:7")]
    type Type;
}

#[orch::service(kind = "cache", image = "redis:7")]
struct Größe;

struct Field {
    #[orch::service(kind = "cache", image = "redis:7")]
    field: u8,
}

fn main() {
    let _ = Größe;
    let _ = |field| Field { field };
}
