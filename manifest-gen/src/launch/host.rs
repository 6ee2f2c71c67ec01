//! What a process on the host is given: the bindings of an application, with everything that runs in
//! containers reached through the ports of the host.

use std::collections::BTreeMap;

use orch_manifest::manifest::{AppEntry, Manifest};
use orch_manifest::{Id, Port};

use super::environment::{Value, Vault};
use super::secrets::SecretError;
use super::state::{PortRecord, State};
use crate::plan::{Environment, Piece, Place, Places, Plan, Workload, system};
use crate::target::SecretFile;
use crate::target::compose::SECRETS;

/// Where a process on the host finds what runs, and where an application on it listens.
pub fn places(state: &State, plan: &Plan) -> Places {
    let mut places = Places::new();
    let mut reached = |id: &Id, own: Port, port: Port| {
        let place = places.entry(id.clone());
        let place = place.or_insert_with(|| Place { host: "127.0.0.1".to_owned(), ports: BTreeMap::new() });
        place.ports.insert(own, port);
    };
    for record in state.ports.values() {
        reached(&record.service, record.target, record.assigned);
    }
    // Whoever is used in place of a service listens here as well.
    for (id, port) in &state.skipped {
        if let Some(own) = plan.workload(id).and_then(|workload| workload.ports.first()) {
            reached(id, own.port.number, *port);
        }
    }
    places
}

/// Why a process cannot be given what it needs.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A secret is not there.
    #[error("the secret `{0}` is not there")]
    Secret(String),
    /// A secret cannot be read.
    #[error(transparent)]
    Read(#[from] SecretError),
    /// A variable of the deployer is not set.
    #[error("`{0}` is not set, and it has no default")]
    Variable(String),
    /// A value names a port of the host that nobody has assigned.
    #[error("the port `{port}` of `{id}` is not published")]
    Port {
        /// Whose.
        id: Id,
        /// The port.
        port: String,
    },
}

/// The variables of an application of a plan that was made with [`places`].
pub fn variables(
    plan: &Plan,
    app: &Workload,
    ports: &BTreeMap<String, PortRecord>,
    vault: &Vault,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, Value>, HostError> {
    let mut variables = BTreeMap::new();
    for (name, Environment { value, .. }) in &app.env {
        let mut text = String::new();
        for piece in &value.pieces {
            text.push_str(&resolve(piece, plan, ports, vault, environment)?);
        }
        let value = if value.is_secret() { Value::Secret(text, None) } else { Value::Open(text) };
        variables.insert(name.to_string(), value);
    }
    if let Some(folder) = &vault.folder {
        variables.insert(SECRETS.to_owned(), Value::Open(folder.display().to_string()));
    }
    Ok(variables)
}

/// What applications on the host read by themselves, each in a file of its program's name: what it is told
/// of the system, and where the secrets are. No secret is in it.
///
/// The plan is one that was made with [`places`].
pub fn told(plan: &Plan, manifest: &Manifest, vault: &Vault) -> BTreeMap<String, String> {
    let file = |entry: &AppEntry| {
        let program = entry.app.bin.as_deref().unwrap_or(entry.id.as_str());
        let told = plan.workload(&entry.id)?.env.iter().find(|(name, _)| name.as_str() == system::VARIABLE)?.1;
        let mut variables = serde_json::Map::new();
        variables.insert(system::VARIABLE.to_owned(), told.value.as_literal()?.into());
        if let Some(folder) = &vault.folder {
            variables.insert(SECRETS.to_owned(), folder.display().to_string().into());
        }
        Some((format!("{program}.json"), format!("{:#}\n", serde_json::Value::from(variables))))
    };
    manifest.apps.iter().filter_map(file).collect()
}

fn resolve(
    piece: &Piece,
    plan: &Plan,
    ports: &BTreeMap<String, PortRecord>,
    vault: &Vault,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<String, HostError> {
    Ok(match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Secret { name, key, in_url } => {
            let secret = SecretFile { secret: name.clone(), key: key.clone() };
            let value = vault.read(&secret, environment)?.ok_or_else(|| HostError::Secret(secret.name()))?;
            if *in_url { percent_encoded(value.expose()) } else { value.expose().to_owned() }
        }
        Piece::Variable { name, default } => {
            let value = environment(name.as_str()).filter(|value| !value.is_empty());
            value.or_else(|| default.clone()).ok_or_else(|| HostError::Variable(name.to_string()))?
        }
        Piece::HostPort { id, port } => {
            let own = plan.workload(id).map(|workload| &workload.ports).into_iter().flatten();
            let number = own.filter(|own| own.port.name.as_ref() == Some(port)).map(|own| own.port.number).next();
            let record = ports.values().find(|record| record.service == *id && Some(record.target) == number);
            let absent = || HostError::Port { id: id.clone(), port: port.to_string() };
            record.ok_or_else(absent)?.assigned.to_string()
        }
    })
}

/// Everything but what means itself everywhere in a URL (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use orch_manifest::manifest::Manifest;
    use orch_manifest::{Id, Port, Protocol};
    use serde_json::{Value as Json, json};

    use super::super::ports::Source;
    use super::{HostError, PortRecord, State, Vault, percent_encoded, places, variables};
    use crate::catalog::Beneath;
    use crate::engine::Kind;
    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan, plan_with};

    fn record(service: &str, target: u16, assigned: u16) -> (String, PortRecord) {
        let port = |number: u16| Port::new(number.into()).unwrap();
        let record = PortRecord {
            service: Id::parse(service).unwrap(),
            target: port(target),
            protocol: Protocol::Tcp,
            desired: port(assigned),
            source: Source::Deterministic,
            assigned: port(assigned),
        };
        (format!("{service}_{target}"), record)
    }

    #[test]
    fn an_application_on_the_host_finds_everything_at_the_hosts_ports() {
        let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
        let text = json!({
            "schemaVersion": 1, "system": "s",
            "apps": [
                {"id": "api", "version": "0.1.0", "services": ["db"], "calls": ["billing"], "declaredBy": place,
                 "ports": [{"number": 8080}], "env": {"PORT": {"template": "{port}"}, "ZONE": {"var": "ZONE", "default": "a"}}},
                {"id": "billing", "version": "0.1.0", "declaredBy": place, "ports": [{"number": 8080}],
                 "appEnv": {"BILLING_URL": "{url}"}},
            ],
            "services": [{
                "id": "db", "kind": "database", "image": "x:1", "ports": [{"number": 5432, "name": "sql", "scheme": "postgres"}],
                "health": {"check": {"tcp": "sql"}}, "declaredBy": place,
                "appEnv": {"DB": "postgres://u:{secret:pw}@{host}:{port}/x", "ADDRESS": "{host}:{port:sql}"},
            }],
        });
        let manifest = Manifest::from_json(&text.to_string()).unwrap();
        let ports: BTreeMap<_, _> =
            [record("api", 8080, 9000), record("billing", 8080, 9001), record("db", 5432, 9002)].into();
        let mut state = State::new(manifest.system.clone(), "/w".into(), "s-local".to_owned(), Kind::Docker);
        state.ports.clone_from(&ports);
        let profile = Profile::built_in(Base::Local);
        let places = places(&state, &plan(&manifest, &profile));
        let plan = plan_with(&manifest, &profile, &Beneath::default(), &places);
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault { folder: Some(folder.path().to_owned()), makes: true };
        let app = plan.workload(&Id::parse("api").unwrap()).unwrap();
        assert!(
            matches!(variables(&plan, app, &ports, &vault, &|_| None), Err(HostError::Secret(name)) if name == "pw")
        );
        std::fs::write(folder.path().join("pw"), "a/b").unwrap();
        let given = variables(&plan, app, &ports, &vault, &|_| None).unwrap();
        for (name, value) in [
            ("PORT", "9000"),
            ("ZONE", "a"),
            ("BILLING_URL", "http://127.0.0.1:9001"),
            ("DB", "postgres://u:a%2Fb@127.0.0.1:9002/x"),
            ("ADDRESS", "127.0.0.1:9002"),
            ("ORCH_SECRETS", &folder.path().display().to_string()),
        ] {
            assert_eq!(given[name].expose(), value, "{name}");
        }
        let system: Json = serde_json::from_str(given["ORCH_SYSTEM"].expose()).unwrap();
        let db = &system["services"]["db"];
        assert_eq!((&db["host"], &db["port"]), (&json!([{"text": "127.0.0.1"}]), &json!(9002)));
        assert_eq!(
            (&db["ports"], &db["check"], &db["required"]),
            (&json!({"sql": 9002}), &json!({"tcp": "sql"}), &json!(true))
        );
    }

    #[test]
    fn nothing_in_a_secret_changes_a_url() {
        assert_eq!(percent_encoded("aZ0-._~/@:?#%é"), "aZ0-._~%2F%40%3A%3F%23%25%C3%A9");
    }
}
