use orch_manifest::fragment::Declaration;
use orch_manifest::grammar::{Problem, Reader, app, auth_provider, client, service};
use proc_macro2::{Span, TokenStream};

use crate::tokens;

/// Which attribute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `#[service]`
    Service,
    /// `#[app]`
    App,
    /// `#[client]`
    Client,
    /// `#[auth_provider]`
    AuthProvider,
}

impl Attribute {
    /// Every attribute with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("service", Self::Service),
        ("app", Self::App),
        ("client", Self::Client),
        ("auth_provider", Self::AuthProvider),
    ];

    /// The attribute of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, attribute)| attribute)
    }

    /// Reads the attribute with these arguments on an item of this name; `span` is the whole
    /// attribute's. With problems, what it declares may be wrong.
    pub fn read(
        self,
        args: TokenStream,
        item: &str,
        span: Span,
        problems: &mut Vec<Problem<Span>>,
    ) -> Option<Declaration> {
        let tokens = tokens::parse(args, span, problems);
        let mut found = Vec::new();
        let (args, reader) = (&tokens.args, &mut Reader::new(&mut found));
        let declaration = match self {
            Self::Service => service(args, item, reader).map(Declaration::Service),
            Self::App => Some(Declaration::App(app(args, reader))),
            Self::Client => client(args, reader).map(Declaration::Client),
            Self::AuthProvider => auth_provider(args, item, reader).map(Declaration::AuthProvider),
        };
        problems.extend(found.into_iter().map(|problem| tokens.locate(problem)));
        declaration
    }
}
