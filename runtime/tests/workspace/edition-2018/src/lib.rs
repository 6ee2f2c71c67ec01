//! An old edition, in which `async` is a keyword and `gen` is none.

pub mod inner;

#[orch::service(kind = "other", image = "a:1")] //= Struct @ edition_2018
pub struct Struct;

#[orch::service(kind = "other", image = "a:1", id = "f")] //= function @ edition_2018
pub async fn function() {}

#[orch::service(kind = "other", image = "a:1", id = "g")] //= gen @ edition_2018
pub fn gen() {}

pub trait Trait {
    #[orch::service(kind = "other", image = "a:1")] //= method @ edition_2018
    fn method(&self, _: u8) {}
}
