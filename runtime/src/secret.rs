//! A value that nobody sees by accident.

use std::fmt;

/// A text that must not be seen. It has no `Display`, and its `Debug` does not have the text in it:
/// who wants it asks with [`expose`](Secret::expose).
///
/// ```
/// # extern crate orch_runtime as orch;
/// let secret = orch::Secret::from("s3cret".to_owned());
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose(), "s3cret");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
