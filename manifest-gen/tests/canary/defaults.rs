//! A secret has no default, however it is tried.

use crate::needle::Needle;
use crate::support::{Workspace, on};
use crate::{Haystacks, run};

/// A variable that is a secret's as well, with a default: in one line, which an excerpt would show.
fn workspace(name: &str, default: &Needle, control: &Needle) -> Workspace {
    let workspace = Workspace::new(name);
    let infra = format!(
        "#[orch::service(kind = \"database\", image = \"postgres\", id = \"postgres\", port(5432, scheme = \"postgres\"), \
         env(POSTGRES_PASSWORD = secret(\"postgres-password\"), COPY = var(\"POSTGRES_PASSWORD\", default = \"{}\")), \
         app_env(DATABASE_URL = \"postgres://x:{{secret:postgres-password}}@{{host}}:{{port}}/x\"))]\n\
         pub struct Postgres;\n\
         #[orch::service(kind = \"other\", image = \"x\", id = \"control\", env(PLAIN = var(\"PLAIN\", default = \"{}\")))]\n\
         pub struct Control;\n",
        default.text, control.text
    );
    workspace.library("infra", "", &infra);
    workspace.binary("api", &on(&["infra"]), "#[orch::app]\nfn main() {}\n");
    workspace
}

const COMMANDS: [&str; 8] = [
    "manifest",
    "manifest --no-compile",
    "render --target compose,swarm,k8s --all-profiles",
    "render --target compose --stdout",
    "render --target compose --profile prod --check",
    "diff --target compose --profile staging prod",
    "inspect",
    "why postgres.env",
];

#[test]
fn a_default_in_an_attribute_is_refused_and_not_repeated() {
    let (default, control) = (Needle::new(), Needle::new());
    let workspace = workspace("canary-default", &default, &control);
    let mut haystacks = Haystacks::default();
    for line in COMMANDS {
        run(&workspace, line, &[], &mut haystacks).ends(1).says(&["secret-with-default", "POSTGRES_PASSWORD"]);
    }
    run(&workspace, "why postgres", &[], &mut haystacks).success();
    haystacks.written(workspace.root(), &|path| path.ends_with("crates"));
    haystacks.written(&workspace.target().join("orch"), &|_| false);
    assert!(!workspace.path("deploy").exists());
    // Beside it, the excerpt of another attribute is shown.
    haystacks.have(&control, &["standard error", "render"]);
    haystacks.have_none(&[("the default of a secret", &default)]);
}

#[test]
fn a_default_in_the_configuration_is_refused_and_not_repeated() {
    let (default, control) = (Needle::new(), Needle::new());
    let workspace = workspace("canary-default-toml", &default, &control);
    let infra = workspace.read("crates/infra/src/lib.rs");
    let own = format!(", COPY = var(\"POSTGRES_PASSWORD\", default = \"{}\")", default.text);
    assert!(infra.contains(&own));
    workspace.write("crates/infra/src/lib.rs", &infra.replace(&own, ""));
    let sections = format!(
        "[system]\nname = \"shop\"\n\
         [profiles.prod.services.postgres]\nenv = {{ B = {{ var = \"POSTGRES_PASSWORD\", default = \"{0}\" }} }}\n\
         [profiles.prod.apps.api]\ncommand = [{{ var = \"POSTGRES_PASSWORD\", default = \"{0}\" }}]\n",
        default.text
    );
    workspace.write("orch.toml", &sections);
    let mut haystacks = Haystacks::default();
    for line in [
        "render --target compose,swarm,k8s --profile prod",
        "render --target k8s --profile prod --stdout",
        "diff --target compose --profile staging prod",
        "inspect --profile prod",
        "why postgres.env --profile prod",
        "why api.command --profile prod",
    ] {
        run(&workspace, line, &[], &mut haystacks).ends(1).says(&["secret-with-default"]);
    }
    run(&workspace, "render --target compose --profile local", &[], &mut haystacks).success();
    run(&workspace, "manifest", &[], &mut haystacks).success();
    haystacks.written(workspace.root(), &|path| path.ends_with("orch.toml"));
    haystacks.written(&workspace.target().join("orch"), &|_| false);
    haystacks.have(&control, &["deploy/compose/local/compose.yaml"]);
    haystacks.have(&control, &["standard output of `manifest`"]);
    haystacks.have_none(&[("the default of a secret", &default)]);
}
