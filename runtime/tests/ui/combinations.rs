//! Keys that do not go together.

use orch_runtime as orch;

#[orch::service(kind = "database", image = "postgres:16", url = secret("u"))]
struct UrlOfAContainer;

#[orch::service(kind = "database", deployment = "external", image = "postgres:16")]
struct ImageOfAnExternal;

#[orch::service(kind = "database", image = "postgres:16", volume("/data"), scale(max = 3))]
struct ScaledData;

#[orch::service(kind = "database", image = "postgres:16", volume("/data", ephemeral, storage_class = "fast"))]
struct EphemeralClass;

fn main() {
    let _ = (UrlOfAContainer, ImageOfAnExternal, ScaledData, EphemeralClass);
}
