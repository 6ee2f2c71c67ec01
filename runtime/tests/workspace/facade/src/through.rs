//! Uses the attributes through the facade.

use facade::orch::service as svc;

#[facade::service(kind = "other", image = "a:1")] //= ReExported @ through
struct ReExported;

#[facade::orch::service(kind = "other", image = "a:1")] //= WholeCrate @ through
struct WholeCrate;

#[facade::declares(kind = "other", image = "a:1")] //= Renamed @ through
struct Renamed;

#[svc(kind = "other", image = "a:1")] //= Imported @ through
struct Imported;

#[facade::app] //= main @ through
fn main() {
    let _ = (ReExported, WholeCrate, Renamed, Imported);
}
