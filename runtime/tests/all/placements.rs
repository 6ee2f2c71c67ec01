//! The attributes in the crates of users: on every kind of item, in every edition, under every
//! name. What they declare is read from rustc's dep-info, as the tool does it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use orch_manifest::fragment::{Declaration, Fragment, decode};

use crate::workspace::{cargo, copied};

/// What each crate of the workspace declares.
fn declared(folder: &Path) -> BTreeMap<String, Vec<Fragment>> {
    let output = cargo(
        folder,
        &["check", "--workspace", "--examples", "--bins", "--lib", "--message-format=json-render-diagnostics"],
    );
    let output = { output }.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut crates = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let target = &message["target"];
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(|file| file.as_str());
        let mut files = files.map(Path::new);
        let Some(metadata) = files.find(|file| file.extension().is_some_and(|extension| extension == "rmeta")) else {
            continue;
        };
        if !message["manifest_path"].as_str().unwrap().starts_with(folder.to_str().unwrap()) {
            continue;
        }
        let stem = metadata.file_stem().unwrap().to_str().unwrap();
        let dep_info = metadata.with_file_name(format!("{}.d", stem.strip_prefix("lib").unwrap_or(stem)));
        let text = fs::read_to_string(dep_info).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("# env-dep:"));
        let names = names.map(|name| name.split('=').next().unwrap());
        let name = target["name"].as_str().unwrap().replace('-', "_");
        crates.insert(name, decode(names).unwrap());
    }
    crates
}

/// The places that the sources of a package announce: `//= Item @ module`, on the line of the
/// attribute or, with `-4 Item`, as many lines below it.
fn announced(package: &Path, crate_name: &str) -> Vec<(String, String, String, u32)> {
    let mut places = Vec::new();
    let mut folders = vec![package.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = path.strip_prefix(package).unwrap().to_str().unwrap().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap();
            for (line, text) in (1..).zip(text.lines()) {
                for place in text.split("//= ").skip(1) {
                    let (item, module) = place.trim_end().split_once(" @ ").unwrap();
                    let (up, item) = match item.strip_prefix('-') {
                        Some(rest) => rest.split_once(' ').map(|(up, item)| (up.parse().unwrap(), item)).unwrap(),
                        None => (0, item),
                    };
                    if module.split("::").next() == Some(crate_name) {
                        places.push((item.to_owned(), module.to_owned(), file.clone(), line - up));
                    }
                }
            }
        }
    }
    places.sort();
    places
}

fn place(fragment: &Fragment) -> (String, String, String, u32) {
    (fragment.item.clone(), fragment.module.clone().unwrap(), fragment.file.clone(), fragment.line)
}

#[test]
fn every_placement_is_declared_once_with_its_item_module_file_and_line() {
    let folder = copied("placements");
    let crates = declared(&folder);
    let packages = [
        ("placements", "placements"),
        ("unsafe-items", "unsafe_items"),
        ("edition-2018", "edition_2018"),
        ("edition-2021", "edition_2021"),
        ("renamed", "renamed"),
        ("facade", "through"),
        ("mains", "above"),
        ("mains", "below"),
        ("mains", "plain"),
    ];
    for (package, name) in packages {
        let mut found: Vec<_> = crates[name].iter().map(place).collect();
        found.sort();
        assert_eq!(found, announced(&folder.join(package), name), "{name}");
        assert!(!found.is_empty(), "{name}");
    }
    assert_eq!(crates["facade"], []);

    let parts = crates["placements"].iter().find(|fragment| fragment.item == "ByName").unwrap();
    let Declaration::Service(service) = &parts.declaration else { panic!("{parts:?}") };
    assert_eq!(service.id.as_str(), "by-name");
    let image = service.workload.image.as_ref().unwrap();
    assert_eq!(image.to_string(), "a:1");
    assert_eq!(service.workload.env.keys().next().unwrap().as_str(), "discovery.type");
    assert_eq!(service.workload.ports[0].number.get(), 80);

    clippy_says_nothing(&folder);
}

/// On code that is not ours: our constants must not be what a user is told about.
fn clippy_says_nothing(folder: &Path) {
    let mut clippy = cargo(folder, &["clippy"]);
    let available = cargo(folder, &["clippy", "--version"]).output().is_ok_and(|output| output.status.success());
    if !available {
        assert!(std::env::var_os("CI").is_none(), "continuous integration has clippy");
        println!("skipped: there is no clippy");
        return;
    }
    clippy.args(["--workspace", "--exclude=attribute", "--no-deps", "--quiet", "--"]);
    clippy.args(["-Dwarnings", "-Dclippy::all", "-Dclippy::pedantic"]);
    // What the fixtures' own code is guilty of.
    clippy.args(["-Aclippy::missing_safety_doc", "-Aclippy::unused_async"]);
    let output = clippy.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
