//! What Podman's Compose is told in other words than Docker's.
//!
//! podman-compose hands `depends_on` to Podman as `--requires`, with which a job that has ended is begun again, and
//! what it replaces takes along whoever depends on it. So Podman is told nothing of it, and everything is started in
//! the order that [`Compose::order`] says.

use std::collections::{BTreeMap, BTreeSet};

use super::Compose;

impl Compose {
    /// Everything that is started, with what it waits for.
    pub fn order(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let started = self.services.iter().filter(|service| service.profiles.is_empty());
        started
            .map(|service| {
                let before = service.depends_on.iter().map(|one| one.id.as_str());
                (service.id.as_str(), before.collect())
            })
            .collect()
    }

    /// The names of all services, those too that are not started.
    pub fn names(&self) -> BTreeSet<&str> {
        self.services.iter().map(|service| service.id.as_str()).collect()
    }

    /// The same without an order, and in Podman's words.
    pub(in super::super) fn for_podman(mut self) -> Self {
        for service in &mut self.services {
            service.depends_on.clear();
            for folder in &mut service.tmpfs {
                *folder = owned_by_its_user(folder);
            }
        }
        self
    }
}

/// Podman knows no `uid` and `gid` of a folder in memory; `U` gives it to whom the container runs as, which is the
/// one who is written down.
fn owned_by_its_user(folder: &str) -> String {
    match folder.rsplit_once(",uid=") {
        Some((rest, _)) => format!("{rest},U"),
        None => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use orch_manifest::manifest::Manifest;
    use serde_json::json;

    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan};
    use crate::target::Compose;

    #[test]
    fn podman_is_told_no_order_and_whose_a_folder_in_memory_is() {
        let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
        let app = |id: &str, kind: &str| {
            let mut app = json!({"id": id, "version": "0.1.0", "kind": kind, "services": ["db"], "declaredBy": place});
            if kind == "cron" {
                app["schedule"] = "@daily".into();
            }
            app
        };
        let db = json!({
            "id": "db", "kind": "other", "image": "x:1", "health": {"check": "none"}, "user": "7:8",
            "volumes": [{"path": "/tmp", "ephemeral": true}], "declaredBy": place
        });
        let apps = [app("nightly", "cron"), app("worker", "worker")];
        let text = json!({"schemaVersion": 1, "system": "s", "services": [db], "apps": apps}).to_string();
        let plan = plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(Base::Local));
        let docker = Compose::new(&plan).0;
        let order: Vec<_> = docker.order().into_iter().collect();
        assert_eq!(order, [("db", [].into()), ("worker", ["db"].into())], "what runs on a schedule is not started");
        assert_eq!(docker.names(), ["db", "nightly", "worker"].into());
        let podman = serde_json::to_value(docker.for_podman()).unwrap();
        for service in podman["services"].as_array().unwrap() {
            assert_eq!(service["depends_on"], json!([]), "{}", service["id"]);
        }
        assert_eq!(podman["services"][0]["tmpfs"], json!(["/tmp:mode=1777,U"]));
    }
}
