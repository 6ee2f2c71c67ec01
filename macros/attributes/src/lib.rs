//! Reads the attributes of orch, and the items beneath them, from Rust tokens.
//!
//! A macro and whoever reads sources without compiling them have to agree on what an attribute says
//! and on what its item is called, so there is one reader of both. What the keys mean is the grammar
//! of [`orch_manifest`], which knows nothing of tokens: it compiles while `syn` does.
//!
//! | module | owns |
//! |---|---|
//! | [`tokens`] | the arguments of an attribute, as the tree that the grammar reads |
//! | [`item`] | an item's keyword and name, where it ends, where in it a constant may stand |

mod attribute;
pub mod item;
pub mod tokens;

pub use attribute::Attribute;
