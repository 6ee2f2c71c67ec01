//! Paths: in a container, in a crate, in a URL.

use crate::Invalid;

text_type! {
    /// An absolute path in a container, without `.`, `..`, `:`, empty segments and control
    /// characters (Kubernetes refuses a `:` in a `mountPath`).
    pub struct AbsolutePath : "an absolute path"
        => r"^(/(?!\.\.?(/|$))[^/:\\]+)+$"
}

impl AbsolutePath {
    fn check(text: &str) -> Result<(), Invalid> {
        let invalid =
            || Invalid::new(format!("{} is not an absolute path in a container", crate::invalid::quoted(text)));
        let Some(rest) = text.strip_prefix('/') else {
            return Err(invalid().help("it begins with `/`"));
        };
        let good = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
        if rest.is_empty()
            || !rest.split('/').all(good)
            || rest.contains([':', '\\'])
            || has_control(rest)
            || rest.len() > 1000
        {
            return Err(
                invalid().help("no `.`, `..`, `:`, backslash, empty segment or trailing `/`, and not `/` itself")
            );
        }
        Ok(())
    }
}

text_type! {
    /// A path relative to a package's folder, with `/` between its segments, that stays inside.
    pub struct SourcePath : "a path in the package"
        => r"^(?!\.\.?(/|$))[^/:\\]+(/(?!\.\.?(/|$))[^/:\\]+)*$"
}

impl SourcePath {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
        if text.split('/').all(good) && !text.contains(['\\', ':']) && !has_control(text) && text.len() <= 1000 {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a path in the package", crate::invalid::quoted(text)))
            .help("relative to the folder of `Cargo.toml`, with `/`, without `..`"))
    }
}

text_type! {
    /// The path of a URL, with its query if it has one: it begins with `/` and has no white space.
    pub struct UrlPath : "a URL path"
        => r"^/[A-Za-z0-9\-._~!$&'()*+,;=:@/%?]*$"
}

impl UrlPath {
    fn check(text: &str) -> Result<(), Invalid> {
        // RFC 3986, section 3.3: what is not listed has to be percent-encoded.
        let good = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%?".contains(c);
        if text.starts_with('/') && text.chars().all(good) && text.len() <= 1000 {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a URL path", crate::invalid::quoted(text)))
            .help("it begins with `/`; other than letters, digits and `-._~!$&'()*+,;=:@/?` is percent-encoded"))
    }
}

prints_as_text!(AbsolutePath, SourcePath, UrlPath);

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
