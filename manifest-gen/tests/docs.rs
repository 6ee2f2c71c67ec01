//! The documentation says what is so: its examples are read by the same code as a user's, its lists
//! are held against the code's, its links lead somewhere.
//!
//! | a block of | is |
//! |---|---|
//! | `rust` | read by the attribute grammar, wherever `#[orch::…]` stands in it |
//! | `toml` | read as `orch.toml` and planned for every profile with what the page declares; a `Cargo.toml` where it has `[dependencies]`; a `pack.toml`, which `packs` renders, where it has `view` |
//! | `sh` | each `cargo orch` in it is a command line that `cargo orch` takes |
//! | anything that begins with a comment naming a file | an excerpt of that file: its lines, in order |
//!
//! `docs/findings.md` is written anew where `ORCH_UPDATE` is set.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use camino::Utf8Path;
use cargo_orch::config::Config;
use cargo_orch::finding::{Code, Severity};
use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Profile, plan};
use cargo_orch::target;
use orch_attributes::item::Head;
use orch_attributes::{Attribute, tokens};
use orch_manifest::Id;
use orch_manifest::fragment::Declaration;
use orch_manifest::grammar::{APP_KEYS, Args, Assigned, SERVICE_KEYS, WORKLOAD_KEYS};
use orch_manifest::manifest::{AppEntry, AuthProviderEntry, ClientEntry, DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::Kind;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/attributes.md",
    "docs/orch-toml.md",
    "docs/catalog.md",
    "docs/findings.md",
    "docs/images.md",
    "docs/lifecycle.md",
    "docs/packs.md",
    "docs/adr/0001-fragments-through-dep-info.md",
    "docs/adr/0002-one-check-for-many-apps.md",
    "docs/adr/0003-one-grammar-for-attributes-and-orch-toml.md",
    "docs/adr/0004-names-and-ports-that-follow-from-what-is-written.md",
    "docs/adr/0006-declarations-that-cannot-be-edited.md",
    "docs/adr/0007-folders-that-the-image-can-write-to.md",
    "docs/adr/0009-two-checkouts-of-one-system.md",
    "docs/adr/0010-the-catalog-is-written-in-the-words-of-attributes.md",
    "manifest/README.md",
    "macros/README.md",
    "runtime/README.md",
    "templates/README.md",
    "manifest-gen/README.md",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(page: &str) -> String {
    let path = repository().join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).replace("\r\n", "\n")
}

/// A fenced block of a page.
struct Block {
    page: &'static str,
    line: usize,
    language: String,
    text: String,
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn blocks(page: &'static str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in read(page).lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(language), None) => {
                open = Some(Block { page, line: index + 1, language: language.to_owned(), text: String::new() });
            }
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block is not closed");
    blocks
}

fn blocks_of(page: &'static str, language: &str) -> impl Iterator<Item = Block> {
    let language = language.to_owned();
    blocks(page).into_iter().filter(move |block| block.language == language)
}

/// An attribute in an example.
struct Example {
    attribute: Attribute,
    args: TokenStream,
    item: String,
}

/// Every `#[orch::name]` and `#[orch::name(…)]` in a block, with the name of the item below it.
fn examples(block: &Block) -> Vec<Example> {
    let stream: TokenStream = block.text.parse().unwrap_or_else(|error| panic!("{}: {error}", block.place()));
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut found = Vec::new();
    for (index, tree) in trees.iter().enumerate() {
        let TokenTree::Group(group) = tree else { continue };
        if group.delimiter() != Delimiter::Bracket {
            continue;
        }
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let [TokenTree::Ident(orch), TokenTree::Punct(_), TokenTree::Punct(_), TokenTree::Ident(name), rest @ ..] =
            inside.as_slice()
        else {
            continue;
        };
        if orch != "orch" {
            continue;
        }
        let attribute = Attribute::find(&name.to_string());
        let attribute = attribute.unwrap_or_else(|| panic!("{}: there is no `#[orch::{name}]`", block.place()));
        let args = match rest {
            [TokenTree::Group(args)] => args.stream(),
            _ => TokenStream::new(),
        };
        found.push(Example { attribute, args, item: Head::find(&trees[index + 1..]).text() });
    }
    found
}

/// What a page declares, for what its `orch.toml` says about it.
fn declared(page: &'static str) -> Manifest {
    let mut manifest = Manifest::new(Id::parse("shop").unwrap());
    for block in blocks_of(page, "rust") {
        for Example { attribute, args, item } in examples(&block) {
            let mut problems = Vec::new();
            let declaration = attribute.read(args, &item, Span::call_site(), &mut problems);
            let problems: Vec<String> =
                problems.into_iter().map(|p| format!("{} ({})", p.message, p.help.unwrap_or_default())).collect();
            assert!(problems.is_empty(), "{}: {}", block.place(), problems.join("; "));
            let declared_by = DeclaredBy { package: "docs".into(), version: None, file: page.into(), item, line: None };
            match declaration.unwrap() {
                Declaration::Service(service) => manifest.services.push(ServiceEntry { service, declared_by }),
                Declaration::App(mut app) => {
                    let id = app.id.take().unwrap_or_else(|| Id::parse("api").unwrap());
                    let version = "0.1.0".to_owned();
                    let (services, calls) = (Vec::new(), Vec::new());
                    manifest.apps.push(AppEntry { id, version, services, calls, app, declared_by });
                }
                Declaration::Client(client) => manifest.clients.push(ClientEntry { client, declared_by }),
                Declaration::AuthProvider(provider) => {
                    manifest.auth_providers.push(AuthProviderEntry { provider, declared_by });
                }
            }
        }
    }
    manifest.sort();
    manifest
}

#[test]
fn attributes_in_examples_are_right() {
    for page in PAGES {
        planned(page, &declared(page), &Profile::built_in(Base::Prod));
    }
}

/// What a page declares has to fit together.
fn planned(place: &str, manifest: &Manifest, profile: &Profile) {
    for finding in plan(manifest, profile).findings {
        let bad = finding.severity == Severity::Error;
        assert!(!bad, "{place} ({profile}): {}: {}", finding.code, finding.message);
    }
}

/// Every key in some arguments, those in parentheses included.
fn keys(args: &Args, into: &mut BTreeSet<String>) {
    for entry in &args.entries {
        into.insert(entry.key.clone());
        if let Assigned::Args(args) = &entry.value {
            keys(args, into);
        }
    }
}

#[test]
fn the_reference_of_attributes_has_every_key_and_an_example_of_it() {
    let page = "docs/attributes.md";
    let text = read(page);
    let mut shown = BTreeSet::new();
    for block in blocks_of(page, "rust") {
        for example in examples(&block) {
            keys(&tokens::parse(example.args, Span::call_site(), &mut Vec::new()).args, &mut shown);
        }
    }
    for key in [SERVICE_KEYS, APP_KEYS, WORKLOAD_KEYS].concat() {
        assert!(shown.contains(key), "{page}: no example of `{key}`");
        let (whole, called) = (format!("`{key}`"), format!("`{key}("));
        assert!(text.contains(&whole) || text.contains(&called), "{page}: `{key}` is not explained");
    }
    for kind in Kind::WORDS {
        assert!(text.contains(&format!("`\"{kind}\"`")), "{page}: the kind `{kind}` is not there");
    }
}

#[test]
fn configurations_in_examples_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("orch.toml");
    // The folder that the examples name.
    let catalog = folder.path().join("deploy/catalog");
    std::fs::create_dir_all(&catalog).unwrap();
    for page in PAGES {
        let manifest = declared(page);
        for block in blocks_of(page, "toml") {
            let table: toml::Table = block.text.parse().unwrap_or_else(|error| panic!("{}: {error}", block.place()));
            if table.contains_key("dependencies") || table.contains_key("view") {
                continue;
            }
            if table.contains_key("images") {
                std::fs::write(catalog.join("page.toml"), &block.text).unwrap();
                std::fs::write(&path, "[catalog]\ndir = \"deploy/catalog\"\n").unwrap();
            } else {
                std::fs::write(&path, &block.text).unwrap();
            }
            let config = Config::read(&path).unwrap_or_else(|error| panic!("{}: {error}", block.place()));
            let names = ["local", "ci", "staging", "prod"].into_iter();
            for name in names.chain(config.profiles.keys().map(String::as_str)) {
                let profile = Profile::find(name, &config).unwrap_or_else(|e| panic!("{}: {e}", block.place()));
                config.options(&profile).unwrap_or_else(|error| panic!("{}: {error}", block.place()));
                let manifest = config.apply(&manifest, &profile);
                let manifest = manifest.unwrap_or_else(|error| panic!("{}: {error}", block.place()));
                planned(&block.place(), &manifest, &profile);
            }
        }
    }
}

/// The words behind `cargo orch` in a line of a shell.
fn command_line(line: &str) -> Option<Vec<&str>> {
    let line = line.split(" #").next()?.split(" >").next()?;
    let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != "&&" && *word != "|").collect();
    let orch = words.iter().position(|word| *word == "orch")?;
    (words.first() == Some(&"cargo")).then(|| words[orch + 1..].to_vec())
}

#[test]
fn command_lines_in_examples_are_right() {
    let program = env!("CARGO_BIN_EXE_cargo-orch");
    for page in PAGES {
        for block in blocks_of(page, "sh") {
            for words in block.text.lines().filter_map(command_line) {
                // What is wrong is found before the help is.
                let (own, others) = words.split_at(words.iter().position(|word| *word == "--").unwrap_or(words.len()));
                let words = [own, &["--help"], others].concat();
                let output = Command::new(program).arg("orch").args(&words).output().unwrap();
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{}: cargo orch {}: {said}", block.place(), words.join(" "));
            }
        }
    }
}

#[test]
fn excerpts_are_what_the_files_say() {
    for page in PAGES {
        for block in blocks(page) {
            let mut lines = block.text.lines();
            let first = lines.next().unwrap_or_default();
            let Some(path) = first.strip_prefix("// ").or_else(|| first.strip_prefix("# ")) else { continue };
            if path.contains(' ') || !path.contains('/') {
                continue;
            }
            let file = read(path);
            let mut there = file.lines();
            for line in lines.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("# …")) {
                assert!(there.any(|other| other == line), "{}: `{line}` is not in {path} there", block.place());
            }
        }
    }
}

#[test]
fn the_readme_names_every_command_and_every_target() {
    let text = read("README.md");
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-orch")).args(["orch", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let commands = help.lines().skip_while(|line| !line.contains("Commands:")).skip(1);
    for line in commands.take_while(|line| !line.trim().is_empty()) {
        let Some(command) = line.split_whitespace().next().filter(|_| !line.starts_with("   ")) else { continue };
        assert!(text.contains(&format!("`cargo orch {command}")), "README.md: `cargo orch {command}` is not there");
    }
    for target in target::packs(None).unwrap().targets() {
        assert!(text.contains(&format!("| `{}` |", target.name)), "README.md: the target `{}`", target.name);
    }
}

#[test]
fn the_architecture_names_every_module() {
    let text = read("ARCHITECTURE.md");
    for folder in [
        "manifest/src",
        "manifest-gen/src",
        "manifest-gen/src/gather",
        "manifest-gen/src/plan",
        "manifest-gen/src/config",
        "manifest-gen/src/engine",
        "manifest-gen/src/launch",
        "manifest-gen/src/image",
        "manifest-gen/src/image",
    ] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let module = path.file_stem().unwrap().to_str().unwrap();
            let is_code = path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
            let known = !is_code || ["lib", "main", "mod"].contains(&module) || text.contains(&format!("`{module}`"));
            assert!(known, "ARCHITECTURE.md: the module `{module}` of {folder} is not there");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for page in PAGES {
        let text = read(page);
        let folder = Path::new(page).parent().unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || file.is_empty() {
                continue;
            }
            assert!(repository().join(folder).join(file).exists(), "{page}: `{link}` leads nowhere");
        }
    }
}

#[test]
fn the_page_of_findings_is_the_table() {
    let page = "docs/findings.md";
    let path = repository().join(page);
    let expected = findings();
    if std::env::var_os("ORCH_UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(read(page) == expected, "{page} differs from the table; write it with `ORCH_UPDATE=1`");
}

fn findings() -> String {
    let mut text = String::from(
        "# Findings\n\n\
         What `cargo orch` finds about a system, each with a stable code. `cargo orch explain CODE` prints the same.\n\n\
         An **error** cannot be carried out: nothing is written, and the exit code is 1. A **warning** is likely not \
         meant; `cargo orch render --strict` takes it for an error. A **note** is something that a target does by \
         nature.\n\n\
         This page is written from the table in [`finding.rs`](../manifest-gen/src/finding.rs): \
         `ORCH_UPDATE=1 cargo test -p cargo-orch --test docs`.\n\n\
         | code | |\n|---|---|\n",
    );
    for code in Code::ALL {
        let _ = writeln!(text, "| [`{code}`](#{code}) | {} |", code.severity());
    }
    for code in Code::ALL {
        let _ = write!(text, "\n## {code}\n\n*{}.* {}\n\n{}\n", title(code.severity()), code.meaning(), code.cure());
    }
    text
}

fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Note",
    }
}
