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

use expand::Attribute;
use proc_macro::TokenStream;

/// Declares a service that the applications depending on this crate use.
///
/// ```ignore
/// #[orch::service(kind = "database", image = "postgres:16", port(5432, name = "sql"))]
/// pub struct Postgres;
/// ```
#[proc_macro_attribute]
pub fn service(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::Service, args, item)
}

/// Declares that a binary of this package is an application of the system.
///
/// ```ignore
/// #[orch::app(port = 8080, health(http = "/health"))]
/// fn main() {}
/// ```
#[proc_macro_attribute]
pub fn app(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::App, args, item)
}

/// Declares that the applications depending on this crate call an application.
///
/// ```ignore
/// #[orch::client(of = "shopping", app_env(SHOPPING_URL = "{url}"))]
/// pub struct ShoppingClient;
/// ```
#[proc_macro_attribute]
pub fn client(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::Client, args, item)
}

/// Declares a provider of authentication.
///
/// ```ignore
/// #[orch::auth_provider(name = "Keycloak", protocol = "oidc")]
/// pub struct Keycloak;
/// ```
#[proc_macro_attribute]
pub fn auth_provider(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Attribute::AuthProvider, args, item)
}
