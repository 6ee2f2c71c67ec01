//! The edition before the last.

/// With a comment above.
#[orch::service(kind = "other", image = "a:1")] //= Enum @ edition_2021
#[derive(Clone, Copy, Debug)]
/// And one below.
pub enum Enum {
    A,
}

pub fn outer() {
    #[orch::service(kind = "other", image = "a:1")] //= Inner @ edition_2021
    struct Inner;
    let _ = Inner;
}
