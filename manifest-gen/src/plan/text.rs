//! Text in which secrets and variables of the deployer have their places.

use orch_manifest::value::SecretKey;
use orch_manifest::{EnvName, Id, PortName, SecretName};

/// Text with places for what only the deployer knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// The pieces, in order; no two literals beside each other.
    pub pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// Itself, to the letter.
    Literal(String),
    /// The value of a secret.
    Secret {
        /// Its name.
        name: SecretName,
        /// The key in it.
        key: Option<SecretKey>,
        /// Whether it stands in a URL, where it has to be percent-encoded.
        in_url: bool,
    },
    /// A variable of the deployer's environment.
    Variable {
        /// Its name.
        name: EnvName,
        /// What is used when it is not set.
        default: Option<String>,
    },
    /// The port under which a port of a workload is published on the host.
    HostPort {
        /// The workload.
        id: Id,
        /// The port.
        port: PortName,
    },
}

impl Text {
    /// A literal.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::piece(Piece::Literal(text.into()))
    }

    /// One piece.
    pub fn piece(piece: Piece) -> Self {
        match piece {
            Piece::Literal(text) if text.is_empty() => Self::default(),
            // Most texts are one piece, and there are very many.
            piece => Self { pieces: vec![piece] },
        }
    }

    /// Adds a piece.
    pub fn push(&mut self, piece: Piece) {
        match (self.pieces.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(last)), Piece::Literal(text)) => last.push_str(&text),
            (_, piece) => self.pieces.push(piece),
        }
    }

    /// Adds all pieces of another text.
    pub fn append(&mut self, other: &Self) {
        other.pieces.iter().cloned().for_each(|piece| self.push(piece));
    }

    /// The text, when nothing in it is left to the deployer.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether a secret is in it, which makes it a secret.
    pub fn is_secret(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Secret { .. }))
    }

    /// Says of the secrets in it whether they stand in a URL, which they do when something with a
    /// scheme comes before them.
    pub(super) fn mark_urls(&mut self) {
        let mut url = false;
        for piece in &mut self.pieces {
            match piece {
                Piece::Literal(text) => url |= text.contains("://"),
                Piece::Secret { in_url, .. } => *in_url = url,
                Piece::Variable { .. } | Piece::HostPort { .. } => {}
            }
        }
    }

    /// The text for people: what is secret is named, never shown.
    pub fn display(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Secret { name, .. } => format!("<secret {name}>"),
            Piece::Variable { name, .. } => format!("<variable {name}>"),
            Piece::HostPort { id, port } => format!("<host port {port} of {id}>"),
        });
        pieces.collect()
    }
}
