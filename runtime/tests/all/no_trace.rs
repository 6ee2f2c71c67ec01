//! Nothing of an attribute is in what is shipped.

use std::fs;

use crate::workspace::{cargo, copied};

const SOURCE: &str = r#"//! An application.

#[orch::service(kind = "database", image = "postgres:16", env(MARKER = "left-a-trace"))]
struct Postgres;

#[orch::app(port = 8080, health(http = "/left-a-trace"))]
fn main() {
    let arguments: Vec<String> = std::env::args().map(|argument| argument.to_uppercase()).collect();
    assert!(arguments.len() < 9, "{} {arguments:?}", std::mem::size_of::<Postgres>());
}
"#;

/// The same package is built twice, with the attributes and with empty lines in their place, so
/// that names, paths, line numbers and everything the compiler hashes beyond the source are equal.
/// Then every byte of the two binaries has to be.
#[test]
fn a_binary_with_attributes_is_the_binary_without_them() {
    let folder = copied("no-trace");
    let build = |source: &str| {
        fs::write(folder.join("mains/src/bin/plain.rs"), source).unwrap();
        let output = cargo(&folder, &["build", "--release", "-p", "mains", "--bin", "plain"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(folder.join("target/release").join(format!("plain{}", std::env::consts::EXE_SUFFIX))).unwrap()
    };
    let without: Vec<&str> = SOURCE.lines().map(|line| if line.starts_with("#[orch") { "" } else { line }).collect();
    let without = build(&(without.join("\n") + "\n"));
    let with = build(SOURCE);
    assert!(!String::from_utf8_lossy(&with).contains("left-a-trace"));
    assert!(with == without, "{} bytes with the attributes, {} without", with.len(), without.len());
}
