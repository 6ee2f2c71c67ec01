//! What only this machine knows about a project, as a second file over the rendered one: whose checkout
//! everything belongs to, and where containers find the host.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::project::LABEL;
use crate::target::Compose;

/// The name of the file, in the folder of the rendered ones. JSON is YAML.
pub const FILE: &str = "checkout.json";

/// The name under which containers find the host.
pub const HOST: &str = "host.docker.internal";

/// Writes the file. On Linux no engine knows the host's name by itself, so `finds_host` says it.
pub fn write(view: &Compose, checkout: &Path, finds_host: bool) -> String {
    let view = serde_json::to_value(view).unwrap_or_default();
    let labels = json!({ LABEL: checkout.to_string_lossy().replace('$', "$$") });
    let names = |key: &str, name: fn(&Value) -> &Value| -> Vec<String> {
        let entries = view.get(key).and_then(Value::as_array).into_iter().flatten();
        entries.filter_map(|entry| name(entry).as_str().map(str::to_owned)).collect()
    };
    let section = |names: Vec<String>, value: &Value| -> Map<String, Value> {
        names.into_iter().map(|name| (name, value.clone())).collect()
    };
    let labelled = json!({ "labels": labels });
    let mut service = labelled.clone();
    if finds_host {
        service["extra_hosts"] = json!([format!("{HOST}:host-gateway")]);
    }
    let mut file = Map::new();
    for (key, section) in [
        ("services", section(names("services", |service| &service["id"]), &service)),
        ("networks", section(names("networks", |network| &network["name"]), &labelled)),
        ("volumes", section(names("volumes", |volume| volume), &labelled)),
    ] {
        if !section.is_empty() {
            file.insert(key.to_owned(), section.into());
        }
    }
    format!("{:#}\n", Value::Object(file))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use orch_manifest::manifest::Manifest;
    use serde_json::{Value, json};

    use super::write;
    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan};
    use crate::target::Compose;

    #[test]
    fn everything_that_an_engine_makes_names_the_checkout() {
        let service = json!({
            "id": "db", "kind": "other", "image": "x:1", "health": {"check": "none"},
            "volumes": [{"path": "/data", "name": "data"}],
            "declaredBy": {"package": "p", "file": "src/lib.rs", "item": "S"}
        });
        let text = json!({"schemaVersion": 1, "system": "s", "services": [service]}).to_string();
        let plan = plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(Base::Local));
        let file = |finds_host| -> Value {
            serde_json::from_str(&write(&Compose::new(&plan).0, Path::new("/a$b"), finds_host)).unwrap()
        };
        let labelled = json!({"labels": {"dev.orch.checkout": "/a$$b"}});
        assert_eq!(
            file(false),
            json!({"services": {"db": labelled}, "networks": {"internal": labelled}, "volumes": {"db_data": labelled}})
        );
        assert_eq!(file(true)["services"]["db"]["extra_hosts"], json!(["host.docker.internal:host-gateway"]));
    }
}
