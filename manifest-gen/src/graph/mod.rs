//! A plan as a picture: who is there, who uses whom, what is public.
//!
//! | module | does |
//! |---|---|
//! | `model` | a plan to nodes, edges and areas, which is all that a picture shows |
//! | `layout` | places for nodes, and routes for edges |
//! | `svg` | the picture, for a page with a light or a dark background |
//! | `html` | the picture with a search and the details of each node, in one file |
//! | `mermaid`, `dot` | the same for tools that have a layout of their own |
//! | `markup` | text that says nothing to a reader of XML or HTML |

mod dot;
mod html;
mod layout;
mod markup;
mod mermaid;
mod model;
mod svg;

pub use dot::dot;
pub use html::html;
pub use mermaid::mermaid;
pub use model::{Area, Edge, Graph, Node, NodeRole, Port, Variable, Wait};
pub use svg::svg;
