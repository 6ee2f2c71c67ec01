//! Nothing of an attribute is in what is shipped.

use std::fs;
use std::path::Path;

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

/// Whether the compiler saw an attribute when it built the binary last.
fn declares(folder: &Path) -> bool {
    let files = fs::read_dir(folder.join("target/release/deps")).unwrap().map(|entry| entry.unwrap().path());
    let mut dep_info = files.filter(|path| path.extension().is_some_and(|extension| extension == "d"));
    let plain = dep_info.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("plain-")).unwrap();
    fs::read_to_string(plain).unwrap().contains("env-dep:ORCH")
}

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
    assert!(!declares(&folder), "the attributes are not in the first build");
    let with = build(SOURCE);
    assert!(declares(&folder), "they are in the second");
    assert!(!String::from_utf8_lossy(&with).contains("left-a-trace"));
    assert!(with == without, "{} bytes with the attributes, {} without", with.len(), without.len());
}
