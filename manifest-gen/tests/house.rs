//! The rules of the house: which room may use which, and what lies where.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    let mut command = MetadataCommand::new();
    command.manifest_path(repository().join("Cargo.toml"));
    // What other platforms need may not be there without a network.
    command.other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host()]);
    command.exec().unwrap()
});

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn ours() -> Vec<&'static Package> {
    METADATA.workspace_packages()
}

fn package(name: &str) -> &'static Package {
    ours().into_iter().find(|package| package.name.as_str() == name).unwrap()
}

/// The packages of ours that a package depends on, in what it ships.
fn rooms(name: &str) -> BTreeSet<&'static str> {
    let names: BTreeSet<&str> = ours().iter().map(|package| package.name.as_str()).collect();
    let dependencies =
        package(name).dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    dependencies.map(|dependency| dependency.name.as_str()).filter(|name| names.contains(name)).collect()
}

/// The packages in a tree, one line each, as `cargo tree` has them.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(repository()).args(["tree", "--offline", "--prefix=none", "--no-dedupe"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split(" v").next().unwrap_or(line).to_owned()).collect()
}

/// Every Rust file of ours, relative to the repository.
fn sources() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        ours().iter().map(|package| package.manifest_path.parent().unwrap().as_std_path().to_owned()).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().unwrap() != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(repository()).unwrap().to_owned());
            }
        }
    }
    assert!(files.len() > 100, "{files:?}");
    files
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(repository().join(file)).unwrap()
}

#[test]
fn rooms_import_in_one_direction() {
    assert_eq!(rooms("orch-manifest"), [].into());
    assert_eq!(rooms("orch-templates"), [].into());
    assert_eq!(rooms("orch-attributes"), ["orch-manifest"].into());
    assert_eq!(rooms("orch-macros"), ["orch-attributes", "orch-manifest"].into());
    assert!(rooms("orch-runtime").is_subset(&["orch-macros", "orch-manifest"].into()));
    assert_eq!(rooms("cargo-orch"), ["orch-attributes", "orch-manifest", "orch-templates"].into());
    assert_eq!(ours().len(), 6, "a new room has its rules here");
}

#[test]
fn whoever_uses_an_attribute_compiles_little() {
    let macros = tree(&["-p", "orch-macros", "-e", "normal"]);
    let expected = ["orch-attributes", "orch-macros", "orch-manifest", "proc-macro2", "quote", "syn", "unicode-ident"];
    assert_eq!(macros, expected.map(str::to_owned).into());
    let mut runtime = tree(&["-p", "orch-runtime", "-e", "normal"]);
    assert!(runtime.remove("orch-runtime"));
    assert_eq!(runtime, macros);
}

#[test]
fn nobody_needs_the_whole_grammar_of_rust() {
    for (package, edges) in [("orch-macros", "normal"), ("cargo-orch", "normal,no-proc-macro")] {
        let crates = tree(&["-p", package, "-e", edges, "-f", "{lib}:{f}"]);
        let syn: Vec<&String> = crates.iter().filter(|line| line.starts_with("syn:")).collect();
        assert_eq!(syn, ["syn:parsing,printing,proc-macro"], "{package}");
    }
}

#[test]
fn build_scripts_use_the_library_without_the_command_line() {
    let library = tree(&["-p", "cargo-orch", "-e", "normal", "--no-default-features"]);
    assert!(library.contains("minijinja"), "{library:?}");
    let command_line = ["clap", "clap_complete", "clap_derive", "anstream"];
    let found: Vec<&str> = command_line.into_iter().filter(|name| library.contains(*name)).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn packages_have_one_version_and_pin_each_other() {
    let version = &package("cargo-orch").version;
    for package in ours() {
        assert_eq!(&package.version, version, "{}", package.name);
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            assert_eq!(dependency.req.to_string(), format!("={version}"), "{} → {}", package.name, dependency.name);
        }
    }
}

#[test]
fn no_dependency_needs_a_newer_rust_than_we_state() {
    let stated = package("cargo-orch").rust_version.clone().unwrap();
    let ids: BTreeSet<_> = METADATA.resolve.as_ref().unwrap().nodes.iter().map(|node| &node.id).collect();
    let mut seen = 0;
    for dependency in METADATA.packages.iter().filter(|package| ids.contains(&package.id)) {
        let Some(needed) = &dependency.rust_version else { continue };
        seen += 1;
        assert!(*needed <= stated, "{} needs Rust {needed}, and we state {stated}", dependency.name);
    }
    assert!(seen > 20, "{seen}");
    for package in ours() {
        assert_eq!(package.rust_version.as_ref(), Some(&stated), "{}", package.name);
    }
}

#[test]
fn every_file_has_a_subject_and_fits_a_head() {
    for file in sources() {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        assert!(
            !["utils", "util", "helpers", "helper", "common", "manager", "misc"].contains(&stem),
            "{}",
            file.display()
        );
        let lines = text(&file).lines().count();
        assert!(lines <= 500, "{} has {lines} lines", file.display());
    }
}

#[test]
fn only_the_output_module_prints_and_exits_are_few() {
    // Of a program; a test may say that it was skipped, and a benchmark says what it measured.
    let shipped = |file: &Path| file.components().nth(1).is_some_and(|part| part.as_os_str() == "src");
    let is_tests = |file: &Path| file.file_stem().is_some_and(|stem| stem == "tests");
    for file in sources().iter().filter(|file| shipped(file) && !is_tests(file)) {
        let allowed = file.ends_with("manifest-gen/src/output.rs");
        // A health command is over before the program begins.
        let may_exit = allowed || file.ends_with("runtime/src/self_probe.rs");
        let text = text(file);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for word in ["println!(", "eprintln!(", "print!(", "process::exit("] {
                let allowed = if word == "process::exit(" { may_exit } else { allowed };
                assert!(allowed || !line.contains(word), "{}: {line}", file.display());
            }
        }
    }
}
