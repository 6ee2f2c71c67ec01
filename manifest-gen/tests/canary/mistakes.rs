//! What is said about a mistake does not repeat what may be a secret. The compiler shows the line of the
//! source by nature; what is said beside it is ours.

use crate::needle::Needle;
use crate::support::{Workspace, on};
use crate::{Haystacks, run};
use std::fmt::Write as _;

/// What somebody may write who has the value of a secret at hand, `VALUE`, in an attribute of a service.
const SERVICE: [&str; 25] = [
    r#"env(A = secret("x", default = "VALUE"))"#,
    r#"env(A = secret("x", value = "VALUE"))"#,
    r#"env(A = secret("x", "VALUE"))"#,
    r#"env(A = secret("VALUE!"))"#,
    r#"env(A = secret("Up-VALUE"))"#,
    r"env(A = secret(VALUE))",
    r#"env(A = secret("x" "VALUE"))"#,
    r#"env(A = secret("x", key = "VALUE!"))"#,
    r#"env(A = secret("x", key = ["VALUE"]))"#,
    r#"env(A = secret(["VALUE"]))"#,
    r#"env(A "VALUE")"#,
    r#"env(A = secret { "VALUE" })"#,
    r#"env(A = template("{secret:x:-VALUE}"))"#,
    r#"env(A = template("{secret:VALUE!}"))"#,
    r#"env(A = template("{secret.x.VALUE}"))"#,
    r#"env(A = template("{secret(VALUE)}"))"#,
    r#"env(A = template("x:VALUE} and {secret:x}"))"#,
    r#"env(A = template("x:VALUE{secret:x"))"#,
    r#"app_env(B = secret("VALUE!"))"#,
    r#"app_env(B = "postgres://x:{secret:x=VALUE}@{host}")"#,
    r#"command = ["x", secret("VALUE?")]"#,
    r#"entrypoint = [secret("x", default = "VALUE")]"#,
    r#"health(command = ["x", secret("VALUE!")])"#,
    r#"params = "password=VALUE""#,
    r#"env = "VALUE""#,
];

/// The same of an external service.
const EXTERNAL: [&str; 8] = [
    r#"url = "postgres://x:VALUE@h/x""#,
    r#"url = var("X", default = "postgres://x:VALUE@h/x")"#,
    r#"url = template("postgres://x:VALUE@{id}/x")"#,
    r#"url = secret("postgres://x:VALUE@h/x")"#,
    r#"host = "h", user = secret("VALUE ")"#,
    r#"host = "h", database = secret("x", default = "VALUE")"#,
    r#"host = "h", params(password = secret("VALUE!"))"#,
    r#"host = "h", params = secret("VALUE!")"#,
];

#[test]
fn what_is_wrong_in_an_attribute_is_said_without_the_secret() {
    let (value, control) = (Needle::new(), Needle::new());
    let workspace = Workspace::new("canary-mistakes");
    let head = "#[orch::service(kind = \"other\", ";
    let mut infra = format!("{head}id = \"control\", image = \"x:{}!\")]\npub struct Control;\n", control.text);
    for (number, keys) in SERVICE.iter().enumerate() {
        let _ = write!(infra, "{head}id = \"s{number}\", image = \"x:1\", {keys})]\npub struct S{number};\n");
    }
    for (number, keys) in EXTERNAL.iter().enumerate() {
        let _ = write!(infra, "{head}id = \"e{number}\", deployment = \"external\", {keys})]\npub struct E{number};\n");
    }
    workspace.library("infra", "", &infra.replace("VALUE", &value.text));
    workspace.binary("api", &on(&["infra"]), "#[orch::app]\nfn main() {}\n");
    let mut haystacks = Haystacks::default();
    let read = run(&workspace, "manifest --no-compile", &[], &mut haystacks).ends(5);
    for line in 1..=1 + 2 * (SERVICE.len() + EXTERNAL.len()) {
        let place = format!("lib.rs:{line}:");
        assert_eq!(line % 2 == 1, read.stderr.contains(&place), "nothing is said about line {line}:\n{}", read.stderr);
    }
    let compiled = run(&workspace, "render --target compose", &[], &mut haystacks).ends(5);
    // Lines of the source have their number and a bar before them.
    let ours: String =
        compiled.stderr.lines().filter(|line| !line.contains(" | ")).map(|line| format!("{line}\n")).collect();
    assert!(value.find(compiled.stderr.as_bytes()).is_some() && ours.contains("is not an image reference"));
    haystacks.printed("render --target compose", &crate::support::Ran { stderr: ours, ..compiled });
    haystacks.have(&control, &["standard error", "manifest"]);
    haystacks.have(&control, &["standard error", "render"]);
    haystacks.have_none(&[("what may be a secret", &value)]);
}

/// Lines of `orch.toml`, each of which is a whole one.
const CONFIGURATIONS: [&str; 17] = [
    r#"[services.control]
env = { A = { secret = "x", default = "VALUE" } }"#,
    r#"[services.control]
env = { A = { secret = "VALUE!" } }"#,
    r#"[services.control]
env = { A = { secret = ["VALUE"] } }"#,
    r#"[services.control]
env = { A = { secret = "x", key = "VALUE!" } }"#,
    r#"[services.control]
env = { A = { secret = "x", value = "VALUE" } }"#,
    r#"[services.control]
env = { A = { template = "{secret:x:-VALUE}" } }"#,
    r#"[services.control]
env = { A = { template = "VALUE}" } }"#,
    r#"[services.control]
app_env = { A = "x:{secret:VALUE!}" }"#,
    r#"[services.control]
command = [{ secret = "VALUE!" }]"#,
    r#"[services.control]
env = { A = { secret = "VALUE } }"#,
    r#"[secrets.x]
default = "VALUE""#,
    r#"[secrets.x]
kubernetes = "VALUE""#,
    r#"[secrets.x]
kubernetes = { name = "VALUE!", key = "VALUE!" }"#,
    r#"[secrets]
x = "VALUE""#,
    r#"[secrets."VALUE!"]
kubernetes = { name = "x" }"#,
    r#"[profiles.prod.services.control]
unset = ["image"]
deployment = "external"
url = "postgres://x:VALUE@h/x""#,
    r#"[profiles.prod.services.control]
unset = ["image"]
deployment = "external"
url = { secret = "postgres://x:VALUE@h/x" }"#,
];

/// Positions of a service in a manifest.
const MANIFESTS: [&str; 7] = [
    r#""env": { "A": { "secret": "VALUE!" } }"#,
    r#""env": { "A": { "secret": "x", "key": "VALUE!" } }"#,
    r#""env": { "A": { "template": "{secret:VALUE!}" } }"#,
    r#""env": "VALUE""#,
    r#""appEnv": { "A": "{secret:x:-VALUE}" }"#,
    r#""appEnv": { "A": { "secret": "VALUE!" } }"#,
    r#""deployment": "external", "connection": "postgres://x:\"VALUE@h""#,
];

#[test]
fn what_is_wrong_in_a_configuration_or_a_manifest_is_said_without_the_secret() {
    let (value, control) = (Needle::new(), Needle::new());
    let workspace = Workspace::bare("canary-configurations");
    let manifest = |more: &str| {
        let place = r#""declaredBy": { "package": "p", "file": "f", "item": "I" }"#;
        let service = format!(r#"{{ "id": "control", "kind": "other", "image": "x:1", {more} {place} }}"#);
        format!(r#"{{ "schemaVersion": 1, "system": "shop", "services": [{service}] }}"#)
    };
    let mut haystacks = Haystacks::default();
    workspace.write("manifest.json", &manifest(""));
    let line = "render --target compose --manifest manifest.json --config orch.toml --profile prod";
    let control_line = format!("[services.control]\nimage = \"x:{}!\"\n", control.text);
    let both = CONFIGURATIONS.iter().map(|text| text.replace("VALUE", &value.text)).chain([control_line]);
    for (number, text) in both.enumerate() {
        workspace.write("orch.toml", &text);
        let ran = run(&workspace, line, &[], &mut haystacks).ends(1).says(&["orch.toml:"]);
        haystacks.printed(&format!("configuration {number}"), &ran);
    }
    haystacks.have(&control, &["standard error", "configuration"]);

    workspace.write("orch.toml", "");
    for (number, text) in MANIFESTS.iter().enumerate() {
        workspace.write("manifest.json", &manifest(&format!("{},", text.replace("VALUE", &value.text))));
        let ran = run(&workspace, line, &[], &mut haystacks).ends(1).says(&["the manifest cannot be read"]);
        haystacks.printed(&format!("manifest {number}"), &ran);
    }
    haystacks.have_none(&[("what may be a secret", &value)]);
    assert!(!workspace.path("deploy").exists());
}
