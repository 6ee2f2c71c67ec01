//! The images of a workspace's own applications.
//!
//! | module | does |
//! |---|---|
//! | [`context`] | the files that an engine is given for a Dockerfile |
//! | [`name`] | under which name an image is kept |

pub mod context;
pub mod name;

pub use context::{Context, ContextError};
pub use name::Naming;
