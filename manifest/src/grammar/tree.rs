/// A place in the source as whoever made the tree counts: the offset of a byte in a file, the number of a
/// token in a list of tokens.
pub type Mark = usize;

/// What stands in the parentheses of an attribute or of a key: `"/data", ephemeral, size = "1Gi"`.
#[derive(Clone, Debug)]
pub struct Args {
    /// Where the parentheses are.
    pub span: Mark,
    /// Values without a key.
    pub positional: Vec<Node>,
    /// Keys with what is assigned to them.
    pub entries: Vec<Entry>,
}

/// A key with what is assigned to it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub span: Mark,
    /// What is assigned.
    pub value: Assigned,
}

/// What is assigned to a key.
#[derive(Clone, Debug)]
pub enum Assigned {
    /// Nothing: `public`.
    Flag,
    /// A value: `image = "postgres:16"`.
    Value(Node),
    /// Arguments: `port(5432, name = "sql")`.
    Args(Args),
}

/// A value with its location.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is.
    pub span: Mark,
    /// What it is.
    pub form: Form,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Form {
    /// `"text"`
    Text(String),
    /// `42`
    Number(u64),
    /// `true`
    Bool(bool),
    /// `["a", "b"]`
    List(Vec<Node>),
    /// `secret("name", key = "k")`
    Call(String, Args),
    /// Something that could not be read and has been reported.
    Unreadable,
}

impl Form {
    /// What it is called in a message, with its article.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::Bool(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Call(..) => "a call",
            Self::Unreadable => "something unreadable",
        }
    }
}
