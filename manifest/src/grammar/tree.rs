/// What stands in the parentheses of an attribute or of a key: `"/data", ephemeral, size = "1Gi"`.
#[derive(Clone, Debug)]
pub struct Args<S> {
    /// Where the parentheses are.
    pub span: S,
    /// Values without a key.
    pub positional: Vec<Node<S>>,
    /// Keys with what is assigned to them.
    pub entries: Vec<Entry<S>>,
}

/// A key with what is assigned to it.
#[derive(Clone, Debug)]
pub struct Entry<S> {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub span: S,
    /// What is assigned.
    pub value: Assigned<S>,
}

/// What is assigned to a key.
#[derive(Clone, Debug)]
pub enum Assigned<S> {
    /// Nothing: `public`.
    Flag,
    /// A value: `image = "postgres:16"`.
    Value(Node<S>),
    /// Arguments: `port(5432, name = "sql")`.
    Args(Args<S>),
}

/// A value with its location.
#[derive(Clone, Debug)]
pub struct Node<S> {
    /// Where it is.
    pub span: S,
    /// What it is.
    pub form: Form<S>,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Form<S> {
    /// `"text"`
    Text(String),
    /// `42`
    Number(u64),
    /// `true`
    Bool(bool),
    /// `["a", "b"]`
    List(Vec<Node<S>>),
    /// `secret("name", key = "k")`
    Call(String, Args<S>),
    /// Something that could not be read and has been reported.
    Unreadable,
}

impl<S> Form<S> {
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
