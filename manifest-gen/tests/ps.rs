//! Lists of containers as engines print them, and as nobody does.
//!
//! `ps/` has what was printed by Compose 2.26 (an object a line), and by Podman 4.3 of what podman-compose started.
//! `compose-array.json` is constructed: it has the form that Compose 2 had before 2.21, with the fields of its
//! `PublishedPort`s, in IPv6 too, and nobody printed it.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cargo_orch::engine::ps::{Endpoint, parse};
use cargo_orch::engine::{Container, Health, State};
use proptest::prelude::*;
use serde_json::json;

fn recorded(name: &str) -> Vec<Container> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ps").join(name);
    parse(&std::fs::read(&path).unwrap()).unwrap()
}

fn summary(containers: &[Container]) -> Vec<(&str, &str, &str, Option<i64>)> {
    containers
        .iter()
        .map(|one| (one.service.as_str(), one.state.as_str(), one.health.as_str(), one.exit_code))
        .collect()
}

fn endpoint(address: Option<&str>, port: u16, target: u16, protocol: &str) -> Endpoint {
    Endpoint { address: address.map(|text| text.parse().unwrap()), port, target, protocol: protocol.to_owned() }
}

#[test]
fn an_object_a_line() {
    let containers = recorded("compose-2.26.jsonl");
    assert_eq!(
        summary(&containers),
        [
            ("api", "running", "healthy", None),
            ("migrate", "exited", "none", Some(0)),
            ("postgres", "running", "healthy", None),
            ("rabbitmq", "running", "healthy", None),
            ("redis", "running", "healthy", None),
            ("worker", "running", "healthy", None),
        ]
    );
    assert_eq!(containers[0].ports, [endpoint(Some("127.0.0.1"), 8080, 8080, "tcp")]);
    assert_eq!((containers[0].name.as_str(), containers[0].one_off), ("shop-local-api-1", false));
}

#[test]
fn an_array_without_health_and_with_ipv6() {
    let containers = recorded("compose-array.json");
    assert_eq!(
        summary(&containers),
        [("api", "running", "none", None), ("dns", "restarting", "none", None), ("migrate", "exited", "none", Some(1)),]
    );
    // Every address of both families is one endpoint; a port that is not published is none.
    assert_eq!(containers[0].ports, [endpoint(None, 8080, 8080, "tcp")]);
    assert_eq!(containers[1].ports, [endpoint(Some("127.0.0.1"), 5353, 53, "udp")]);
}

#[test]
fn podman_with_the_labels_of_podman_compose() {
    let containers = recorded("podman-4.3.json");
    assert_eq!(
        summary(&containers),
        [("cache", "running", "none", None), ("job", "exited", "none", Some(3)), ("web", "running", "healthy", None)]
    );
    assert_eq!(containers[0].ports, [endpoint(None, 16379, 6379, "tcp"), endpoint(None, 16380, 6380, "tcp")]);
}

#[test]
fn nothing_is_an_empty_list() {
    for text in ["", "\n", "[]", "[]\n", "null"] {
        assert_eq!(parse(text.as_bytes()).unwrap(), [], "{text:?}");
    }
}

#[test]
fn what_is_no_list_of_containers_is_an_error() {
    for text in ["{", "no configuration file provided", "[1]", "\"x\"", "[{}", "\u{feff}[]"] {
        parse(text.as_bytes()).unwrap_err();
    }
}

#[test]
fn odd_values_are_not_believed() {
    let odd = json!([
        {"Service": "a", "State": "up", "Status": "Up 3 seconds (health: starting)", "ExitCode": "x", "Publishers": "x"},
        {"Service": "b", "State": 7, "ExitCode": 1e99, "Publishers": [{"PublishedPort": 70_000, "TargetPort": 1}, 3]},
        {"Labels": {"com.docker.compose.service": "c"}, "Names": [], "State": "wat",
         "Ports": [{"host_port": 65_535, "container_port": 1, "range": 9, "host_ip": "[::1]"}]},
        {"Labels": "x,com.docker.compose.service=d,y=", "Names": "n1,n2", "Health": "unhealthy", "State": "Exited", "ExitCode": -1},
        {"Id": "belongs to nobody"},
    ]);
    let containers = parse(odd.to_string().as_bytes()).unwrap();
    assert_eq!(
        summary(&containers),
        [
            ("a", "running", "starting", None),
            ("b", "", "none", None),
            ("c", "wat", "none", None),
            ("d", "exited", "unhealthy", Some(-1)),
        ]
    );
    assert_eq!(containers[2].ports, [endpoint(Some("::1"), 65_535, 1, "tcp")], "a range ends with the last port");
    assert_eq!(
        (containers[3].name.as_str(), &containers[3].state, containers[3].health),
        ("n1", &State::Exited, Health::Unhealthy)
    );
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        "(tcp|::|\\[::1\\]|Up \\(healthy\\)|running|a=b,com.docker.compose.service=x|\\PC{0,8})".prop_map(Into::into),
    ];
    let key = "(Service|State|Health|Status|ExitCode|Publishers|Ports|Labels|Name|Names|ID|Id|Image|URL|PublishedPort|TargetPort\
        |Protocol|host_ip|host_port|container_port|range|protocol|com.docker.compose.service|[a-z]{0,3})";
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::btree_map(key, inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(bytes in any::<Vec<u8>>()) {
        let _ = parse(&bytes);
    }

    #[test]
    fn nothing_panics_on_what_looks_like_a_list(value in json(), cut in 0_usize..4096) {
        let text = value.to_string();
        let _ = parse(text.as_bytes());
        let _ = parse(&text.as_bytes()[..cut.min(text.len())]);
        let _ = parse(format!("{text}\n{text}").as_bytes());
    }

    #[test]
    fn what_is_read_has_a_service_and_real_ports(value in json()) {
        for container in parse(value.to_string().as_bytes()).unwrap_or_default() {
            prop_assert!(!container.service.is_empty());
            prop_assert!(container.ports.iter().all(|port| port.port > 0 && port.target > 0));
        }
    }
}
