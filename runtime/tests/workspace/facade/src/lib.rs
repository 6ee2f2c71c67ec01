//! A crate through which others have the attributes.

pub use orch;
pub use orch::{app, service};
pub use orch::service as declares;
