//! The attribute grammar: tokens to model, mistakes to messages.

mod forms;
mod half_typed;
mod mistakes;

use orch_manifest::fragment::Declaration;
pub(crate) use orch_manifest::grammar::Attribute;
use orch_manifest::grammar::Problem;
use proc_macro2::{Span, TokenStream};

/// Reads the tokens between the parentheses of an attribute on an item called `Item`.
pub(crate) fn read(attribute: Attribute, tokens: TokenStream) -> (Option<Declaration>, Vec<Problem<Span>>) {
    let mut problems = Vec::new();
    let declaration = attribute.read(tokens, "Item", Span::call_site(), &mut problems);
    // By place, as the macro reports them; what concerns the whole attribute is at 0..0.
    problems.sort_by_key(|problem| problem.span.byte_range().start);
    (declaration, problems)
}
