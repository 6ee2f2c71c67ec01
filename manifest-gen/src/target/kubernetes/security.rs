//! As whom a pod runs and what it may do.

use serde::Serialize;

use super::Writer;
use super::object::{Metadata, Object, Shared, Texts};
use crate::finding::{Code, Finding, Severity};
use crate::plan::Workload;

/// The one capability that the restricted standard lets a container have.
const BIND: &str = "NET_BIND_SERVICE";
/// The capabilities that the baseline standard lets a container have.
///
/// Source: the Pod Security Standards.
const BASELINE: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    BIND,
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What holds for a whole pod.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct PodSecurity {
    /// Whether an image that is root is refused.
    non_root: bool,
    /// The number of the user, where it is known.
    user: Option<u32>,
    /// The number of the group, where it is known.
    group: Option<u32>,
    /// The group that volumes are given to.
    fs_group: Option<u32>,
    /// Whether the volume may be large enough for a change of its owner to take long.
    once: bool,
}

/// What holds for a container.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct ContainerSecurity {
    /// Whether the root of the container cannot be written to.
    read_only_root: bool,
    /// Capabilities that it keeps, without `CAP_`; all others are dropped.
    capabilities: Vec<String>,
}

/// The Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Restricted,
    Baseline,
    Privileged,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }
}

/// The group that owns a workload's volumes: what is declared, else its own where it keeps data.
pub(super) fn fs_group(workload: &Workload) -> Option<u32> {
    let own = workload.user.and_then(|user| user.gid).filter(|gid| *gid != 0);
    workload.fs_group.or(own.filter(|_| workload.is_stateful()))
}

pub(super) fn pod(workload: &Workload) -> PodSecurity {
    PodSecurity {
        non_root: workload.restricted,
        user: workload.user.map(|user| user.uid),
        group: workload.user.and_then(|user| user.gid),
        fs_group: fs_group(workload),
        once: workload.is_stateful() && fs_group(workload).is_some(),
    }
}

pub(super) fn container(workload: &Workload) -> ContainerSecurity {
    ContainerSecurity {
        read_only_root: workload.restricted,
        capabilities: workload.cap_add.iter().map(ToString::to_string).collect(),
    }
}

fn level(workload: &Workload) -> Level {
    let within = |allowed: &[&str]| workload.cap_add.iter().all(|capability| allowed.contains(&capability.as_str()));
    match (workload.restricted, within(&[BIND]), within(&BASELINE)) {
        (true, true, _) => Level::Restricted,
        (_, _, true) => Level::Baseline,
        (_, _, false) => Level::Privileged,
    }
}

impl Writer<'_> {
    /// The namespace, which holds its pods to the standard that all of them meet.
    pub(super) fn namespace_object(&mut self) {
        let enforced = self.plan.workloads.iter().map(level).max().unwrap_or(Level::Restricted);
        let levels = [("enforce", enforced), ("audit", Level::Restricted), ("warn", Level::Restricted)];
        let pod_security =
            levels.map(|(mode, level)| (format!("pod-security.kubernetes.io/{mode}"), level.as_str().to_owned()));
        let mut labels = Texts::clone(&self.system_metadata("").labels);
        labels.extend(pod_security);
        let name = self.namespace.clone();
        let metadata = Metadata { name, namespace: None, labels: Shared::new(labels), annotations: Texts::new() };
        let object: Object<()> = self.system_object("Namespace", "namespace.yaml".to_owned(), metadata, ());
        self.out.namespaces.push(object);
    }

    /// What the kubelet or the admission of pods would refuse.
    pub(super) fn check_security(&mut self, workload: &Workload) {
        if !workload.restricted {
            return;
        }
        let id = &workload.id;
        let opt_out = "or `restricted = false`";
        let mut found = Vec::new();
        match workload.user {
            None => found.push(
                Finding::new(Code::UnknownUser, format!("it is not known as whom the image of `{id}` runs"))
                    .help(format!("write `user = \"…\"`, {opt_out}: the kubelet refuses an image that runs as root or under a name")),
            ),
            Some(user) if user.uid == 0 => {
                let mut finding = Finding::new(Code::NotRestricted, format!("`{id}` runs as root, which the kubelet refuses"))
                    .help(format!("write another `user`, {opt_out}"));
                finding.severity = Severity::Error;
                found.push(finding);
            }
            Some(_) => {}
        }
        for capability in workload.cap_add.iter().filter(|capability| capability.as_str() != BIND) {
            let message = format!("`{id}` has the capability `{capability}`, which the restricted standard refuses");
            found.push(Finding::new(Code::NotRestricted, message).help(format!("take it out, {opt_out}")));
        }
        self.findings.extend(found.into_iter().map(|finding| finding.at(&workload.declared_by)));
    }
}
