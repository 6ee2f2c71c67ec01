//! The attributes of orch. Users name them through `orch-runtime`.
//!
//! An attribute leaves its item as it is and adds one constant that nothing reads, through which
//! the declaration reaches the crate's dep-info file (see `orch_manifest::fragment`).
//!
//! | file | does |
//! |---|---|
//! | `expand` | one attribute, from tokens to tokens |
//! | `item` | the name of an item, and where in it a constant may stand |
//! | `location` | the file and the line of an attribute |

mod expand;
mod item;
mod location;
#[cfg(test)]
mod tests;

use orch_attributes::Attribute;
use proc_macro::TokenStream;

#[doc = include_str!("docs/service.md")]
#[doc = include_str!("docs/workload.md")]
#[proc_macro_attribute]
pub fn service(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::Service, args, item)
}

#[doc = include_str!("docs/app.md")]
#[doc = include_str!("docs/workload.md")]
#[proc_macro_attribute]
pub fn app(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::App, args, item)
}

#[doc = include_str!("docs/client.md")]
#[proc_macro_attribute]
pub fn client(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::Client, args, item)
}

#[doc = include_str!("docs/auth_provider.md")]
#[proc_macro_attribute]
pub fn auth_provider(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::AuthProvider, args, item)
}
