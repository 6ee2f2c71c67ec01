//! What belongs to an application: its own dependency graph with its own features, and nothing else.

use crate::support::{Workspace, all_services, depending, on, service, services};

const APP: &str = "#[orch::app]\nfn main() {}\n";

/// A database with a second service under the feature `replica`.
fn replicated(workspace: &Workspace) {
    let text = format!(
        "{}#[cfg(feature = \"replica\")]\npub mod replica {{\n{}}}\n",
        service("pg", ""),
        service("pg-replica", "")
    );
    let manifest = format!("[features]\nreplica = []\n{}", depending(""));
    workspace.package("crates/pg", &manifest, "src/lib.rs", &text);
}

#[test]
fn each_application_has_the_services_of_its_own_features() {
    for resolver in ["1", "2", "3"] {
        let workspace = Workspace::new(&format!("features-{resolver}"));
        workspace.edit("Cargo.toml", "\"3\"", &format!("\"{resolver}\""));
        replicated(&workspace);
        workspace.binary("api", "pg = { path = \"../pg\", features = [\"replica\"] }", APP);
        workspace.app("worker", &["pg"]).app("report", &["pg"]);
        let manifest = workspace.manifest(&[]);
        assert_eq!(services(&manifest, "api"), ["pg", "pg-replica"], "resolver {resolver}");
        assert_eq!(services(&manifest, "worker"), ["pg"], "resolver {resolver}");
        assert_eq!(services(&manifest, "report"), ["pg"], "resolver {resolver}");
    }
}

#[test]
fn a_declaration_that_depends_on_features_is_shown_with_both_places() {
    let workspace = Workspace::new("features-conflict");
    let text = "#[cfg_attr(feature = \"tls\", orch::service(kind = \"other\", image = \"x:tls\", id = \"pg\"))]\n\
                #[cfg_attr(not(feature = \"tls\"), orch::service(kind = \"other\", image = \"x:1\", id = \"pg\"))]\n\
                pub struct Pg;\n";
    workspace.package("crates/pg", &format!("[features]\ntls = []\n{}", depending("")), "src/lib.rs", text);
    workspace.binary("api", "pg = { path = \"../pg\", features = [\"tls\"] }", APP).app("worker", &["pg"]);
    workspace.run(&["manifest"]).ends(1).says(&[
        "error[conflicting-declaration]",
        "`api` has it with `tls`, `worker` has it without features",
        "crates/pg/src/lib.rs:1:",
        "crates/pg/src/lib.rs:2:",
        "give the service another `id`",
    ]);
}

/// An application with an optional adapter that is on by default, and one that is not.
fn optional(name: &str) -> Workspace {
    let workspace = Workspace::new(name);
    workspace.adapter("pg").adapter("redis").adapter("mail").app("worker", &["mail"]);
    let manifest = "[features]\ndefault = [\"sql\"]\nsql = [\"dep:pg\"]\n\
                    [dependencies]\n{ORCH}\npg = { path = \"../pg\", optional = true }\nredis = { path = \"../redis\", optional = true }\n";
    workspace.package("crates/api", manifest, "src/main.rs", APP);
    workspace
}

#[test]
fn features_choose_optional_dependencies() {
    let workspace = optional("optional");
    let of_api = |flags: &[&str]| {
        let manifest = workspace.manifest(flags);
        services(&manifest, "api").iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(of_api(&[]), ["pg"]);
    assert_eq!(of_api(&["--features", "redis"]), ["pg", "redis"]);
    assert_eq!(of_api(&["--no-default-features"]), [""; 0]);
    assert_eq!(of_api(&["--no-default-features", "-F", "redis,sql", "-p", "api"]), ["pg", "redis"]);
    assert_eq!(of_api(&["--all-features"]), ["pg", "redis"]);
    assert_eq!(of_api(&["--features", "api/redis"]), ["pg", "redis"]);
}

#[test]
fn a_package_that_is_chosen_brings_only_its_own() {
    let workspace = optional("chosen");
    let manifest = workspace.manifest(&["-p", "worker"]);
    assert_eq!(all_services(&manifest), ["mail"]);
    assert_eq!(manifest.apps.len(), 1);
    let both = workspace.manifest(&["-p", "worker", "-p", "api"]);
    assert_eq!(all_services(&both), ["mail", "pg"]);
}

#[test]
fn a_feature_that_no_package_has_is_refused() {
    let workspace = optional("no-such-feature");
    for flags in [&["manifest", "-F", "rediss"][..], &["manifest", "-F", "rediss", "-p", "api"]] {
        let ran = workspace.run(flags).ends(5).says(&["rediss", "cargo refused"]);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn what_runs_in_build_scripts_tests_and_macros_is_not_counted() {
    let workspace = Workspace::new("host-only");
    for name in ["pg", "in-tests", "in-build", "in-macro", "below-build"] {
        workspace.adapter(name);
    }
    workspace.library("tools", &on(&["below-build"]), "");
    let macros = format!("[lib]\nproc-macro = true\n[dependencies]\n{}", on(&["in-macro"]));
    workspace.package("crates/macros", &macros, "src/lib.rs", "extern crate in_macro as _;\n");
    let manifest = format!(
        "{}[dev-dependencies]\n{}[build-dependencies]\n{}",
        depending(&on(&["pg", "macros"])),
        on(&["in-tests"]),
        on(&["in-build", "tools"])
    );
    workspace.package("crates/api", &manifest, "src/main.rs", APP);
    workspace.write("crates/api/build.rs", "use in_build as _;\nuse tools as _;\nfn main() {}\n");
    assert_eq!(all_services(&workspace.manifest(&[])), ["pg"]);
    // With a second application, what belongs to whom comes from `cargo tree`.
    workspace.app("worker", &["in-build"]);
    let manifest = workspace.manifest(&[]);
    assert_eq!(services(&manifest, "api"), ["pg"]);
    assert_eq!(services(&manifest, "worker"), ["in-build"]);
}

#[test]
fn what_a_macro_uses_with_more_features_is_not_taken_for_the_application() {
    let workspace = Workspace::new("macro-features");
    replicated(&workspace);
    workspace.library("shared", &on(&["pg"]), "");
    let macros = format!(
        "[lib]\nproc-macro = true\n[dependencies]\npg = {{ path = \"../pg\", features = [\"replica\"] }}\n{}",
        on(&["shared"])
    );
    workspace.package("crates/macros", &macros, "src/lib.rs", "");
    workspace.app("api", &["shared", "macros"]);
    workspace.binary(
        "worker",
        "pg = { path = \"../pg\", features = [\"replica\"] }\nshared = { path = \"../shared\" }",
        APP,
    );
    let manifest = workspace.manifest(&[]);
    assert_eq!(services(&manifest, "api"), ["pg"]);
    assert_eq!(services(&manifest, "worker"), ["pg", "pg-replica"]);
}

#[test]
fn a_facade_in_between_makes_no_difference() {
    let workspace = Workspace::new("facade");
    workspace.library("facade", "", "pub use orch;\npub use orch::service as needs;\n");
    let text = "#[facade::needs(kind = \"other\", image = \"x:1\", id = \"pg\")]\npub struct Pg;\n\
                #[facade::orch::service(kind = \"other\", image = \"x:1\", id = \"redis\")]\npub struct Redis;\n";
    let facade = format!("[dependencies]\n{}", on(&["facade"]));
    workspace.package("crates/adapters", &facade, "src/lib.rs", text);
    let app = "#[facade::orch::app]\nfn main() {}\n";
    workspace.package("crates/api", &format!("{facade}{}", on(&["adapters"])), "src/main.rs", app);
    assert_eq!(services(&workspace.manifest(&[]), "api"), ["pg", "redis"]);
}

#[test]
fn two_versions_of_one_adapter_both_count() {
    let workspace = Workspace::new("two-versions");
    let manifest = depending("");
    workspace.package("outside/old/pg", &manifest, "src/lib.rs", &service("pg", ""));
    workspace.package("outside/new/pg", &manifest, "src/lib.rs", &service("pg-two", ""));
    workspace.edit("outside/new/pg/Cargo.toml", "0.1.0", "2.0.0");
    let both = "old = { package = \"pg\", path = \"../../outside/old/pg\" }\nnew = { package = \"pg\", path = \"../../outside/new/pg\" }\n";
    workspace.binary("api", both, APP).binary("worker", both, APP);
    let found = workspace.manifest(&[]);
    assert_eq!(services(&found, "api"), ["pg", "pg-two"]);
    assert_eq!(services(&found, "worker"), ["pg", "pg-two"]);

    workspace.edit("outside/new/pg/src/lib.rs", "pg-two", "pg");
    workspace.run(&["manifest"]).ends(1).says(&["error[duplicate-id]", "old/pg/src/lib.rs:1:", "new/pg/src/lib.rs:1:"]);
}

#[test]
fn each_binary_of_a_package_is_an_application() {
    let workspace = Workspace::new("several-bins");
    workspace.adapter("pg");
    workspace.binary("shop", &on(&["pg"]), APP);
    workspace.write("crates/shop/src/bin/migrate.rs", "#[orch::app(kind = \"job\")]\nfn main() {}\n");
    workspace.write("crates/shop/src/bin/tool.rs", "fn main() {}\n");
    let own = format!("{}{APP}", service("scratch", ""));
    workspace.write("crates/shop/src/bin/import.rs", &own);
    let manifest = workspace.manifest(&[]);
    let ids: Vec<&str> = manifest.apps.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["import", "migrate", "shop"]);
    assert_eq!(services(&manifest, "import"), ["pg", "scratch"]);
    assert_eq!(services(&manifest, "migrate"), ["pg"]);
}

#[test]
fn a_library_names_the_binary_that_is_the_application() {
    let workspace = Workspace::new("app-in-lib");
    workspace.library("shop", "", "#[orch::app(bin = \"serve\", port = 8080)]\npub struct App;\n");
    workspace.write("crates/shop/src/bin/serve.rs", "use shop as _;\nfn main() {}\n");
    workspace.write("crates/shop/src/bin/tool.rs", "fn main() {}\n");
    let manifest = workspace.manifest(&[]);
    assert_eq!(manifest.apps.len(), 1);
    assert_eq!((manifest.apps[0].id.as_str(), manifest.apps[0].app.bin.as_deref()), ("serve", Some("serve")));

    workspace.edit("crates/shop/src/lib.rs", "serve", "server");
    workspace.run(&["manifest"]).ends(1).says(&[
        "error[unknown-binary]",
        "crates/shop/src/lib.rs:1:",
        "`bin = \"serve\"` or `bin = \"tool\"`",
    ]);
}

#[test]
fn an_application_that_is_a_dependency_does_not_count() {
    let workspace = Workspace::new("app-in-dependency");
    let text = format!("#[orch::app(bin = \"api\")]\npub struct App;\n{}", service("pg", ""));
    workspace.library("domain", "", &text);
    workspace.app("api", &["domain"]);
    let manifest = workspace.manifest(&[]);
    assert_eq!(manifest.apps.len(), 1);
    assert_eq!(manifest.apps[0].declared_by.package, "api");
    assert_eq!(services(&manifest, "api"), ["pg"]);
}

#[test]
fn a_package_named_in_the_configuration_counts_without_an_application() {
    let workspace = Workspace::new("extra-packages");
    workspace.adapter("pg").adapter("mailpit").app("api", &["pg"]);
    workspace.write("orch.toml", "[system]\nname = \"shop\"\npackages = [\"mailpit\"]\n");
    let manifest = workspace.manifest(&[]);
    assert_eq!(all_services(&manifest), ["mailpit", "pg"]);
    assert_eq!(services(&manifest, "api"), ["pg"]);
}

#[test]
fn a_lock_file_from_before_a_dependency_was_added_is_not_believed() {
    let workspace = Workspace::new("stale-lock");
    workspace.adapter("pg").adapter("redis").app("api", &["pg"]);
    workspace.package("crates/worker", "", "src/main.rs", "fn main() {}\n");
    assert_eq!(all_services(&workspace.manifest(&[])), ["pg"]);
    workspace.app("worker", &["redis"]);
    let manifest = workspace.manifest(&[]);
    assert_eq!(services(&manifest, "worker"), ["redis"]);
    assert_eq!(all_services(&manifest), ["pg", "redis"]);
}

#[test]
fn cargo_speaks_for_itself_when_the_workspace_does_not_compile() {
    let workspace = Workspace::new("no-compile-error");
    workspace.adapter("pg").app("api", &["pg"]);
    workspace.write("crates/pg/src/lib.rs", "pub fn wrong() -> u8 { \"text\" }\n");
    let cargo = workspace.cargo().args(["check", "-p", "api"]).output().unwrap();
    let theirs = String::from_utf8(cargo.stderr).unwrap();
    let error: String =
        theirs.lines().skip_while(|line| !line.starts_with("error[E0308]")).map(|l| format!("{l}\n")).collect();
    assert!(error.lines().count() > 5, "{theirs}");
    let ran = workspace.run(&["manifest"]).ends(5).says(&[&error, "the workspace does not compile"]);
    assert_eq!(ran.stdout, "");
}
