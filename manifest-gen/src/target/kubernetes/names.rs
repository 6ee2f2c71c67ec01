//! Which names and labels the API accepts, and that none is taken twice.

use std::collections::BTreeMap;

use orch_manifest::Hostname;
use orch_manifest::manifest::DeclaredBy;

use super::Writer;
use crate::finding::{Code, Finding};
use crate::plan::Plan;

/// What a key of a label or an annotation is, for people.
pub(super) const QUALIFIED: &str = "at most 63 letters, digits and `-_.`, beginning and ending with a letter or a digit, \
                                    after a DNS name and `/` or without";
/// What a value of a label is, for people.
pub(super) const VALUE: &str =
    "at most 63 letters, digits and `-_.` in a label's value, beginning and ending with a letter or a digit";

/// The most characters in a name of each kind: what its controller adds to the name has to fit into
/// a label of 63.
const LIMITS: [(&str, usize); 4] = [("StatefulSet", 52), ("CronJob", 52), ("Job", 63), ("Service", 63)];
/// The most characters in the name of every other kind that is used here.
const LIMIT: usize = 253;

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeMap<(&'static str, String), Option<DeclaredBy>>,
}

impl Names {
    /// Takes a name for an object; one that is too long or taken is found.
    pub(super) fn take(
        &mut self,
        kind: &'static str,
        name: &str,
        place: Option<&DeclaredBy>,
        findings: &mut Vec<Finding>,
    ) {
        let at = |finding: Finding, place: Option<&DeclaredBy>| match place {
            Some(place) => finding.at(place),
            None => finding,
        };
        let limit = LIMITS.iter().find(|(other, _)| *other == kind).map_or(LIMIT, |(_, limit)| *limit);
        if name.len() > limit {
            let message = format!("the name `{name}` of a {kind} has {} characters", name.len());
            let finding = Finding::new(Code::ObjectName, message).help(format!("at most {limit}: shorten the id"));
            findings.push(at(finding, place));
        }
        if let Some(other) = self.taken.get(&(kind, name.to_owned())) {
            let finding = Finding::new(Code::ObjectName, format!("two objects of the kind {kind} are called `{name}`"));
            findings.push(at(at(finding.help("choose another id for one of them"), other.as_ref()), place));
            return;
        }
        self.taken.insert((kind, name.to_owned()), place.cloned());
    }
}

/// The namespace of a plan: what is configured, else system and profile, so that two profiles in one
/// cluster do not meet.
pub(crate) fn namespace(plan: &Plan) -> String {
    plan.options.k8s.namespace.clone().unwrap_or_else(|| format!("{}-{}", plan.system, plan.profile))
}

impl Writer<'_> {
    pub(super) fn check_namespace(&mut self) {
        if self.namespace.len() > 63 {
            let message = format!("the namespace `{}` has {} characters", self.namespace, self.namespace.len());
            let help = "at most 63: write `namespace = \"…\"` under `[targets.k8s]` in `orch.toml`";
            self.findings.push(Finding::new(Code::ObjectName, message).help(help));
        }
    }
}

/// Whether this is an RFC 1123 subdomain, which is what a host name is.
fn is_subdomain(text: &str) -> bool {
    Hostname::parse(text).is_ok()
}

/// Whether this is the key of a label or an annotation.
pub(super) fn is_qualified(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// Whether this is the value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63 && text.chars().all(good) && edge(text.chars().next()) && edge(text.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::{is_label_value, is_qualified, is_subdomain};

    #[test]
    fn keys_and_values_are_judged_as_the_api_does() {
        for key in ["a", "prometheus.io/scrape", "a.b/C_d-1", &"a".repeat(63)] {
            assert!(is_qualified(key), "{key}");
        }
        for key in ["", "/", "a/", "/a", "a/b/c", "A.b/c", "-a", "a-", "a b", &"a".repeat(64)] {
            assert!(!is_qualified(key), "{key}");
        }
        for value in ["", "1.10", "no", "A_b"] {
            assert!(is_label_value(value), "{value}");
        }
        for value in ["a+b", "a:b", "-", "é", &"a".repeat(64)] {
            assert!(!is_label_value(value), "{value}");
        }
        assert!(is_subdomain("a.b-c.d") && !is_subdomain("a..b"));
    }
}
