//! The attribute grammar: tokens to model, mistakes to messages.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]
#![allow(clippy::items_after_statements, reason = "a long text stands beside the table that has it")]

mod forms;
mod half_typed;
mod mistakes;

pub(crate) use orch_attributes::Attribute;
use orch_manifest::fragment::Declaration;
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
