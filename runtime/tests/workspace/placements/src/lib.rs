//! Every kind of item, in a crate that allows nothing.
#![no_std]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, unreachable_pub)]

pub mod made;

use orch::service as svc;

/// A struct.
#[orch::service(kind = "other", image = "a:1")] //= Struct @ placements
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Struct;

/// A generic struct with a where clause.
#[svc(kind = "other", image = "a:1")] //= Generic @ placements
pub struct Generic<'a, T: 'a, const N: usize>(
    /// With a field.
    pub &'a [T; N],
)
where
    T: Copy;

#[svc(
    kind = "other",
    // A comment, and a line of its own for each key.
    image = "a:1",
)] //= -4 Enum @ placements
/// An enum.
pub enum Enum {
    /// With a variant.
    A,
}

/// A type alias.
#[svc(kind = "other", image = "a:1")] //= Alias @ placements
pub type Alias = Option<Struct>;

/// A constant whose type has an equals sign.
#[svc(kind = "other", image = "a:1")] //= CONSTANT @ placements
pub const CONSTANT: fn() -> Option<u8> = || None;

/// A static.
#[svc(kind = "other", image = "a:1", id = "a-static")] //= STATIC @ placements
pub static STATIC: [u8; 2] = [1, 2];

/// A function.
#[svc(kind = "other", image = "a:1")] //= function @ placements
#[must_use]
pub fn function() -> u8 {
    7
}

/// An async function.
#[svc(kind = "other", image = "a:1")] //= async_function @ placements
pub async fn async_function() {}

/// A const function.
#[svc(kind = "other", image = "a:1")] //= const_function @ placements
#[must_use]
pub const fn const_function<const N: usize>() -> usize {
    N
}

/// A generic function with a where clause.
#[svc(kind = "other", image = "a:1")] //= generic @ placements
pub fn generic<T, F>(f: F) -> T
where
    F: Fn() -> T,
{
    f()
}

#[svc(kind = "other", image = "a:1")] //= restricted @ placements
pub(crate) fn restricted() -> impl Iterator<Item = u8> {
    #![allow(clippy::iter_on_empty_collections, reason = "an inner attribute comes first")]
    [].into_iter()
}

/// A module with a body.
#[svc(kind = "other", image = "a:1")] //= module @ placements
pub mod module {
    #[orch::service(kind = "other", image = "a:1")] //= Inside @ placements::module
    pub(in crate::module) struct Inside;

    /// Uses it.
    pub fn used() {
        let _ = Inside;
    }
}

/// A trait.
#[svc(kind = "other", image = "a:1")] //= Trait @ placements
pub trait Trait {
    /// An associated constant.
    #[svc(kind = "other", image = "a:1")] //= DEFAULT @ placements
    const DEFAULT: u8 = 1;

    /// A method that implementors write.
    fn required(&self);

    /// A method with a default.
    #[svc(kind = "other", image = "a:1")] //= provided @ placements
    fn provided(&self) -> u8 {
        Self::DEFAULT
    }
}

#[svc(kind = "other", image = "a:1", id = "inherent")] //= Struct @ placements
impl Struct {
    /// An associated constant.
    #[svc(kind = "other", image = "a:1")] //= ASSOCIATED @ placements
    pub const ASSOCIATED: &'static str = "x";

    /// A function without a receiver.
    #[svc(kind = "other", image = "a:1", id = "constructor")] //= new @ placements
    pub const fn new() -> Self {
        Self
    }

    /// A method.
    #[svc(kind = "other", image = "a:1")] //= method @ placements
    #[must_use]
    pub fn method(&self, number: u8) -> u8 {
        number
    }
}

#[svc(kind = "other", image = "a:1", id = "implemented")] //= Struct @ placements
impl Trait for Struct {
    #[svc(kind = "other", image = "a:1")] //= required @ placements
    fn required(&self) {
        let _ = (restricted(), self);
    }
}

/// Several attributes on one item.
#[svc(kind = "database", image = "a:1", id = "first")] //= Several @ placements
#[orch::client(of = "shopping")] //= Several @ placements
#[svc(kind = "cache", image = "b:1", id = "second")] //= Several @ placements
#[orch::auth_provider(protocol = "oidc")] //= Several @ placements
pub struct Several;

/// A name that is a keyword.
#[svc(kind = "other", image = "a:1")] //= type @ placements
pub fn r#type() {}

/// In a function.
pub fn with_items() {
    #[svc(kind = "other", image = "a:1")] //= Local @ placements
    struct Local;
    let _ = Local;
}
