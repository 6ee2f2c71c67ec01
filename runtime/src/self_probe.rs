//! A binary as its own health command.

use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use crate::probe::{Target, attempt};
use crate::url::Location;

/// The argument.
const ARGUMENT: &str = "--orch-health";
/// The variable that has the URL where the argument has none.
const VARIABLE: &str = "ORCH_HEALTH_URL";
const LIMIT: Duration = Duration::from_secs(2);

/// Makes the binary its own health command, for an image that has nothing else in it: at the top of
/// `main`. Where the first argument is `--orch-health`, it asks the URL in the second, else in the variable
/// `ORCH_HEALTH_URL`, and ends the process: with 0 if the answer is 200 to 399 within two seconds, with 1 if
/// not, with 2 if there is no such URL. Otherwise it does nothing.
///
/// ```
/// # extern crate orch_runtime as orch;
/// #[orch::app(port = 8080, health(command = ["/app", "--orch-health", "http://127.0.0.1:8080/health"]))]
/// fn main() {
///     orch::self_probe();
///     // …
/// }
/// ```
pub fn self_probe() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        return;
    }
    let url = arguments.next().or_else(|| std::env::var_os(VARIABLE));
    let (code, said) = outcome(url);
    if let Some(said) = said {
        // Whoever has no standard error gets the exit code all the same.
        let _ = writeln!(std::io::stderr(), "{said}");
    }
    #[expect(clippy::exit, reason = "the process is there for nothing else")]
    std::process::exit(code)
}

/// The exit code, and what is wrong.
fn outcome(url: Option<OsString>) -> (i32, Option<String>) {
    let Some(target) = url.and_then(|url| url.into_string().ok()).as_deref().and_then(target) else {
        return (2, Some(format!("write `{ARGUMENT} http://127.0.0.1:8080/health`, or set `{VARIABLE}`")));
    };
    match attempt(&target, LIMIT) {
        Ok(()) => (0, None),
        Err(why) => (1, Some(why.to_string())),
    }
}

/// What is asked for an `http` URL.
fn target(url: &str) -> Option<Target> {
    let rest = url.strip_prefix("http://").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let path = rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]);
    let Location { user: None, host, port: Some(port), .. } = Location::parse(url)? else { return None };
    let path = path.starts_with('/').then(|| path.split('#').next().unwrap_or(path).to_owned())?;
    Some(Target::Http { host, port, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<(String, u16, String)> {
        match target(url)? {
            Target::Http { host, port, path } => Some((host, port, path)),
            Target::Tcp { .. } => None,
        }
    }

    #[test]
    fn a_url_is_a_target() {
        let some = |host: &str, port, path: &str| Some((host.to_owned(), port, path.to_owned()));
        assert_eq!(parts("http://127.0.0.1:8080/health?a=b#c"), some("127.0.0.1", 8080, "/health?a=b"));
        assert_eq!(parts("http://localhost"), some("localhost", 80, "/"));
        assert_eq!(parts("http://[::1]/x"), some("::1", 80, "/x"));
        assert_eq!(parts("http://[::1]:81"), some("::1", 81, "/"));
        for bad in [
            "",
            "https://x",
            "http://",
            "http://:80",
            "http://x:y",
            "http://u@x",
            "http://x?y",
            "http://x/ y",
            "http://x/\r\n",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
