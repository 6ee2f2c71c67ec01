//! Unified diffs.

use std::fmt::Write as _;
use std::str;
use std::time::Duration;

use similar::TextDiff;

/// For how long the shortest difference of one file is searched; past that a longer one will do.
///
/// Two unlike files of a hundred thousand lines would take minutes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Appends how the file at `path` changes from `old` to `new`; nothing stands for a file that is
/// not there. The form is that of `git diff`, so that `git apply` and `patch -p1` take it.
pub(super) fn unified(out: &mut String, path: &str, old: Option<&[u8]>, new: Option<&str>) {
    let before = old.map_or("/dev/null".to_owned(), |_| format!("a/{path}"));
    let after = new.map_or("/dev/null".to_owned(), |_| format!("b/{path}"));
    let Ok(old) = str::from_utf8(old.unwrap_or_default()) else {
        // Writing to a string does not fail.
        let _ = writeln!(out, "Binary files {before} and {after} differ");
        return;
    };
    let new = new.unwrap_or_default();
    if old.is_empty() && new.is_empty() {
        let _ = writeln!(out, "--- {before}\n+++ {after}");
        return;
    }
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let _ = write!(out, "{}", diff.unified_diff().header(&before, &after));
}
