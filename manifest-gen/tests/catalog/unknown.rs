//! An image that the catalog does not know is asked for what is missing, and that is enough.

use cargo_orch::finding::{Code, Finding};
use orch_attributes::Attribute;
use orch_manifest::fragment::Declaration;
use orch_manifest::manifest::{DeclaredBy, ServiceEntry};
use proc_macro2::Span;
use serde_json::{Value, json};

use super::{System, messages};

fn found(system: &System, code: Code) -> Vec<Finding> {
    system.plan("prod").findings.into_iter().filter(|finding| finding.code == code).collect()
}

/// What is asked for of a service in one line, whose image is not known: the code, what is missing, and what to
/// write in the attribute and in `orch.toml`.
fn asked(system: &System) -> Vec<(Code, String, String)> {
    let findings = system.plan("prod").findings;
    let asked = findings.into_iter().filter(|finding| [Code::UnknownImage, Code::NoHealth].contains(&finding.code));
    let mut found = Vec::new();
    for finding in asked {
        let help = finding.help.unwrap();
        let mut quoted = help.split('`').skip(1).step_by(2);
        let (attribute, section, toml) = (quoted.next().unwrap(), quoted.next().unwrap(), quoted.next().unwrap());
        assert_eq!(section, "[catalog.\"acme/ledger\".service]", "{help}");
        found.push((finding.code, attribute.to_owned(), toml.to_owned()));
    }
    found
}

fn ledger() -> System {
    System::new().with("ledger", "database", "acme/ledger:1", &json!({}))
}

/// A line with its blanks filled in, as a person would.
fn filled(line: &str) -> String {
    let blanks =
        [("NUMBER", "7000"), ("/PATH", "/data"), ("UID:GID", "1000:1000"), ("NAME_URL", "LEDGER_URL"), ("…", "ledger")];
    blanks.iter().fold(line.to_owned(), |line, (blank, value)| line.replace(blank, value))
}

#[test]
fn each_line_that_is_missing_is_said() {
    let asked = asked(&ledger());
    let mut attributes: Vec<&str> = asked.iter().map(|(_, attribute, _)| attribute.as_str()).collect();
    attributes.sort_unstable();
    let expected = [
        "app_env(NAME_URL = \"{url}\")",
        "health(http = \"/PATH\")",
        "port(NUMBER, name = \"…\", scheme = \"…\")",
        "user = \"UID:GID\"",
        "volume(\"/PATH\", name = \"data\", size = \"10Gi\")",
    ];
    assert_eq!(attributes, expected);
}

/// Each line takes its finding away and no other, in `orch.toml` and in the attribute.
#[test]
fn what_is_said_can_be_pasted() {
    let all = asked(&ledger());
    for (index, (_, _, toml)) in all.iter().enumerate() {
        let section = format!("[catalog.\"acme/ledger\".service]\n{}", filled(toml));
        // A check asks a port, so the port is there where the check is.
        let port = all.iter().find(|(_, _, toml)| toml.starts_with("port") && section.contains("health"));
        let port = port.map(|(_, _, toml)| format!("\n{}", filled(toml))).unwrap_or_default();
        let left = asked(&ledger().config(&(section + &port)));
        assert!(!left.contains(&all[index]), "{toml}: {left:?}");
    }
    let lines: Vec<String> = all.iter().map(|(_, _, toml)| filled(toml)).collect();
    let whole = ledger().config(&format!("[catalog.\"acme/ledger\".service]\n{}", lines.join("\n")));
    for target in ["compose", "swarm", "k8s"] {
        let warnings = super::systems::found(&whole.plan("prod"), target);
        assert_eq!(warnings, [""; 0], "nothing else is missing for {target}");
    }
    let attributes: Vec<String> = all.iter().map(|(_, attribute, _)| filled(attribute)).collect();
    let stated = declared(&format!("kind = \"database\", image = \"acme/ledger:1\", {}", attributes.join(", ")));
    let system = System { services: vec![stated], ..System::new() };
    assert_eq!(asked(&system), []);
}

/// The service that these arguments of the attribute declare, as a manifest has it.
fn declared(arguments: &str) -> Value {
    let mut problems = Vec::new();
    let declaration = Attribute::Service.read(arguments.parse().unwrap(), "Ledger", Span::call_site(), &mut problems);
    let Some(Declaration::Service(service)) = declaration else { panic!("{arguments}") };
    assert!(problems.is_empty(), "{arguments}: {:?}", problems[0].message);
    let place =
        DeclaredBy { package: "p".into(), version: None, file: "src/lib.rs".into(), item: "Ledger".into(), line: None };
    serde_json::to_value(ServiceEntry { service, declared_by: place }).unwrap()
}

#[test]
fn what_is_said_is_enough() {
    let stated = json!({"ports": [{"number": 7000, "name": "x", "scheme": "x"}], "user": "1:1", "health": {"check": {"tcp": 7000}},
        "volumes": [{"path": "/data", "name": "data"}], "appEnv": {"LEDGER_URL": "{url}"}});
    let system = System::new().with("ledger", "database", "acme/ledger:1", &stated);
    assert_eq!(messages(&found(&system, Code::UnknownImage)), [""; 0]);
    let once = System::new().with("ledger", "database", "acme/ledger:1", &json!({})).config(
        "[catalog.\"acme/ledger\".service]\nport = { number = 7000, name = \"x\", scheme = \"x\" }\nuser = \"1:1\"\n\
         volume = { path = \"/data\", name = \"data\" }\nhealth = { tcp = 7000 }\napp_env = { LEDGER_URL = \"{url}\" }",
    );
    assert_eq!(messages(&found(&once, Code::UnknownImage)), [""; 0]);
}

/// Nothing that nobody uses needs a port, and nothing soft has to be kept.
#[test]
fn only_what_is_needed_is_asked_for() {
    let agent = json!({"user": "1:1", "health": {"check": "none"}, "ports": [{"number": 1}]});
    let system = System::new().with("agent", "telemetry", "acme/agent:1", &agent);
    assert_eq!(messages(&found(&system, Code::UnknownImage)), [""; 0]);
}

#[test]
fn replicas_of_data_are_an_error_where_they_are_not_one() {
    let three = |image: &str| System::new().with("db", "database", image, &json!({"replicas": 3}));
    let found = |system: &System| found(system, Code::SeparateReplicas);
    let error = found(&three("postgres:16"));
    assert!(error[0].help.as_deref().unwrap().contains("`clusters = true`"), "{error:?}");
    // A server that can be one of several is one alone until it is told of the others.
    for image in ["cassandra:5.0", "apache/kafka:3.9.0", "elasticsearch:8.15.3", "rabbitmq:3.13"] {
        assert_eq!(found(&three(image)).len(), 1, "{image}");
    }
    assert_eq!(found(&three("postgres:16").config("[catalog.postgres]\nclusters = true")), []);
    assert!(three("postgres:16").plan("local").findings.iter().all(|finding| finding.code != Code::SeparateReplicas));
}

/// The attribute does not say that it keeps data, so it cannot be told; the number was not followed, in silence.
#[test]
fn data_that_the_catalog_knows_of_does_not_scale() {
    let scaled = |image: &str, mut stated: Value| {
        stated["scale"] = json!({"min": 1, "max": 3});
        let system = System::new().with("db", "database", image, &stated);
        messages(&found(&system, Code::SeparateReplicas)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = ["`scale` of `db`, which keeps data: each replica would have data of its own"];
    assert_eq!(scaled("postgres:16", json!({})), expected);
    let memory = json!({"volumes": [{"path": "/var/lib/postgresql/data", "ephemeral": true}]});
    assert_eq!(scaled("postgres:16", memory), [""; 0]);
}
