//! One attribute, from tokens to tokens.

use std::panic::{AssertUnwindSafe, catch_unwind};

use orch_attributes::Attribute;
use orch_manifest::fragment::{Declaration, Fragment};
use orch_manifest::grammar::Problem;
use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;

use crate::item::Item;
use crate::location::Location;

/// Expands an attribute. The item comes back whatever happens: one mistake never becomes twenty.
pub(crate) fn attribute(
    attribute: Attribute,
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let original = item.clone();
    catch_unwind(AssertUnwindSafe(|| expand(attribute, args.into(), item.into()).into())).unwrap_or_else(|_| {
        let bug = error(
            Span::call_site(),
            "this is a bug in orch, not in your code; please report it with the attribute that caused it",
        );
        let mut tokens = original;
        tokens.extend(proc_macro::TokenStream::from(bug));
        tokens
    })
}

fn expand(attribute: Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    let span = Span::call_site();
    let mut problems = Vec::new();
    let item = Item::new(item);
    if let Some((message, help)) = item.place.problem() {
        problems.push(Problem::new(item.span, message).help(help));
    }
    match attribute.read(args, &item.name, span, &mut problems) {
        Some(declaration) if problems.is_empty() => {
            let constant = constant(&item, declaration);
            item.with(constant)
        }
        _ => {
            // In the order of the source; what concerns the whole attribute comes first.
            problems.sort_by_key(|problem| {
                let span = problem.span.unwrap();
                (span.line(), span.column())
            });
            let errors: TokenStream = problems.iter().map(compile_error).collect();
            let item = item.unchanged();
            quote!(#item #errors)
        }
    }
}

/// The constant that makes rustc write the declaration into the crate's dep-info file.
fn constant(item: &Item, declaration: Declaration) -> TokenStream {
    let Location { file, line, column } = Location::of(item.span);
    let fragment = Fragment { item: item.name.clone(), file, line, column, declaration, module: None };
    fragment
        .encode()
        .iter()
        .map(|name| {
            let name = Literal::string(name);
            quote! {
                const _: ::core::option::Option<&'static ::core::primitive::str> =
                    ::core::option_env!(::core::concat!(#name, ::core::module_path!()));
            }
        })
        .collect()
}

fn compile_error(problem: &Problem<Span>) -> TokenStream {
    match &problem.help {
        Some(help) => error(problem.span, &format!("{}\nhelp: {help}", problem.message)),
        None => error(problem.span, &problem.message),
    }
}

fn error(span: Span, message: &str) -> TokenStream {
    syn::Error::new(span, message).into_compile_error()
}
