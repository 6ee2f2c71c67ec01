//! What stands where a value is expected: text, a secret, a deployer's variable, a template.

use std::fmt;

use crate::json::ToJson;
use crate::{EnvName, FromText, Id, Invalid, PortName, SecretName};

/// A value of an environment variable, a command's argument and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(untagged, expecting = "expected text, or an object with `secret`, `var` or `template`")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Value {
    /// Itself, to the letter.
    Text(String),
    /// A reference to a secret, which never becomes a literal.
    Secret(SecretRef),
    /// A variable of the deployer's environment.
    Var(VarRef),
    /// Text with tokens.
    Template(TemplateValue),
}

impl ToJson for Value {
    fn write_json(&self, out: &mut String) {
        match self {
            Self::Text(text) => text.write_json(out),
            Self::Secret(secret) => secret.write_json(out),
            Self::Var(var) => var.write_json(out),
            Self::Template(template) => template.write_json(out),
        }
    }
}

impl Value {
    /// Whether it is or holds a secret.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::Template(value) => value.template.tokens().iter().any(|token| matches!(token, Token::Secret(_))),
            Self::Text(_) | Self::Var(_) => false,
        }
    }

    /// Whether a password stands in a URL as it is: `scheme://user:password@host` (RFC 3986, section 3.2.1).
    pub fn is_url_with_password(&self) -> bool {
        // A secret in it is a letter that no URL has.
        let text: String = match self {
            Self::Text(text) => text.clone(),
            Self::Var(var) => var.default.clone().unwrap_or_default(),
            Self::Template(value) => {
                let part = |part| match part {
                    Part::Text(text) => text,
                    Part::Token(_) => "\0".to_owned(),
                };
                value.template.parts().into_iter().map(part).collect()
            }
            Self::Secret(_) => return false,
        };
        let authority = text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
        let password = user.and_then(|user| user.split_once(':')).map_or("", |(_, password)| password);
        !password.is_empty() && !password.contains('\0')
    }
}

record! {
    /// A secret, by its name and the key in it.
    pub struct SecretRef {
        required {
            /// The secret's name.
            secret: SecretName,
        }
        optional {
            /// The key in the secret; `value` when it is absent.
            key: Option<SecretKey>,
        }
    }
}

record! {
    /// A variable of the deployer's environment.
    pub struct VarRef {
        required {
            /// The variable's name; one that a shell can name.
            var: EnvName,
        }
        optional {
            /// What is used when it is not set; without it the deployer must set it.
            default: Option<String>,
        }
    }
}

record! {
    /// A template in the place of a value.
    pub struct TemplateValue {
        required {
            /// The template.
            template: Template,
        }
        optional {}
    }
}

text_type! {
    /// A key in a secret or a configuration: letters, digits, `-`, `_` and `.`, at most 253.
    pub struct SecretKey : "a key"
        => r"^[A-Za-z0-9._-]{1,253}$"
}

impl SecretKey {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=253).contains(&text.len()) && text.chars().all(good) && text != "." && text != ".." {
            return Ok(());
        }
        // It may be the secret itself, written where its key belongs.
        Err(Invalid::new("this is not a key").help("at most 253 letters, digits, `-`, `_` and `.`"))
    }
}

text_type! {
    /// Text with tokens in braces: `http://{prometheus.host}:{prometheus.port}`; `{{` and `}}` are
    /// braces.
    pub struct Template : "a template"
}

prints_as_text!(SecretKey, Template);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, with the braces already single.
    Text(String),
    /// A token.
    Token(Token),
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Token {
    /// A fact about the service that declares the template.
    Own(Fact),
    /// A fact about a service or application that is used: `{postgres.host}`.
    Of(Id, Fact),
    /// The id of the application that is given the value.
    App,
    /// The system's name.
    System,
    /// The profile's name.
    Profile,
    /// The value of a variable in the declaring service's `env`.
    Env(EnvName),
    /// A secret.
    Secret(SecretName),
}

/// A fact about a service or an application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Its id.
    Id,
    /// The host under which it is reached.
    Host,
    /// The number of its first port, or of the named one.
    Port(Option<PortName>),
    /// The URL scheme of its first port.
    Scheme,
    /// Scheme, host and port of the first port, or of the named one.
    Url(Option<PortName>),
    /// The user that logs in.
    User,
    /// The password of the user.
    Password,
    /// The database.
    Database,
    /// The number under which the named port is published on the host.
    HostPort(PortName),
}

const FACTS: [&str; 9] = ["id", "host", "port", "scheme", "url", "user", "password", "database", "host_port"];
const TOKENS: [&str; 14] = [
    "id",
    "host",
    "port",
    "scheme",
    "url",
    "user",
    "password",
    "database",
    "host_port",
    "app",
    "system",
    "profile",
    "env",
    "secret",
];

impl Template {
    fn check(text: &str) -> Result<(), Invalid> {
        parts(text).map(|_| ())
    }

    /// The pieces, in order.
    pub fn parts(&self) -> Vec<Part> {
        parts(&self.0).unwrap_or_default()
    }

    /// The tokens, in order.
    pub fn tokens(&self) -> Vec<Token> {
        let token = |part| match part {
            Part::Token(token) => Some(token),
            Part::Text(_) => None,
        };
        self.parts().into_iter().filter_map(token).collect()
    }

    /// The same template with other ids in the tokens that name one: of `{old.host}` becomes
    /// `{new.host}` where `new_id` knows a new id for `old`.
    pub fn with_ids(&self, new_id: &dyn Fn(&Id) -> Option<Id>) -> Self {
        self.with_tokens(&|token| match token {
            Token::Of(id, fact) => Token::Of(new_id(&id).unwrap_or(id), fact),
            token => token,
        })
    }

    /// The same template with another token for each.
    pub fn with_tokens(&self, new_token: &dyn Fn(Token) -> Token) -> Self {
        let written = |part| match part {
            Part::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Part::Token(token) => new_token(token).to_string(),
        };
        Self(self.parts().into_iter().map(written).collect())
    }
}

/// What is wrong is said without the text: there may be a password in it.
fn parts(text: &str) -> Result<Vec<Part>, Invalid> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            literal.push_str(brace);
            rest = after;
        } else if brace == "}" {
            return Err(Invalid::new("a `}` without its `{`").help("a brace is written twice: `}}`"));
        } else {
            let end = rest
                .find('}')
                .ok_or_else(|| Invalid::new("a `{` without its `}`").help("a brace is written twice: `{{`"))?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Token(
                Token::parse(&rest[..end]).map_err(|invalid| about_a_secret(&rest[..end], invalid))?,
            ));
            rest = &rest[end + 1..];
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(parts)
}

/// What is wrong with a token that is most likely meant for a secret, without what is in it.
fn about_a_secret(token: &str, invalid: Invalid) -> Invalid {
    if !token.trim_start().starts_with("secret") {
        return invalid;
    }
    Invalid::new("a token for a secret has its name and nothing else").help("write `{secret:NAME}`")
}

impl Token {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some((id, fact)) = text.split_once('.') {
            // The names of variables and secrets are judged by their own types.
            if !text.starts_with("env:") && !text.starts_with("secret:") {
                return Ok(Self::Of(Id::parse(id)?, Fact::parse(fact, text, &FACTS)?));
            }
        }
        match text.split_once(':') {
            Some(("env", name)) => EnvName::parse(name).map(Self::Env),
            Some(("secret", name)) => SecretName::parse(name).map(Self::Secret),
            None if text == "app" => Ok(Self::App),
            None if text == "system" => Ok(Self::System),
            None if text == "profile" => Ok(Self::Profile),
            _ => Fact::parse(text, text, &TOKENS).map(Self::Own),
        }
    }
}

impl Fact {
    fn parse(text: &str, token: &str, words: &[&str]) -> Result<Self, Invalid> {
        let (word, port) = match text.split_once(':') {
            Some((word, port)) => (word, Some(port)),
            None => (text, None),
        };
        let name = port.map(PortName::from_text).transpose();
        match (word, port.is_some()) {
            ("id", false) => Ok(Self::Id),
            ("host", false) => Ok(Self::Host),
            ("port", _) => Ok(Self::Port(name?)),
            ("scheme", false) => Ok(Self::Scheme),
            ("url", _) => Ok(Self::Url(name?)),
            ("user", false) => Ok(Self::User),
            ("password", false) => Ok(Self::Password),
            ("database", false) => Ok(Self::Database),
            ("host_port", true) => name?.map(Self::HostPort).ok_or_else(|| Invalid::new("a port name is missing")),
            ("host_port", false) => {
                Err(Invalid::new(format!("`{{{token}}}` names no port")).help("write `{host_port:NAME}`"))
            }
            _ => Err(Invalid::new(format!("unknown token `{{{token}}}`")).help(crate::did_you_mean(word, words))),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(fact) => write!(f, "{{{fact}}}"),
            Self::Of(id, fact) => write!(f, "{{{id}.{fact}}}"),
            Self::App => f.write_str("{app}"),
            Self::System => f.write_str("{system}"),
            Self::Profile => f.write_str("{profile}"),
            Self::Env(name) => write!(f, "{{env:{name}}}"),
            Self::Secret(name) => write!(f, "{{secret:{name}}}"),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("id"),
            Self::Host => f.write_str("host"),
            Self::Port(None) => f.write_str("port"),
            Self::Port(Some(name)) => write!(f, "port:{name}"),
            Self::Scheme => f.write_str("scheme"),
            Self::Url(None) => f.write_str("url"),
            Self::Url(Some(name)) => write!(f, "url:{name}"),
            Self::User => f.write_str("user"),
            Self::Password => f.write_str("password"),
            Self::Database => f.write_str("database"),
            Self::HostPort(name) => write!(f, "host_port:{name}"),
        }
    }
}
