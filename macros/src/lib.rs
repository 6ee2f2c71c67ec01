//! The attributes of orch.
use proc_macro::TokenStream;

/// Declares a service.
#[proc_macro_attribute]
pub fn service(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
/// Declares an application.
#[proc_macro_attribute]
pub fn app(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
/// Declares the client of an application.
#[proc_macro_attribute]
pub fn client(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
/// Declares an authentication provider.
#[proc_macro_attribute]
pub fn auth_provider(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
