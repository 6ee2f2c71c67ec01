//! Reading rustc's dep-info files.

use camino::{Utf8Path, Utf8PathBuf};

/// The dep-info file beside a crate's metadata: `deps/libapi-1a2b.rmeta` → `deps/api-1a2b.d`.
///
/// `None` for a file that is no metadata.
pub(super) fn beside(metadata: &Utf8Path) -> Option<Utf8PathBuf> {
    let stem = metadata.file_name()?.strip_suffix(".rmeta")?;
    let stem = stem.strip_prefix("lib").unwrap_or(stem);
    Some(metadata.with_file_name(format!("{stem}.d")))
}

/// The names of the environment variables that a crate asked for.
///
/// rustc writes them as comments: `# env-dep:NAME` for one that was not set, `# env-dep:NAME=VALUE`
/// otherwise, with backslashes and line breaks escaped.
pub(super) fn env_names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("# env-dep:")).map(|dependency| match dependency.split_once('=') {
        Some((name, _)) => name,
        None => dependency,
    })
}

#[cfg(test)]
mod tests {
    use super::{beside, env_names};

    #[test]
    fn the_file_is_named_like_the_metadata() {
        assert_eq!(beside("/t/deps/libapi-1a.rmeta".into()).unwrap(), "/t/deps/api-1a.d");
        assert_eq!(beside("/t/deps/libliberty-1a.rmeta".into()).unwrap(), "/t/deps/liberty-1a.d");
        assert_eq!(beside("/t/deps/libapi-1a.rlib".into()), None);
    }

    #[test]
    fn only_names_of_variables_are_read() {
        let text = "/t/a.d: src/main.rs\n\nsrc/main.rs:\n\n# env-dep:CARGO_PKG_NAME=x=y\n# env-dep:ORCH1_a\n# other\n";
        assert_eq!(env_names(text).collect::<Vec<_>>(), ["CARGO_PKG_NAME", "ORCH1_a"]);
    }
}
