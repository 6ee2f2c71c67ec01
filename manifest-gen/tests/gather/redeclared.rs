//! What `[packages]` of `orch.toml` says about declarations in crates that cannot be edited.

use orch_manifest::Id;
use orch_manifest::manifest::{Manifest, ServiceEntry};

use crate::support::{Workspace, all_services, depending, services};

const APP: &str = "#[orch::app]\nfn main() {}\n";

/// A package from elsewhere.
fn foreign(workspace: &Workspace, name: &str, text: &str) {
    workspace.package(&format!("outside/{name}"), &depending(""), "src/lib.rs", text);
}

/// The lines of `[dependencies]` for packages from elsewhere.
fn on_foreign(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name} = {{ path = \"../../outside/{name}\" }}\n")).collect()
}

/// Two packages from elsewhere that declare a database under the same id, one application on each,
/// and what `orch.toml` says.
fn two_databases(name: &str, config: &str) -> Workspace {
    let workspace = Workspace::new(name);
    foreign(
        &workspace,
        "orders",
        r#"#[orch::service(kind = "database", image = "postgres:16", id = "database", health(none), port(5432, scheme = "postgres"),
    app_env(ORDERS_URL = "{url}"))]
pub struct Orders;
"#,
    );
    foreign(
        &workspace,
        "stock",
        r#"#[orch::service(kind = "x-ledger", image = "mariadb:11", id = "database", health(none), port(3306, scheme = "mysql"),
    provides = ["sql"], app_env(STOCK_URL = "{url}", STOCK_HOST = "{database.host}"))]
pub struct Stock;

#[orch::service(kind = "other", image = "exporter:1", id = "exporter", health(none), consumes = ["database"],
    env(SOURCE = template("{database.host}:{database.port}")))]
pub struct Exporter;
"#,
    );
    workspace.binary("api", &on_foreign(&["orders"]), APP).binary("worker", &on_foreign(&["stock"]), APP);
    workspace.write("orch.toml", &format!("[system]\nname = \"shop\"\n{config}"));
    workspace
}

fn service<'a>(manifest: &'a Manifest, id: &str) -> &'a ServiceEntry {
    manifest.service(&Id::parse(id).unwrap()).unwrap_or_else(|| panic!("no `{id}` in {}", manifest.to_json(false)))
}

/// A service as JSON, with its keys.
fn json(manifest: &Manifest, id: &str) -> serde_json::Value {
    serde_json::to_value(service(manifest, id)).unwrap()
}

#[test]
fn what_cannot_be_edited_is_said_to_be_for_orch_toml() {
    let workspace = two_databases("redeclared-not", "");
    workspace.run(&["manifest", "--no-compile"]).ends(1).says(&[
        "error[duplicate-id]",
        "`[packages.orders.services.database]` in orch.toml with `rename`, `same_as` or `disable`",
    ]);
}

#[test]
fn a_service_is_renamed_and_its_package_means_it_by_the_old_id() {
    let config = "[packages.stock.services.database]\nrename = \"stock\"\n";
    let workspace = two_databases("redeclared-renamed", config);
    let manifest = workspace.manifest(&[]);
    assert_eq!(manifest, workspace.manifest(&["--no-compile"]));
    assert_eq!(all_services(&manifest), ["database", "exporter", "stock"]);
    assert_eq!(services(&manifest, "api"), ["database"]);
    assert_eq!(services(&manifest, "worker"), ["exporter", "stock"]);
    assert_eq!(service(&manifest, "stock").declared_by.package, "stock");
    assert_eq!(json(&manifest, "stock")["appEnv"]["STOCK_HOST"], "{stock.host}");
    assert_eq!(json(&manifest, "exporter")["consumes"], serde_json::json!(["stock"]));
    assert_eq!(json(&manifest, "exporter")["env"]["SOURCE"]["template"], "{stock.host}:{stock.port}");
    let shown = workspace.run(&["why", "stock", "--no-compile"]).success().stdout;
    assert!(shown.contains("worker depends on stock"), "{shown}");
}

#[test]
fn others_mean_it_by_the_old_id_where_nothing_else_has_it() {
    let workspace = Workspace::new("redeclared-everywhere");
    foreign(
        &workspace,
        "infra",
        "#[orch::service(kind = \"cache\", image = \"x:1\", id = \"store\", health(none), port = 1)]\npub struct A;\n",
    );
    workspace.binary(
        "api",
        &on_foreign(&["infra"]),
        "#[orch::app(uses = [\"store\"], env(AT = template(\"{store.host}\")), consumes = [\"store\"])]\nfn main() {}\n",
    );
    workspace.write("orch.toml", "[system]\nname = \"shop\"\n[packages.infra.services.store]\nrename = \"cache-1\"\n");
    let manifest = workspace.manifest(&["--no-compile"]);
    let app = serde_json::to_value(&manifest.apps[0]).unwrap();
    assert_eq!(app["uses"], serde_json::json!(["cache-1"]));
    assert_eq!(app["consumes"], serde_json::json!(["cache-1"]));
    assert_eq!(app["env"]["AT"]["template"], "{cache-1.host}");
}

#[test]
fn a_service_that_is_the_same_as_another_gives_it_what_it_provides() {
    let config = "[packages.stock.services.database]\nsame_as = \"database\"\n";
    let workspace = two_databases("redeclared-same", config);
    let manifest = workspace.manifest(&["--no-compile"]);
    assert_eq!(all_services(&manifest), ["database", "exporter"]);
    assert_eq!(services(&manifest, "worker"), ["database", "exporter"]);
    let database = json(&manifest, "database");
    assert_eq!(database["image"], "postgres:16");
    assert_eq!(database["provides"], serde_json::json!(["sql", "x-ledger"]));
    let variables = database["appEnv"].as_object().unwrap();
    assert_eq!(variables.keys().collect::<Vec<_>>(), ["ORDERS_URL", "STOCK_HOST", "STOCK_URL"]);
    let plan = workspace.run(&["render", "--target", "compose", "--stdout", "--no-compile"]).success().stdout;
    assert!(plan.contains("STOCK_URL: postgres://database:5432"), "{plan}");
    let shown = workspace.run(&["why", "database", "--no-compile"]).success().stdout;
    assert!(shown.contains("api depends on orders") && shown.contains("worker depends on stock"), "{shown}");
}

#[test]
fn a_service_may_be_the_same_as_one_of_another_id() {
    let config = "[packages.orders.services.database]\nrename = \"main\"\n\
                  [packages.stock.services.database]\nsame_as = \"main\"\n";
    let manifest = two_databases("redeclared-chain", config).manifest(&["--no-compile"]);
    assert_eq!(all_services(&manifest), ["exporter", "main"]);
    assert_eq!(services(&manifest, "worker"), ["exporter", "main"]);
    assert_eq!(json(&manifest, "exporter")["consumes"], serde_json::json!(["main"]));
}

#[test]
fn a_variable_with_two_meanings_is_shown_with_both_places() {
    let workspace =
        two_databases("redeclared-conflict", "[packages.stock.services.database]\nsame_as = \"database\"\n");
    workspace.edit("outside/stock/src/lib.rs", "STOCK_URL = \"{url}\"", "ORDERS_URL = \"{host}\"");
    workspace.run(&["manifest", "--no-compile"]).ends(1).says(&[
        "error[binding-conflict]",
        "`ORDERS_URL` is `{url}` of `database` and `{host}` of `database`, which orch.toml takes for the same",
        "outside/orders/src/lib.rs:1",
        "outside/stock/src/lib.rs:1",
        "write `rename` instead of `same_as`",
    ]);
}

#[test]
fn a_disabled_service_is_used_by_nobody() {
    let config =
        "[packages.stock.services.database]\ndisable = true\n[packages.stock.services.exporter]\ndisable = true\n";
    let workspace = two_databases("redeclared-disabled", config);
    let manifest = workspace.manifest(&["--no-compile"]);
    assert_eq!(all_services(&manifest), ["database"]);
    assert_eq!(services(&manifest, "worker"), [""; 0]);
    workspace.edit("orch.toml", "[packages.stock.services.database]\ndisable = true\n", "");
    workspace.edit("orch.toml", "exporter", "database");
    workspace.edit("outside/orders/src/lib.rs", "\"database\", health", "\"orders\", health");
    workspace.edit("outside/orders/src/lib.rs", "kind = \"database\"", "kind = \"x-orders\"");
    // What is left of the package needs it.
    workspace.run(&["manifest", "--no-compile"]).ends(1).says(&["error[unresolved-token]", "consumes `database`"]);
}

#[test]
fn an_application_does_not_name_what_is_disabled() {
    let workspace = two_databases("redeclared-uses", "[packages.stock.services.exporter]\ndisable = true\n");
    workspace.edit("orch.toml", "[packages", "[packages.stock.services.database]\nrename = \"stock\"\n[packages");
    workspace.edit("crates/worker/src/main.rs", "#[orch::app]", "#[orch::app(uses = [\"stock\", \"exporter\"])]");
    workspace.run(&["manifest", "--no-compile"]).ends(1).says(&[
        "error[unknown-reference]",
        "`worker` uses `exporter`, which orch.toml disables",
        "take it out of `uses`",
    ]);
}

#[test]
fn a_version_may_be_named() {
    let config = "[packages.\"stock@0.1.0\".services.database]\nrename = \"stock\"\n";
    let workspace = two_databases("redeclared-version", config);
    assert_eq!(all_services(&workspace.manifest(&["--no-compile"])), ["database", "exporter", "stock"]);
    workspace.edit("orch.toml", "0.1.0", "0.2.0");
    workspace.run(&["manifest", "--no-compile"]).ends(1).says(&["no package `stock@0.2.0` declares anything here"]);
}

#[test]
fn what_there_is_not_is_shown_with_its_line_and_the_nearest() {
    let config = "[packages.stok.services.database]\ndisable = true\n\
                  [packages.orders.services.databse]\nrename = \"orders\"\n\
                  [packages.stock.services.database]\nsame_as = \"databas\"\n";
    let workspace = two_databases("redeclared-unknown", config);
    workspace.run(&["manifest", "--no-compile"]).ends(1).says(&[
        "orch.toml:3:11: no package `stok` declares anything here (did you mean `stock`?)",
        "orch.toml:5:27: the package `orders` declares no service `databse` (did you mean `database`?)",
        "orch.toml:8:11: there is no service `databas` that `database` could be the same as (did you mean `database`?)",
    ]);
}

#[test]
fn a_package_that_is_not_chosen_may_declare_anything() {
    let workspace = two_databases("redeclared-unread", "[packages.stock.services.anything]\nsame_as = \"any\"\n");
    assert_eq!(all_services(&workspace.manifest(&["--no-compile", "-p", "api"])), ["database"]);
}

#[test]
fn a_section_says_one_thing() {
    let config = "[packages.stock.services.a]\nrename = \"b\"\nsame_as = \"c\"\n\
                  [packages.stock.services.b]\n\
                  [packages.stock.services.c]\nrename = \"c\"\n\
                  [packages.stock.services.d]\nrenam = \"e\"\n\
                  [packages.stock.service.e]\n\
                  [packages.stock.services.f]\ndisable = \"yes\"\n";
    two_databases("redeclared-grammar", config).run(&["manifest", "--no-compile"]).ends(1).says(&[
        "orch.toml:5:1: `same_as` does not go with `rename` (keep one of them)",
        "orch.toml:6:26: nothing is said about `b` (write `rename = \"…\"`, `same_as = \"…\"` or `disable = true`)",
        "orch.toml:8:10: `c` is its id already (write another id)",
        "orch.toml:10:1: unknown key `renam` in a service of a package (did you mean `rename`?)",
        "orch.toml:11:17: unknown key `service` in a package (did you mean `services`?)",
        "orch.toml:13:11: `disable` is `true` or `false`",
    ]);
}
