//! Reads what a list of containers does not say: `docker inspect` and `podman inspect`.

use std::time::Duration;

use serde_json::Value;

/// What is known about a container beyond its place in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// How often the engine started it again.
    pub restarts: u64,
    /// When it was started last, as the engine writes it; tells one run from the next.
    pub started: String,
    /// The id of its image: another than that of the image's name when that was built anew.
    pub image: String,
    /// Whether it ended because it had used up its memory.
    pub out_of_memory: bool,
    /// Why it could not be started, as the engine says.
    pub error: String,
    /// For what it waits before it is started, as the engine says.
    pub waits: String,
    /// What its last failed health check said.
    pub check: String,
    /// Its health check, where it has one.
    pub probe: Option<Probe>,
    /// Its addresses in the networks of the engine.
    pub addresses: Vec<std::net::IpAddr>,
}

/// A container's health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// How long after one the next one is due.
    pub interval: Duration,
    /// How long it may take.
    pub timeout: Duration,
    /// How many failures in a row make it unhealthy.
    pub retries: u64,
    /// How many there were last, without those that were too early to count.
    pub failures: u64,
}

/// Reads details with the ids they are about. What is no container is left out.
pub fn parse(bytes: &[u8]) -> Option<Vec<(String, Details)>> {
    let values: Vec<Value> = serde_json::from_slice(bytes).ok()?;
    Some(values.iter().filter_map(|value| Some((value.get("Id")?.as_str()?.to_owned(), details(value)))).collect())
}

fn details(value: &Value) -> Details {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    // Podman calls it `Healthcheck` up to 4, and `Health` since.
    let checks = ["/State/Health/Log", "/State/Healthcheck/Log"].iter().find_map(|pointer| value.pointer(pointer));
    let failed = checks.and_then(Value::as_array).into_iter().flatten().rev();
    let failed = failed.filter(|check| check.get("ExitCode").and_then(Value::as_i64).is_some_and(|code| code != 0));
    let said = failed.filter_map(|check| check.get("Output")?.as_str()).find(|said| !said.trim().is_empty());
    let networks = value.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
    let address = |network: &Value| network.get("IPAddress")?.as_str()?.parse().ok();
    Details {
        restarts: value.get("RestartCount").and_then(Value::as_u64).unwrap_or_default(),
        started: text("/State/StartedAt"),
        image: text("/Image").trim_start_matches("sha256:").to_owned(),
        out_of_memory: value.pointer("/State/OOMKilled").and_then(Value::as_bool).unwrap_or_default(),
        error: text("/State/Error"),
        waits: String::new(),
        check: said.unwrap_or_default().trim().to_owned(),
        probe: probe(value),
        addresses: networks.into_iter().flat_map(|networks| networks.values()).filter_map(address).collect(),
    }
}

/// Times are in nanoseconds; where none is said, those of both engines.
fn probe(value: &Value) -> Option<Probe> {
    let check = value.pointer("/Config/Healthcheck")?;
    let test = check.get("Test")?.as_array()?.first()?.as_str()?;
    let number = |name: &str| check.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    let time = |name: &str| number(name).map_or(Duration::from_secs(30), Duration::from_nanos);
    let failures = ["/State/Health/FailingStreak", "/State/Healthcheck/FailingStreak"];
    (test != "NONE").then(|| Probe {
        interval: time("Interval"),
        timeout: time("Timeout"),
        retries: number("Retries").unwrap_or(3),
        failures: failures.iter().find_map(|pointer| value.pointer(pointer)?.as_u64()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::time::Duration;

    use super::{Probe, parse};

    #[test]
    fn both_engines_are_read() {
        let docker = r#"[{"Id":"a1","Image":"sha256:beef","RestartCount":4,"State":{"StartedAt":"2026-01-02T03:04:05Z",
            "OOMKilled":true,"Error":"no","Health":{"Status":"unhealthy","Log":[{"ExitCode":1,"Output":"refused\n"},
            {"ExitCode":0,"Output":""}]}},"NetworkSettings":{"Networks":{"n":{"IPAddress":"172.18.0.2"}}}}]"#;
        let (id, details) = parse(docker.as_bytes()).unwrap().remove(0);
        assert_eq!((id.as_str(), details.restarts, details.image.as_str()), ("a1", 4, "beef"));
        assert_eq!((details.check.as_str(), details.out_of_memory), ("refused", true));
        assert_eq!(details.addresses, ["172.18.0.2".parse::<std::net::IpAddr>().unwrap()]);
        let podman = r#"[{"Id":"b2","Image":"beef","Config":{"Healthcheck":{"Test":["CMD-SHELL","true"],
            "Interval":1500000000,"Retries":2}},"State":{"Healthcheck":{"FailingStreak":1,
            "Log":[{"ExitCode":1,"Output":"no"}]}}}]"#;
        let (_, details) = parse(podman.as_bytes()).unwrap().remove(0);
        let probe =
            Probe { interval: Duration::from_millis(1500), timeout: Duration::from_secs(30), retries: 2, failures: 1 };
        assert_eq!(details.probe, Some(probe));
        assert_eq!((details.restarts, details.image.as_str(), details.check.as_str()), (0, "beef", "no"));
    }

    #[test]
    fn a_check_that_was_taken_away_is_none() {
        for check in [r#"{"Test":["NONE"]}"#, r#"{"Test":[]}"#, "{}", "null"] {
            let text = format!(r#"[{{"Id":"a","Config":{{"Healthcheck":{check}}}}}]"#);
            assert_eq!(parse(text.as_bytes()).unwrap().remove(0).1.probe, None, "{check}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }
}
