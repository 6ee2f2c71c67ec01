//! Items that macros make. An attribute that a macro writes is where the macro writes it.

macro_rules! by_name {
    ($vis:vis $name:ident, $image:literal, $key:literal, $port:expr) => {
        /// Made from parts.
        #[orch::service(kind = "other", image = $image, env($key = $image), port = $port)] //= ByName @ placements::made //= Restricted @ placements::made
        $vis struct $name;
    };
}

by_name!(pub ByName, "a:1", "discovery.type", 80);
by_name!(pub(crate) Restricted, "a:1", "A", 81);

macro_rules! whole_item {
    ($item:item) => {
        #[orch::service(kind = "other", image = "a:1")] //= WholeItem @ placements::made //= whole_function @ placements::made
        $item
    };
}

whole_item! {
    /// The item as a whole.
    pub struct WholeItem;
}

whole_item! {
    #[orch::client(of = "shopping")] //= whole_function @ placements::made
    /// A function as a whole.
    #[must_use]
    pub fn whole_function() -> u8 {
        1
    }
}

macro_rules! attribute_from_outside {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])* //= FromOutside @ placements::made
        pub struct $name;
    };
}

attribute_from_outside! {
    /// With an attribute.
    #[orch::service(kind = "other", image = "a:1")]
    FromOutside
}

/// Uses what is not public.
pub fn used() {
    let _ = Restricted;
}
