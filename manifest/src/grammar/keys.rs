//! Which keys there are, and what to write instead of one that there is not.

use super::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS};
use crate::nearest;

pub(super) const CLIENT_KEYS: &[&str] = &["of", "app_env"];
pub(super) const AUTH_PROVIDER_KEYS: &[&str] = &["id", "name", "protocol", "icon"];
pub(super) const PORT_KEYS: &[&str] = &["name", "protocol", "scheme", "host_port", "public"];
pub(super) const INGRESS_KEYS: &[&str] = &["host", "path", "port", "tls"];
pub(super) const VOLUME_KEYS: &[&str] = &["name", "size", "storage_class", "ephemeral", "read_only"];
pub(super) const FILE_KEYS: &[&str] = &["source", "template"];
pub(super) const EGRESS_KEYS: &[&str] = &["port", "cidr", "protocol"];
pub(super) const RESOURCES_KEYS: &[&str] = &["cpu", "memory", "cpu_limit", "memory_limit", "gpu"];
pub(super) const SCALE_KEYS: &[&str] = &["min", "max", "cpu"];
pub(super) const HEALTH_KEYS: &[&str] =
    &["http", "tcp", "command", "shell", "none", "port", "live", "interval", "timeout", "retries", "start_period"];

/// Every attribute with its keys.
const ATTRIBUTES: [(&str, &[&[&str]]); 4] = [
    ("service", &[SERVICE_KEYS, WORKLOAD_KEYS]),
    ("app", &[APP_KEYS, WORKLOAD_KEYS]),
    ("client", &[CLIENT_KEYS]),
    ("auth_provider", &[AUTH_PROVIDER_KEYS]),
];

/// Keys with keys of their own, those first that a stray key most likely belongs to.
const NESTED: [(&str, &[&str]); 8] = [
    ("resources", RESOURCES_KEYS),
    ("volume", VOLUME_KEYS),
    ("health", HEALTH_KEYS),
    ("port", PORT_KEYS),
    ("ingress", INGRESS_KEYS),
    ("file", FILE_KEYS),
    ("egress", EGRESS_KEYS),
    ("scale", SCALE_KEYS),
];

/// Keys of which one value may stand in the parentheses without a key of its own, and what that is called
/// where it has one.
const SUBJECTS: [(&str, &str); 3] = [("port", "number"), ("volume", "path"), ("file", "path")];

/// The keys that stand in the parentheses of a key; none where that has other names in it or one value.
pub fn nested_keys(key: &str) -> Vec<&'static str> {
    let subject = SUBJECTS.iter().filter(|(name, _)| *name == key).map(|(_, subject)| *subject);
    let nested = NESTED.iter().filter(|(name, _)| *name == key).flat_map(|(_, keys)| keys.iter().copied());
    subject.chain(nested).collect()
}

/// What other notations call it.
const SYNONYMS: [(&str, &str); 12] = [
    ("environment", "env(NAME = \"value\")"),
    ("environment_variables", "env(NAME = \"value\")"),
    ("healthcheck", "health(…)"),
    ("liveness", "health(http = \"/…\", live = \"/…\")"),
    ("readiness", "health(http = \"/…\")"),
    ("depends_on", "consumes = [\"…\"]"),
    ("requires", "consumes = [\"…\"]"),
    ("cmd", "command = [\"…\"]"),
    ("args", "command = [\"…\"]"),
    ("expose", "ports = [8080]"),
    ("secrets", "env(NAME = secret(\"…\"))"),
    ("limits", "resources(cpu_limit = \"…\", memory_limit = \"…\")"),
];

/// What to write instead of a key that this attribute has not.
pub(super) fn advice(key: &str, attribute: &str) -> String {
    let own = ATTRIBUTES.iter().find(|(name, _)| *name == attribute).map(|(_, keys)| keys.concat()).unwrap_or_default();
    if let Some((_, instead)) = SYNONYMS.iter().find(|(name, instead)| *name == key && is_key_of(instead, &own)) {
        return format!("write `{instead}`");
    }
    if let Some((nested, _)) = NESTED.iter().find(|(name, keys)| own.contains(name) && keys.contains(&key)) {
        return format!("it is written in `{nested}(…)`");
    }
    if let Some((other, _)) = ATTRIBUTES.iter().find(|(_, keys)| keys.concat().contains(&key)) {
        return format!("it is a key of `#[{other}]`");
    }
    if let Some(near) = nearest(key, own.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if own.len() > 10 {
        return "the keys there are: https://docs.rs/orch-runtime".to_owned();
    }
    crate::did_you_mean(key, &own)
}

/// Whether what is to be written begins with a key that the attribute has.
fn is_key_of(instead: &str, own: &[&str]) -> bool {
    instead.split(['(', ' ']).next().is_some_and(|key| own.contains(&key))
}
