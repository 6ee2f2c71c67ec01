//! An attribute that makes `async fn main` a main function, as those of runtimes do.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// `async fn main() { … }` becomes `fn main() { let body = async { … }; … }`.
#[proc_macro_attribute]
pub fn main(_: TokenStream, item: TokenStream) -> TokenStream {
    let mut seen_async = false;
    item.into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Ident(word) if word.to_string() == "async" && !seen_async => {
                seen_async = true;
                TokenStream::new()
            }
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                let mut statements: TokenStream = "let body = async move".parse().expect("tokens");
                statements.extend([TokenTree::Group(body)]);
                statements.extend("; drop(body);".parse::<TokenStream>().expect("tokens"));
                TokenTree::Group(Group::new(Delimiter::Brace, statements)).into()
            }
            tree => tree.into(),
        })
        .collect()
}
