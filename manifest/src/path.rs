//! Paths: in a container, in a crate, in a URL.

use crate::Invalid;
use crate::invalid::quoted;

text_type! {
    /// An absolute path in a container, without `.`, `..`, `:`, empty segments and control
    /// characters (Kubernetes refuses a `:` in a `mountPath`).
    pub struct AbsolutePath : "an absolute path"
        => r"^(/(?!\.\.?(/|$))[^/:\\]+)+$"
}

impl AbsolutePath {
    fn check(text: &str) -> Result<(), Invalid> {
        if is_absolute(text) {
            return Ok(());
        }
        let trimmed = text.trim_matches('/');
        Err(Invalid::new(format!("{} is not an absolute path in a container", quoted(text))).write_or(
            [format!("/{trimmed}")],
            is_absolute,
            "it begins with `/` and has no `.`, `..`, `:`, backslash or empty segment, and is not `/` itself",
        ))
    }
}

fn is_absolute(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(is_inside)
}

/// Whether these are segments that lead nowhere else.
fn is_inside(text: &str) -> bool {
    let good = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
    text.split('/').all(good) && !text.contains(['\\', ':']) && !has_control(text) && text.len() <= 1000
}

text_type! {
    /// A path relative to a package's folder, with `/` between its segments, that stays inside.
    pub struct SourcePath : "a path in the package"
        => r"^(?!\.\.?(/|$))[^/:\\]+(/(?!\.\.?(/|$))[^/:\\]+)*$"
}

impl SourcePath {
    fn check(text: &str) -> Result<(), Invalid> {
        if is_inside(text) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a path in the package", quoted(text))).write_or(
            [text.trim_start_matches("./").replace('\\', "/")],
            is_inside,
            "relative to the folder of `Cargo.toml`, with `/`, without `..`",
        ))
    }
}

text_type! {
    /// The path of a URL, with its query if it has one: it begins with `/` and has no white space.
    pub struct UrlPath : "a URL path"
        => r"^/[A-Za-z0-9\-._~!$&'()*+,;=:@/%?]*$"
}

impl UrlPath {
    fn check(text: &str) -> Result<(), Invalid> {
        if is_url_path(text) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a URL path", quoted(text))).write_or(
            [format!("/{text}")],
            |path| path != "/" && is_url_path(path),
            "it begins with `/`; other than letters, digits and `-._~!$&'()*+,;=:@/?` is percent-encoded",
        ))
    }
}

fn is_url_path(text: &str) -> bool {
    // RFC 3986, section 3.3: what is not listed has to be percent-encoded.
    let good = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%?".contains(c);
    text.starts_with('/') && text.chars().all(good) && text.len() <= 1000
}

prints_as_text!(AbsolutePath, SourcePath, UrlPath);

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
