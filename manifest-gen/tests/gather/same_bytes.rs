//! The same sources give the same manifest, byte for byte, however they are compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::support::{Workspace, service};

const SERVICES: usize = 3;

/// Two applications on three adapters, one of them outside the workspace.
fn workspace(name: &str) -> Workspace {
    let workspace = Workspace::new(name);
    workspace.adapter("pg").adapter("redis").app("api", &["pg", "redis"]);
    let manifest = "[dependencies]\n{ORCH}\n";
    workspace.package("outside/mail", manifest, "src/lib.rs", &service("mail", ", port = 25"));
    let dependencies = "mail = { path = \"../../outside/mail\" }\npg = { path = \"../pg\" }\n";
    workspace.binary("worker", dependencies, "#[orch::app]\nfn main() {}\n");
    workspace
}

fn manifest(workspace: &Workspace, flags: &[&str]) -> String {
    let arguments: Vec<&str> = ["manifest", "--locations"].iter().chain(flags).copied().collect();
    let text = workspace.run(&arguments).success().stdout;
    assert_eq!(text.matches("\"kind\": \"other\"").count(), SERVICES, "{text}");
    text
}

/// Every dep-info file of these crates below a folder.
fn dep_info(folder: &Path, crates: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let of_crate = |name: &&str| stem.strip_prefix(*name).is_some_and(|rest| rest.starts_with('-'));
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "d") && crates.iter().any(of_crate) {
                found.push(path);
            }
        }
    }
    found
}

/// One test, since each cold target folder compiles the attributes anew.
#[test]
fn cold_warm_edited_restored_copied_and_moved() {
    let workspace = workspace("same-bytes").with_own_target();
    let cold = manifest(&workspace, &[]);
    assert_eq!(manifest(&workspace, &[]), cold, "warm");

    workspace.edit("crates/redis/src/lib.rs", "pub struct Service;", "pub struct Service;\npub fn more() {}");
    assert_eq!(manifest(&workspace, &[]), cold, "after an edit elsewhere");

    let lost = dep_info(workspace.target(), &["pg", "mail", "api"]);
    assert!(lost.len() >= SERVICES, "{lost:?}");
    for path in &lost {
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(manifest(&workspace, &[]), cold, "after dep-info files were deleted");
    for path in dep_info(workspace.target(), &["pg"]) {
        std::fs::write(path, "").unwrap();
    }
    assert_eq!(manifest(&workspace, &[]), cold, "after dep-info files were emptied");

    let elsewhere = workspace.path("elsewhere");
    std::fs::rename(workspace.target(), &elsewhere).unwrap();
    assert_eq!(manifest(&workspace, &["--target-dir", "elsewhere"]), cold, "from a moved target folder");
    std::fs::rename(&elsewhere, workspace.target()).unwrap();

    let moved = workspace.copy("same-bytes-moved");
    std::fs::remove_dir_all(workspace.root()).unwrap();
    assert_eq!(manifest(&moved, &[]), cold, "from a moved workspace");
}

#[test]
fn profiles_of_cargo_change_nothing() {
    let workspace = workspace("same-bytes-profiles");
    let profile = "[profile.release]\nlto = \"fat\"\nstrip = true\npanic = \"abort\"\ncodegen-units = 1\n\
                   [profile.many]\ninherits = \"dev\"\ncodegen-units = 16\nincremental = false\nlto = \"thin\"\n";
    let root = workspace.read("Cargo.toml");
    workspace.write("Cargo.toml", &format!("{root}{profile}"));
    let debug = manifest(&workspace, &[]);
    assert_eq!(manifest(&workspace, &["--release"]), debug);
    assert_eq!(manifest(&workspace, &["--cargo-profile", "many"]), debug);
}

#[test]
fn incremental_compilation_changes_nothing() {
    let workspace = workspace("same-bytes-incremental");
    let run = |value: &str| {
        let output = workspace.orch(&["manifest", "--locations"]).env("CARGO_INCREMENTAL", value).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(String::from_utf8(run("0")), String::from_utf8(run("1")));
    assert_eq!(run("0"), manifest(&workspace, &[]).into_bytes());
}

#[test]
fn a_build_folder_of_its_own_changes_nothing() {
    let workspace = workspace("same-bytes-build-dir");
    let before = manifest(&workspace, &[]);
    let folder = workspace.target().join("build-dir");
    workspace.write(".cargo/config.toml", &format!("[build]\nbuild-dir = {:?}\n", folder.display().to_string()));
    assert_eq!(manifest(&workspace, &[]), before);
    assert!(!dep_info(&folder, &["pg"]).is_empty());
}

#[test]
fn a_comment_above_an_attribute_changes_only_the_lines() {
    let workspace = workspace("same-bytes-comment");
    let run = |flags: &[&str]| workspace.run(flags).success().stdout;
    let (plain, located) = (run(&["manifest"]), run(&["manifest", "--locations"]));
    let text = workspace.read("crates/pg/src/lib.rs");
    workspace.write("crates/pg/src/lib.rs", &format!("// A line more.\n{text}"));
    assert_eq!(run(&["manifest"]), plain);
    assert_ne!(run(&["manifest", "--locations"]), located);
    assert!(!plain.contains(&workspace.root().display().to_string()), "{plain}");
}

/// Every file below a folder, by its path in it.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// The ports of the host that artifacts have as defaults.
fn host_ports(files: &BTreeMap<PathBuf, Vec<u8>>) -> BTreeSet<u16> {
    let texts = files.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let default = |part: &str| part.split_once(":-")?.1.split('}').next()?.parse().ok();
    texts.flat_map(|text| text.split("${ORCH_PORT_").skip(1).filter_map(default).collect::<Vec<u16>>()).collect()
}

#[test]
fn artifacts_are_the_same_in_another_checkout_of_another_user() {
    let workspace = Workspace::new("same-artifacts").with_own_target();
    let database = "#[orch::service(kind = \"database\", image = \"postgres:16\", id = \"pg\", user = \"999:999\", \
         port(5432, name = \"sql\", scheme = \"postgres\"), env(POSTGRES_PASSWORD = secret(\"pg\")), \
         app_env(DATABASE_URL = \"postgres://u:{secret:pg}@{host}:{port}/d\"), \
         volume(\"/var/lib/postgresql/data\", name = \"data\"), health(command = [\"pg_isready\"]))]\npub struct Service;\n";
    let app = "#[orch::app(port(8080, name = \"http\", public), health(http = \"/health\"))]\nfn main() {}\n";
    workspace.library("pg", "", database).adapter("redis").binary("api", &crate::support::on(&["pg", "redis"]), app);
    let render = ["render", "--target", "compose,swarm,k8s", "--all-profiles"];
    workspace.run(&render).success();
    let here = tree(&workspace.path("deploy"));
    assert!(here.len() > 40, "{:?}", here.keys());

    let elsewhere = workspace.copy("same-artifacts-elsewhere");
    std::fs::remove_dir_all(elsewhere.path("deploy")).unwrap();
    for source in ["crates/pg/src/lib.rs", "crates/redis/src/lib.rs", "crates/api/src/main.rs"] {
        elsewhere.edit(source, "#[orch::", "// One line more.\n\n#[orch::");
    }
    let taken: Vec<_> = host_ports(&here).into_iter().map(|port| TcpListener::bind(("127.0.0.1", port))).collect();
    assert!(taken.iter().any(Result::is_ok), "no port is taken");
    let home = elsewhere.path("home");
    std::fs::create_dir(&home).unwrap();
    let mut command = elsewhere.orch(&render);
    // Cargo and the toolchain are where they are; everything else is another person's.
    for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(variable).is_none() {
            command.env(variable, Path::new(&std::env::var_os("HOME").unwrap()).join(folder));
        }
    }
    let person = [("USER", "somebody"), ("LOGNAME", "somebody"), ("HOSTNAME", "elsewhere"), ("TZ", "Asia/Tokyo")];
    command.envs(person).env("HOME", home).env("LANG", "de_DE.UTF-8");
    crate::support::Ran::from(command.output().unwrap()).success();
    let there = tree(&elsewhere.path("deploy"));
    assert!(here.keys().eq(there.keys()), "{:?}", there.keys());
    for (path, bytes) in &here {
        assert!(there[path] == *bytes, "{} differs", path.display());
    }
}
