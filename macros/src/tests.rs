//! The expansion as text, of whole items and of half-typed ones.

use orch_manifest::grammar::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS};
use proc_macro2::{Group, TokenStream, TokenTree};

use crate::item::Item;

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("tokens")
}

/// The item with the constant `C ;` in it.
fn expanded(item: &str) -> String {
    Item::new(tokens(item)).with(tokens("C ;")).to_string()
}

#[test]
fn a_constant_stands_where_it_changes_nothing() {
    let table = [
        ("struct S;", "struct S; C;"),
        (
            "pub(crate) struct S<T: Fn() -> u8>(T) where T: Copy;",
            "pub(crate) struct S<T: Fn() -> u8>(T) where T: Copy; C;",
        ),
        ("union U { a: u8 }", "union U { a: u8 } C;"),
        ("type T<A = u8> = Vec<A>;", "type T<A = u8> = Vec<A>; C;"),
        ("static mut S: u8 = 1;", "static mut S: u8 = 1; C;"),
        ("trait T { fn f(); }", "trait T { fn f(); } C;"),
        ("impl<T> A<T> for B<T> {}", "impl<T> A<T> for B<T> {} C;"),
        ("mod m { fn f() {} }", "mod m { fn f() {} } C;"),
        // A method has nothing beside it, and cannot be told from a free function.
        ("fn f() { 1 }", "fn f() { C; 1 }"),
        ("fn f() { #![allow(x)] #![y] 1 }", "fn f() { #![allow(x)] #![y] C; 1 }"),
        (
            "const unsafe extern \"C\" fn f<const N: usize>() -> [u8; { 1 }] where [(); { N }]: { N }",
            "const unsafe extern \"C\" fn f<const N: usize>() -> [u8; { 1 }] where [(); { N }]: { C; N }",
        ),
        ("async fn f(&self) {}", "async fn f(&self) { C; }"),
        // Nor has an associated constant.
        ("const A: u8 = 1 + 2;", "const A: u8 = { C; 1 + 2 };"),
        ("const A: Option<fn() -> T<B = u8>> = None;", "const A: Option<fn() -> T<B = u8>> = { C; None };"),
    ];
    for (item, expected) in table {
        assert_eq!(expanded(item), tokens(expected).to_string(), "{item}");
    }
}

#[test]
fn an_item_from_a_macro_is_looked_into() {
    let group = TokenTree::Group(Group::new(proc_macro2::Delimiter::None, tokens("pub fn f() { 1 }")));
    let item = Item::new(group.into());
    assert_eq!(item.name, "f");
    assert_eq!(item.with(tokens("C ;")).to_string(), tokens("pub fn f() { C ; 1 }").to_string());
}

#[test]
fn what_has_no_body_has_no_place() {
    for item in ["fn f(&self);", "const A: u8;", "type T;", "type T: Iterator<Item = u8>;"] {
        assert!(Item::new(tokens(item)).place.problem().is_some(), "{item}");
    }
    for item in ["fn f(&self) {}", "const A: u8 = 1;", "type T = u8;", "struct S;"] {
        assert!(Item::new(tokens(item)).place.problem().is_none(), "{item}");
    }
}

#[test]
fn a_half_typed_item_comes_back_as_it_was() {
    let items = [
        "#[derive(Debug)] pub(crate) struct S<'a, T: Fn() -> u8 = u8>(&'a T) where T: Copy;",
        "pub const unsafe extern \"C\" fn f<const N: usize>(&self, a: u8) -> [u8; 2] where Self: Sized { #![x] 1 }",
        "pub const A: Option<fn() -> T<B = u8>> = { 1 };",
        "unsafe impl<T> super::A<T> for dyn B<T> + 'static where T: C { type D = u8; }",
        "pub static mut S: u8 = 1;",
        "macro_rules! m { () => {} }",
        "use a::{b, c as d};",
        "extern crate alloc;",
        "pub type r#type<T = u8> = Vec<T>;",
        "union",
        "# ! = < > ; , -> 'a \"x\" 1",
    ];
    for item in items {
        let trees: Vec<TokenTree> = tokens(item).into_iter().collect();
        for end in 0..=trees.len() {
            let prefix = || trees[..end].iter().cloned().collect::<TokenStream>();
            assert_eq!(Item::new(prefix()).unchanged().to_string(), prefix().to_string());
            let expanded = Item::new(prefix()).with(tokens("C ;"));
            assert!(expanded.to_string().contains("C ;"), "{}", prefix());
        }
    }
}

#[test]
fn the_reference_has_every_key() {
    let reference =
        [include_str!("docs/service.md"), include_str!("docs/app.md"), include_str!("docs/workload.md")].concat();
    for key in [SERVICE_KEYS, APP_KEYS, WORKLOAD_KEYS].concat() {
        assert!(
            reference.contains(&format!("`{key}`")) || reference.contains(&format!("`{key}(")),
            "`{key}` has no row"
        );
    }
}
