//! Where a rendered file may lie.

use std::collections::BTreeMap;

/// Says what is wrong with `path` as the path of an output file, if anything is.
///
/// Paths stay below the output folder on every system and mean the same on each.
pub(crate) fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("is empty")
    } else if path.contains('\\') {
        Some("has a backslash")
    } else if path.starts_with('/') {
        Some("is absolute")
    } else if path.contains(':') {
        Some("has a colon, which Windows takes for a drive or a stream")
    } else if path.chars().any(char::is_control) {
        Some("has a control character")
    } else if path.split('/').any(|part| part == "..") {
        Some("leads out of the output folder")
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        Some("has an empty component")
    } else if path.split('/').any(|part| part != part.trim() || part.ends_with('.')) {
        Some("has a component that begins or ends with a space, or ends with a dot")
    } else {
        None
    }
}

/// The paths of one rendering, each with what rendered it.
///
/// They are compared without regard to case: on many a disk `Db.yaml` and
/// `db.yaml` are one file.
#[derive(Default)]
pub(crate) struct Taken(BTreeMap<String, String>);

impl Taken {
    /// Notes that `owner` renders `path`; answers who renders it, or a file in its way, already.
    pub(crate) fn claim(&mut self, path: &str, owner: &str) -> Result<(), String> {
        let folded = path.to_lowercase();
        let below = format!("{folded}/");
        let parents = folded.match_indices('/').map(|(at, _)| &folded[..at]);
        let clash =
            self.0.get(&folded).or_else(|| parents.into_iter().find_map(|parent| self.0.get(parent))).or_else(|| {
                self.0
                    .range(below.clone()..)
                    .next()
                    .filter(|(path, _)| path.starts_with(&below))
                    .map(|(_, owner)| owner)
            });
        if let Some(other) = clash {
            return Err(other.clone());
        }
        self.0.insert(folded, owner.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_output_folder() {
        for path in ["compose.yaml", "services/db.yaml", ".env.example", "a b/c"] {
            assert_eq!(fault(path), None, "{path}");
        }
        for path in
            ["", "/etc/passwd", "../x", "a/../x", "a//b", "a/", "./a", "a\\b", "C:x", "a\nb", " a", "a ", "a/b."]
        {
            assert!(fault(path).is_some(), "{path}");
        }
    }

    #[test]
    fn a_path_is_taken_once() {
        let mut taken = Taken::default();
        assert_eq!(taken.claim("a/b.yaml", "one"), Ok(()));
        assert_eq!(taken.claim("a/b-c.yaml", "two"), Ok(()));
        assert_eq!(taken.claim("A/B.yaml", "three"), Err("one".to_owned()));
        assert_eq!(taken.claim("a", "four"), Err("two".to_owned()));
        assert_eq!(taken.claim("a/b.yaml/c", "five"), Err("one".to_owned()));
    }
}
