//! Everything that is wrong across crates is found in one run, each with its sources.

use crate::support::{Workspace, depending, on};

/// A workspace with every mistake that spans crates.
fn workspace(name: &str) -> Workspace {
    let workspace = Workspace::new(name);
    workspace.library(
        "postgres",
        "",
        r#"/// Where orders are kept.
#[orch::service(
    kind = "database",
    image = "postgres:16",
    id = "database",
    port(5432, scheme = "postgres"),
    provides = ["sql"],
    app_env(DATABASE_URL = "{url}"),
)]
pub struct Postgres;
"#,
    );
    workspace.library(
        "mysql",
        "",
        r#"#[orch::service(kind = "mail", image = "mailpit:1", id = "mail")]
pub struct MailPit;

#[orch::service(
    kind = "database",
    image = "mariadb:11",
    id = "legacy",
    port(3306, scheme = "mysql"),
    provides = ["sql"],
    app_env(DATABASE_URL = "{url}"),
)]
pub struct Legacy;
"#,
    );
    workspace.library(
        "search",
        "",
        r#"#[orch::service(kind = "search", image = "search:1", id = "search", consumes = ["sqll"])]
pub struct Search;

#[orch::service(kind = "search", image = "indexer:1", id = "indexer", consumes = ["sql"])]
pub struct Indexer;

#[orch::service(kind = "mail", image = "mailhog:1", id = "mail", provides = ["smtp"])]
pub struct MailHog;

#[orch::service(kind = "other", image = "newsletter:1", id = "newsletter", consumes = ["smtp"])]
pub struct Newsletter;
"#,
    );
    workspace.library(
        "telemetry",
        "",
        r#"#[orch::service(kind = "cache", image = "a:1", id = "collector", consumes = ["storage"])]
pub struct Collector;

#[orch::service(kind = "storage", image = "b:1", id = "storage", consumes = ["collector"])]
pub struct Storage;
"#,
    );
    workspace.package(
        "crates/client",
        &depending(""),
        "src/lib.rs",
        "#[orch::client(of = \"billling\")]\npub struct Billing;\n",
    );
    let all = on(&["postgres", "mysql", "search", "telemetry", "client"]);
    workspace.binary("shop", &all, "#[orch::app(port = 8080, after = [\"migrat\"])]\nfn main() {}\n");
    workspace.binary("billing", "", "#[orch::app(port = 8080, consumes = [\"message\"])]\nfn main() {}\n");
    workspace.binary("migrate", "", "#[orch::app(kind = \"job\")]\nfn main() {}\n");
    workspace
}

#[test]
fn all_are_found_in_one_run_each_with_its_sources() {
    let workspace = workspace("mistakes");
    let ran = workspace.run(&["manifest"]).ends(1);
    assert_eq!(ran.stdout, "");
    // What the second of two with one id provides is not missed on top of that.
    assert!(!ran.stderr.contains("consumes `smtp`"), "{}", ran.stderr);
    let report = ran.stderr.split_once("error").map(|(_, report)| format!("error{report}")).unwrap();
    let codes = [
        "duplicate-id",
        "unresolved-token",
        "ambiguous-token",
        "unknown-reference",
        "start-order-cycle",
        "binding-conflict",
    ];
    for code in codes {
        assert!(report.contains(&format!("error[{code}]")), "{code}:\n{report}");
    }
    insta::assert_snapshot!(workspace.normalise(&report));
}

#[test]
fn a_plan_finds_the_same() {
    let workspace = workspace("mistakes-planned");
    let codes = |arguments: &[&str]| {
        let ran = workspace.run(arguments).ends(1);
        let mut codes: Vec<String> =
            ran.stderr.lines().filter(|line| line.starts_with("error[")).map(str::to_owned).collect();
        codes.sort();
        codes
    };
    assert_eq!(codes(&["manifest"]), codes(&["inspect"]));
}
