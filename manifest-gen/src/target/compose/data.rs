//! Where persistent data is: in volumes of the engine, or in folders of the host.
//!
//! An engine fills a new volume with what the image has at its path, and with it comes the owner. A
//! folder of the host it leaves as it is, and one that is missing it creates as root; so a container
//! that is not root could not write there. A service of its own gives the folders to the user of the
//! image before the image starts: it runs the image's own `chown`, once, with no network and no other
//! right than that. It runs inside, so it is right as well where the engine itself is not root and the
//! numbers of users are others outside.

use std::collections::BTreeMap;

use orch_manifest::model::{AppKind, UserIds};

use super::super::docker::{self, Amounts, Supplied};
use super::super::interpolation::{escape, optional};
use super::{DependsOn, Mount, Service, Writer};
use crate::config::DataPlace;
use crate::finding::{Code, Finding};
use crate::plan::{Plan, Volume, Workload};

/// The variable that names the folder of the data.
pub(crate) const DATA: &str = "ORCH_DATA";

/// The folder where the deployer names none: `.orch/data` of the workspace, as seen from
/// `deploy/compose/<profile>/`, where the file is.
const FOLDER: &str = "../../../.orch/data";

/// The volumes of the engine.
pub(super) fn volumes(plan: &Plan) -> Vec<String> {
    if plan.options.data == DataPlace::Bind {
        return Vec::new();
    }
    let named = |workload: &Workload| -> Vec<String> {
        persistent(workload).map(|volume| format!("{}_{}", workload.id, volume.name)).collect()
    };
    plan.workloads.iter().flat_map(named).collect()
}

/// The mounts of a workload's persistent data.
pub(super) fn mounts(plan: &Plan, workload: &Workload) -> Vec<Mount> {
    persistent(workload).map(|volume| mount(plan, workload, volume)).collect()
}

fn persistent(workload: &Workload) -> impl Iterator<Item = &Volume> {
    workload.volumes.iter().filter(|volume| volume.persistent)
}

fn mount(plan: &Plan, workload: &Workload, volume: &Volume) -> Mount {
    let (kind, source) = match plan.options.data {
        DataPlace::Volume => ("volume", format!("{}_{}", workload.id, volume.name)),
        DataPlace::Bind => ("bind", format!("{}/{}/{}", optional(DATA, FOLDER), workload.id, volume.name)),
    };
    Mount {
        kind,
        source,
        target: escape(volume.path.as_str()),
        read_only: volume.read_only,
        create_host_path: kind == "bind",
    }
}

/// What the deployer may say about the folders.
pub(super) fn supplied(plan: &Plan) -> Option<Supplied> {
    let is_used = plan.options.data == DataPlace::Bind && plan.workloads.iter().any(Workload::is_stateful);
    is_used.then(|| {
        let about = "the folder of the data, with `<service>/<volume>` in it; seen from the folder of this file";
        Supplied::optional(DATA, FOLDER.to_owned(), about.to_owned(), str::to_owned)
    })
}

impl Writer<'_> {
    /// The service that gives the folders of a workload their owner, when one is needed; the workload's
    /// own section then waits for it.
    pub(super) fn owner(&mut self, workload: &Workload, section: &mut Service) -> Option<Service> {
        let plan = self.plan;
        let written: Vec<&Volume> = persistent(workload).filter(|volume| !volume.read_only).collect();
        if plan.options.data != DataPlace::Bind || written.is_empty() {
            return None;
        }
        let Some(user) = workload.user else {
            // Who may change owners starts as root and sees to it.
            if !workload.cap_add.iter().any(|capability| capability.as_str() == "CHOWN") {
                let message = format!(
                    "it is not known as whom `{}` runs, so nobody makes it the owner of its folders on the host",
                    workload.id
                );
                let help = "write `user = \"uid:gid\"`, or `data = \"volume\"` for the profile";
                self.findings.push(Finding::new(Code::UnknownUser, message).help(help).at(&workload.declared_by));
            }
            return None;
        };
        if workload.facts.as_ref().is_some_and(|facts| !facts.image.shell) {
            let message =
                format!("the image of `{}` has no `chown` to make its folders on the host its own", workload.id);
            let folders: Vec<String> =
                written.iter().map(|volume| format!("{}/{}", workload.id, volume.name)).collect();
            let help = format!(
                "make `{}` in the folder of the data before it starts, and give it to {user}",
                folders.join("` and `")
            );
            self.findings.push(Finding::new(Code::Unrepresentable, message).help(help).at(&workload.declared_by));
            return None;
        }
        let id = format!("{}-data", workload.id);
        if plan.workloads.iter().any(|other| other.id.as_str() == id) {
            let message = format!("what makes the folders of `{}` its own would be called `{id}` too", workload.id);
            let help = "choose another id, or write `data = \"volume\"` for the profile";
            self.findings.push(Finding::new(Code::ObjectName, message).help(help).at(&workload.declared_by));
            return None;
        }
        let completed = DependsOn { id: id.clone(), condition: "service_completed_successfully", required: true };
        section.depends_on.push(completed);
        section.depends_on.sort_by(|a, b| a.id.cmp(&b.id));
        Some(Service {
            description: Some(format!("Makes the folders of {} its own", workload.id)),
            kind: AppKind::Job.to_string(),
            schedule: None,
            entrypoint: command(user, &written),
            volumes: written.iter().map(|volume| mount(plan, workload, volume)).collect(),
            labels: labels(&id, workload, plan),
            profiles: section.profiles.clone(),
            image: section.image.clone(),
            // What the image declares as a volume is none here either.
            tmpfs: section.tmpfs.clone(),
            network_mode: Some("none"),
            user: Some("0:0".to_owned()),
            cap_add: vec!["CHOWN".to_owned()],
            read_only: true,
            restart: "no",
            stop_grace_period: workload.grace,
            id,
            command: Vec::new(),
            environment: BTreeMap::new(),
            ports: Vec::new(),
            secrets: Vec::new(),
            configs: Vec::new(),
            healthcheck: None,
            depends_on: Vec::new(),
            networks: Vec::new(),
            working_dir: None,
            hostname: None,
            shm_size: None,
            ulimits: BTreeMap::new(),
            replicas: None,
            limits: Amounts::default(),
            reservations: Amounts::default(),
            gpus: None,
            annotations: BTreeMap::new(),
        })
    }
}

/// The folders themselves and not what is in them: that has the owner who wrote it.
fn command(user: UserIds, volumes: &[&Volume]) -> Vec<String> {
    let paths = volumes.iter().map(|volume| escape(volume.path.as_str()));
    ["chown".to_owned(), user.to_string()].into_iter().chain(paths).collect()
}

fn labels(id: &str, workload: &Workload, plan: &Plan) -> BTreeMap<String, String> {
    let mut labels = docker::labels(workload, plan);
    labels.insert("dev.orch.service".to_owned(), id.to_owned());
    labels
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use orch_manifest::manifest::Manifest;
    use serde_json::{Value, json};

    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan};
    use crate::target::Compose;

    #[test]
    fn ids_and_names_with_dashes_never_share_a_volume_or_a_config() {
        let service = |id: &str, name: &str| {
            json!({
                "id": id, "kind": "other", "image": "x:1", "health": {"check": "none"},
                "volumes": [{"path": "/data", "name": name}],
                "files": [{"path": format!("/etc/{name}"), "source": name, "content": "x", "sha256": "0".repeat(64)}],
                "declaredBy": {"package": "p", "file": "src/lib.rs", "item": "S"}
            })
        };
        let services = [service("a", "b-c"), service("a-b", "c")];
        let text = json!({"schemaVersion": 1, "system": "s", "services": services}).to_string();
        let plan = plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(Base::Local));
        let compose = serde_json::to_value(Compose::new(&plan).0).unwrap();
        let names = |key: &str, name: fn(&Value) -> &Value| -> BTreeSet<String> {
            compose[key].as_array().unwrap().iter().map(|entry| name(entry).as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("volumes", |entry| entry), ["a-b_c", "a_b-c"].map(str::to_owned).into());
        assert_eq!(names("configs", |entry| &entry["name"]), ["a-b_c", "a_b-c"].map(str::to_owned).into());
    }
}
