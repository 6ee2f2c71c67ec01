//! Asking for health from inside a container, with what its image has.

use orch_manifest::{Port, UrlPath};

/// A POSIX shell script that succeeds when an HTTP request is answered with 200 to 399.
///
/// Debian's slim images have bash and no HTTP client; Alpine's have wget and no bash. Neither has
/// curl, so it is not asked for.
pub(super) fn http(path: &UrlPath, port: Port) -> String {
    let path = quote(path.as_str());
    let request = r#"printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" "$1" >&3 && read -r _ code _ <&3 && [ "$code" -ge 200 ] && [ "$code" -lt 400 ]"#;
    let bash = format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && {request}' bash {path}");
    let wget = format!("wget -q -O /dev/null http://127.0.0.1:{port}{path}");
    format!("if command -v bash >/dev/null; then {bash}; else {wget}; fi")
}

/// A POSIX shell script that succeeds when a port is open.
pub(super) fn tcp(port: Port) -> String {
    let bash = format!("bash -c ': <>/dev/tcp/127.0.0.1/{port}'");
    format!("if command -v bash >/dev/null; then {bash}; else nc -z 127.0.0.1 {port}; fi")
}

/// A word that a shell takes as it is.
fn quote(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c)) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
