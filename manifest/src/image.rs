//! References to container images.

use std::fmt;

use crate::Invalid;

/// A reference to a container image: `[registry[:port]/]repository[:tag][@digest]`.
///
/// Source: the reference grammar of the OCI distribution project.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[^@ ]+(@sha(256|512):[0-9a-f]+)?$")))]
pub struct ImageRef {
    registry: Option<String>,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl ImageRef {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid =
            |why: &str| Invalid::new(format!("{} is not an image reference: {why}", crate::invalid::quoted(text)));
        if let Some((scheme, rest)) = text.split_once("://") {
            return Err(invalid("it is a URL").help(format!("write `{rest}`, without `{scheme}://`")));
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(invalid("the digest is malformed").help("`@sha256:` and 64 lower-case hexadecimal digits"));
        }
        // A colon before the last slash belongs to the registry's port.
        let colon = name.rfind(':').filter(|&colon| !name[colon..].contains('/'));
        let (name, tag) = match colon {
            Some(colon) => (&name[..colon], Some(&name[colon + 1..])),
            None => (name, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(invalid("the tag is malformed")
                .help("at most 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`"));
        }
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
            _ => (None, name),
        };
        if registry.is_some_and(|registry| !is_registry(registry)) {
            return Err(invalid("the registry is malformed")
                .help("a host, with a port or without, such as `ghcr.io` or `registry.local:5000`"));
        }
        if name.len() > 255 {
            return Err(invalid("it is too long").help("at most 255 characters before the tag"));
        }
        if name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(invalid("it reads as the id of an image").help("write the repository and its tag"));
        }
        if !repository.split('/').all(is_component) {
            let lower = text.replacen(repository, &repository.to_ascii_lowercase(), 1);
            let error = invalid("the repository is malformed");
            return Err(if lower != text && Self::parse(&lower).is_ok() {
                error.help(format!("write `{lower}`: a repository is in lower case"))
            } else {
                error.help("lower-case letters and digits with `.`, `_`, `-` and `/` between them, such as `postgres:16` or `ghcr.io/acme/api:1.2`")
            });
        }
        Ok(Self {
            registry: registry.map(Into::into),
            repository: repository.to_owned(),
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
        })
    }

    /// The registry, with its port, when one is written.
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The repository: `library/postgres`, `acme/api`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, when one is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest (`sha256:…`), when one is written.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether what is pulled may change from one day to the next: neither a digest nor a tag other
    /// than `latest`.
    pub fn is_floating(&self) -> bool {
        self.digest.is_none() && self.tag.as_deref().is_none_or(|tag| tag == "latest")
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

text_impls!(ImageRef, "an image reference");

fn is_digest(text: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    match text.split_once(':') {
        Some(("sha256", value)) => value.len() == 64 && value.chars().all(hex),
        Some(("sha512", value)) => value.len() == 128 && value.chars().all(hex),
        _ => false,
    }
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&text.len()) && text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    if port.is_some_and(|port| port.starts_with('+') || port.parse::<u16>().is_err()) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    host.split('.').all(|label| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// Runs of lower-case letters and digits, with one `.`, one or two `_`, or any number of `-` between.
fn is_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = text.split(alphanumeric).filter(|s| !s.is_empty());
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && separators.all(|s| matches!(s, "." | "_" | "__") || s.chars().all(|c| c == '-'))
}
