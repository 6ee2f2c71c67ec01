//! The dependency has another name.

#[infra::service(kind = "other", image = "a:1")] //= Path @ renamed
pub struct Path;

use infra::service as svc;

#[svc(kind = "other", image = "a:1")] //= Imported @ renamed
pub struct Imported;
