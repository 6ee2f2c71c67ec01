//! What `up` decides on this machine, and what it remembers of it in `.orch/`.
//!
//! | module | does |
//! |---|---|
//! | [`folder`] | what is where in `.orch/` |
//! | [`state`] | what `up` remembers; only `up` writes it |
//! | [`project`] | the name under which an engine knows this checkout's system |
//! | [`overlay`] | what only this machine knows, as a file for Compose |
//! | [`ports`] | the ports of the host |
//! | [`listeners`] | whether somebody listens on a port |
//! | [`secrets`] | the secrets of a developer's machine |
//! | [`environment`] | what Compose is given beside its files |
//! | [`host`] | what a process on the host is given |
//! | [`mask`] | hides the values of secrets in what others print |
//! | [`readiness`] | whether what is planned is there |
//! | [`excerpt`] | a plan without a part of it |

pub mod environment;
pub mod excerpt;
pub mod folder;
pub mod host;
pub mod listeners;
pub mod mask;
pub mod overlay;
pub mod ports;
pub mod project;
pub mod readiness;
pub mod secrets;
pub mod state;

pub use folder::Folder;
pub use state::{State, StateError};
