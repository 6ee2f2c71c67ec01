//! Pages of one's own, in files of a folder that `[catalog]` names.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_orch::config::{Config, ConfigError, LayerSource, page_schema};
use cargo_orch::plan::Profile;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{System, env, pairs, postgres, workload};

const LEDGER: &str = r#"
images = ["acme/ledger", "ghcr.io/acme/ledger"]
name = "Ledger"
kind = "database"
login = { user = "{env:LEDGER_USER}", password = "{env:LEDGER_PASSWORD}" }

[service]
port = { number = 7000, name = "ledger", scheme = "ledger" }
volume = { path = "/var/lib/ledger", name = "data" }
user = "1000:1000"
health = { command = ["ledger", "ping"] }
env = { LEDGER_USER = "app", LEDGER_PASSWORD = { secret = "password" } }
app_env = { LEDGER_URL = "ledger://{user}:{password}@{host}:{port}" }

[[variant]]
images = ["ghcr.io/acme/ledger"]
from = "2"
service = { user = "70:70" }
"#;

/// A folder with `orch.toml` and files beneath `pages`.
struct Workspace {
    folder: TempDir,
}

impl Workspace {
    fn new(configuration: &str, pages: &[(&str, &str)]) -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(workspace.path().join("pages")).unwrap();
        std::fs::write(workspace.path().join("orch.toml"), format!("catalog.dir = \"pages\"\n{configuration}"))
            .unwrap();
        for (name, text) in pages {
            std::fs::write(workspace.path().join("pages").join(name), text).unwrap();
        }
        workspace
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().to_owned()
    }

    fn config(&self) -> Result<Config, ConfigError> {
        Config::load(&self.path())
    }

    fn system(&self, system: System) -> System {
        System { config: self.config().unwrap_or_else(|error| panic!("{error}")), ..system }
    }

    fn mistakes(&self) -> Vec<String> {
        match self.config() {
            Err(ConfigError::Wrong { mistakes }) => mistakes.iter().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// What `cargo orch catalog` says there.
    fn catalog(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
        let output = command.args(["orch", "catalog"]).args(arguments).current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_page_adds_a_family_of_images() {
    let workspace = Workspace::new("", &[("ledger.toml", LEDGER), ("README.md", "images = [")]);
    let plan = |image: &str| workspace.system(System::new().with("books", "database", image, &json!({}))).plan("prod");
    let url = "ledger://app:{secret:books-password}@books:7000";
    assert_eq!(env(&plan("acme/ledger:1"), "api"), pairs(&[("LEDGER_URL", url)]));
    assert_eq!(plan("acme/ledger:1").findings, [], "nothing is missing");
    let user = |image: &str| workload(&plan(image), "books").user.unwrap().to_string();
    assert_eq!(
        [user("acme/ledger:2"), user("ghcr.io/acme/ledger:1.9"), user("ghcr.io/acme/ledger:2.0")],
        ["1000:1000", "1000:1000", "70:70"]
    );
}

#[test]
fn a_page_changes_one_of_ours_and_a_section_changes_that() {
    let page = "images = [\"postgres\"]\n[service]\nuser = \"1001:1001\"\nenv = { POSTGRES_DB = \"main\" }\nresources = { cpu = \"2\" }";
    let section = "[catalog.postgres.service]\nuser = \"1002:1002\"";
    let workspace = Workspace::new(section, &[("database.toml", page)]);
    let plan = workspace.system(postgres(&json!({}))).plan("prod");
    let server = workload(&plan, "postgres");
    assert_eq!(server.user.unwrap().to_string(), "1002:1002", "the section is over the page");
    assert_eq!(server.resources.cpu.as_ref().unwrap().to_string(), "2", "the page is over ours");
    assert!(server.health.is_some(), "the rest is ours");
    assert_eq!(env(&plan, "api")[0].1, "postgres://app:{secret:postgres-password}@postgres:5432/main");
}

#[test]
fn an_image_is_like_one_of_ones_own() {
    let base = "images = [\"acme/pg\"]\nlike = \"postgres\"\nservice = { user = \"26:26\" }";
    let section = "[catalog.\"acme/pg-audited\"]\nlike = \"acme/pg\"\nname = \"Audited\"";
    let workspace = Workspace::new(section, &[("pg.toml", base)]);
    let plan = |image: &str| workspace.system(System::new().with("db", "database", image, &json!({}))).plan("prod");
    let old = plan("acme/pg-audited:16");
    assert_eq!(workload(&old, "db").user.unwrap().to_string(), "26:26");
    assert_eq!(workload(&old, "db").volumes[0].path.as_str(), "/var/lib/postgresql/data");
    // What differs for a version of the image that it is like differs for it.
    assert_eq!(workload(&plan("acme/pg-audited:18"), "db").volumes[0].path.as_str(), "/var/lib/postgresql");
}

#[test]
fn every_page_that_says_a_value_is_known() {
    let page = "images = [\"postgres\"]\n\n[service]\nuser = \"1001:1001\"\nenv = { POSTGRES_DB = \"main\" }";
    let section = "[catalog.postgres]\nservice.user = \"1002:1002\"";
    let workspace = Workspace::new(section, &[("database.toml", page)]);
    let config = workspace.config().unwrap();
    let manifest = postgres(&json!({})).manifest();
    let profile = Profile::find("prod", &config).unwrap();
    let sources = |key: &str, rest: Option<&str>| -> Vec<String> {
        let layers = config.layers(&manifest, &profile, &"postgres".parse().unwrap(), key, rest).unwrap();
        let source = |source: &LayerSource| match source {
            LayerSource::Catalog { file, line } => format!("{file}:{line:?}"),
            other => format!("{other:?}"),
        };
        layers.iter().map(|layer| format!("{} {}", layer.value.as_ref().unwrap(), source(&layer.source))).collect()
    };
    assert_eq!(
        sources("user", None),
        [
            "\"999:999\" postgres.toml:None",
            "\"1001:1001\" pages/database.toml:Some(4)",
            "\"1002:1002\" orch.toml:Some(3)"
        ]
    );
    assert_eq!(
        sources("env", Some("POSTGRES_DB")),
        ["\"app\" postgres.toml:None", "\"main\" pages/database.toml:Some(5)"]
    );
    assert_eq!(sources("grace", None), ["\"1m\" postgres.toml:None"]);
}

#[test]
fn the_command_says_which_files_it_is_from() {
    let page = "images = [\"postgres\"]\nname = \"Ours\"";
    let workspace =
        Workspace::new("[catalog.postgres]\nclusters = true", &[("pg.toml", page), ("ledger.toml", LEDGER)]);
    let shown = workspace.catalog(&["postgres:16"]);
    assert!(shown.starts_with("Ours (postgres:16), from postgres.toml, pages/pg.toml, orch.toml\n"), "{shown}");
    let list = workspace.catalog(&[]);
    let line = |image: &str| list.lines().find(|line| line.starts_with(image)).unwrap().to_owned();
    assert!(line("acme/ledger ").ends_with("database   Ledger  (pages/ledger.toml)"), "{list}");
    assert!(line("postgres ").ends_with("Ours  (pages/pg.toml, orch.toml)"), "{list}");
    assert!(line("redis ").ends_with("Redis"), "{list}");
    let entry: Value = serde_json::from_str(&workspace.catalog(&["acme/ledger", "--json"])).unwrap();
    assert_eq!(entry["pages"], json!([{"file": "pages/ledger.toml", "own": true}]));
}

#[test]
fn mistakes_have_their_file_and_line() {
    let cases = [
        ("name = \"x\"", "1:1: a page says in `images` which images it is about", "images = [\"acme/ledger\"]"),
        ("images = []", "1:10: a page says in `images`", ""),
        ("images = \"x\"", "1:10: a page says in `images`", ""),
        ("images = [1]", "1:11: expected a string", "quotes"),
        ("images = [\"postgres:16\"]", "1:11: an image of the catalog has no tag", "write `postgres`"),
        ("images = [\"Acme/X\"]", "1:11: ", "lower"),
        ("images = [\"x\", \"x\"]", "1:16: `x` is in pages/page.toml already", "one of them"),
        ("images = [\"x\"]\nimage = \"x\"", "2:9: invalid type: string", ""),
        ("images = [\"x\"]\nservcie = {}", "2:1: unknown key `servcie`", "did you mean `service`?"),
        ("images = [\"x\"]\nlike = \"postgers\"", "2:8: the catalog does not know the image `postgers`", "`postgres`?"),
        ("images = [\"x\"]\n[service]\nuser = \"root\"", "3:8: `root` is not a user", "numbers"),
        ("images = [\"x\"]\n[service]\nreplicas = 2", "3:1: unknown key `replicas` in `service`", ""),
        ("images = [\"x\"]\nlogin = { user = \"{nope\" }", "2:18: a `{` without its `}`", "twice"),
        ("images = [\"x\"", "1:14: ", ""),
        ("images = [\"x\"]\r\nclusters = \"\u{202e}\"", "2:12: invalid type", ""),
    ];
    for (text, message, help) in cases {
        let found = Workspace::new("", &[("page.toml", text)]).mistakes();
        let place = format!("pages/page.toml:{message}");
        assert!(found[0].starts_with(&place) && found[0].contains(help), "{text}: {found:?}");
        assert_eq!(found.len(), 1, "{text}: {found:?}");
    }
}

#[test]
fn mistakes_of_all_files_are_said_at_once() {
    let pages = [("a.toml", "images = [\"x\"]\nnmae = \"\""), ("b.toml", "images = [\"y\"]\nclient = 1")];
    let found = Workspace::new("[system]\nnam = \"x\"", &pages).mistakes();
    let places = ["orch.toml:3:1: ", "pages/a.toml:2:1: ", "pages/b.toml:2:10: "];
    assert!(found.len() == 3 && found.iter().zip(places).all(|(found, place)| found.starts_with(place)), "{found:?}");
}

#[test]
fn an_image_has_one_page_of_ones_own() {
    let pages = [("a.toml", "images = [\"redis\"]"), ("b.toml", "images = [\"x\", \"redis\"]")];
    let found = Workspace::new("", &pages).mistakes();
    assert_eq!(found, ["pages/b.toml:1:16: `redis` is in pages/a.toml already (say it in one of them)"]);
}

#[test]
fn nothing_is_like_itself_through_another() {
    let pages = [("a.toml", "images = [\"a\"]\nlike = \"b\""), ("b.toml", "images = [\"b\"]\nlike = \"a\"")];
    let found = Workspace::new("", &pages).mistakes();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("pages/a.toml:2:8: `a` is like `b`, and that is like `a`"), "{found:?}");
    // On the page of an image that is built in, its own name is the built-in one.
    let own = Workspace::new("", &[("a.toml", "images = [\"redis\"]\nlike = \"redis\"")]);
    assert!(own.catalog(&["redis"]).starts_with("Redis (redis), from redis.toml, pages/a.toml"));
}

#[test]
fn a_folder_that_is_not_there_is_said_where_it_is_named() {
    let workspace = Workspace::new("", &[]);
    std::fs::remove_dir(workspace.path().join("pages")).unwrap();
    let found = workspace.mistakes();
    assert!(found[0].starts_with("orch.toml:1:15: there is no folder `pages` (make it"), "{found:?}");
    for (text, message) in [("dir = \"\"", "2:7: `dir` is empty"), ("dir = 1", "2:7: expected a string")] {
        let Err(error) = Config::parse(&format!("[catalog]\n{text}")) else { panic!("{text}") };
        assert!(error.to_string().starts_with(&format!("orch.toml:{message}")), "{error}");
    }
}

/// What is in the folder besides: folders, what an editor leaves behind, what is no text or has no end.
#[cfg(unix)]
#[test]
fn what_is_no_page_is_left_alone_or_named() {
    let workspace = Workspace::new("", &[("ledger.toml", LEDGER), (".ledger.toml.swp", "\0"), (".x.toml", "=")]);
    std::fs::create_dir(workspace.path().join("pages/old.toml")).unwrap();
    workspace.config().unwrap_or_else(|error| panic!("{error}"));
    let refused = |name: &str, make: fn(&Utf8Path) -> std::io::Result<()>| {
        let path = workspace.path().join(format!("pages/{name}.toml"));
        make(&path).unwrap();
        assert_eq!(workspace.config().unwrap_err().to_string(), format!("cannot read `{path}`"));
        std::fs::remove_file(path).unwrap();
    };
    refused("binary", |path| std::fs::write(path, [0xff, 0xfe]));
    refused("device", |path| std::os::unix::fs::symlink("/dev/zero", path));
    refused("dangling", |path| std::os::unix::fs::symlink("nowhere", path));
    refused("large", |path| std::fs::write(path, "#".repeat((1 << 20) + 1)));
}

#[test]
fn the_schema_of_a_page_takes_every_page_of_ours() {
    let schema: Value = serde_json::from_str(&page_schema()).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let takes = |text: &str| {
        let table: toml::Table = text.parse().unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&serde_json::to_value(table).unwrap())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        errors
    };
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    let mut count = 0;
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().path().to_owned();
        assert_eq!(takes(&std::fs::read_to_string(&path).unwrap()), [""; 0], "{path}");
        count += 1;
    }
    assert!(count > 35, "{count}");
    assert_eq!(takes(LEDGER), [""; 0]);
    for wrong in ["name = \"x\"", "images = []", "images = [\"x\"]\nservcie = {}", "images = [\"x\"]\nclusters = 1"] {
        assert_ne!(takes(wrong), [""; 0], "{wrong}");
    }
}
