//! Renders `tests/fixtures/<case>/pack` with `context.json` and compares with `expected/`.
//!
//! A case is added by adding a folder. `UPDATE=1 cargo test --test fixtures`
//! writes `expected/` anew; read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use orch_templates::Packs;

type Files = BTreeMap<String, String>;

#[test]
fn every_fixture_renders_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let rendered = render(&case);
        assert_eq!(rendered, render(&case), "{} differs from run to run", case.display());
        if std::env::var_os("UPDATE").is_some() {
            write(&case.join("expected"), &rendered);
        }
        assert_eq!(rendered, read(&case.join("expected")), "{}", case.display());
    }
}

fn render(case: &Path) -> Files {
    let context = fs::read_to_string(case.join("context.json")).unwrap();
    let context: serde_json::Value = serde_json::from_str(&context).unwrap();
    // The case is a folder of packs with one pack in it, called `pack`; `expected` is no pack.
    let packs = tempfile::tempdir().unwrap();
    write(&packs.path().join("pack"), &read(&case.join("pack")));
    let packs = Packs::with_overrides(packs.path(), &[]).unwrap();
    let pack = packs.get("pack").unwrap();
    let files = pack.render(&context).unwrap();
    files.into_iter().map(|file| (file.path, file.contents)).collect()
}

fn read(root: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

fn write(root: &Path, files: &Files) {
    fs::remove_dir_all(root).ok();
    for (path, contents) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}
