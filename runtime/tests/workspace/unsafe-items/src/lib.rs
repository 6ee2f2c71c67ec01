//! Items that say `unsafe`, and items of the C language.
#![deny(warnings)]

#[orch::service(kind = "other", image = "a:1")] //= dangerous @ unsafe_items
/// Does something dangerous.
///
/// # Safety
///
/// It is not.
pub unsafe fn dangerous() {}

#[orch::service(kind = "other", image = "a:1")] //= exported @ unsafe_items
pub extern "C" fn exported() {}

#[orch::service(kind = "other", image = "a:1")] //= both @ unsafe_items
#[must_use]
pub const unsafe extern "C" fn both() -> u8 {
    7
}

/// A trait.
///
/// # Safety
///
/// None.
#[orch::service(kind = "other", image = "a:1")] //= Marker @ unsafe_items
pub unsafe trait Marker {}

/// A struct.
pub struct Marked;

#[orch::service(kind = "other", image = "a:1", id = "marked-impl")] //= Marked @ unsafe_items
unsafe impl Marker for Marked {}

#[orch::service(kind = "other", image = "a:1")] //= Bits @ unsafe_items
#[derive(Clone, Copy)]
pub union Bits {
    /// As a number.
    pub number: u32,
    /// As bytes.
    pub bytes: [u8; 4],
}

/// It is still the number it was.
pub const SEVEN: u8 = unsafe { both() };
