//! Who comes after whom.
//!
//! A cluster starts everything at once, and what has a place in it waits by itself: an application through
//! the runtime crate. A job is different: what comes after it must not start before it has ended, and
//! the job not before what it works on is there. So a job is a step of its own, and everything else is in
//! the first step that it can be in.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::Id;
use orch_manifest::model::AppKind;

use crate::plan::{Plan, Role, Workload};

/// The workloads of a plan by the step that they are deployed in.
pub fn phases(plan: &Plan) -> Vec<BTreeSet<Id>> {
    let mut levels = BTreeMap::new();
    for workload in &plan.workloads {
        level(plan, workload, &mut levels);
    }
    // A step may be empty, where only what runs on a schedule would be in it.
    let used: BTreeSet<usize> = levels.values().copied().collect();
    let ids = |step: usize| levels.iter().filter(|(_, level)| **level == step).map(|(id, _)| (*id).clone()).collect();
    used.into_iter().map(ids).collect()
}

fn level<'a>(plan: &'a Plan, workload: &'a Workload, levels: &mut BTreeMap<&'a Id, usize>) -> usize {
    if let Some(level) = levels.get(&workload.id) {
        return *level;
    }
    // Nobody waits for themselves: the planner refuses a circle.
    levels.insert(&workload.id, 0);
    let after = |other: &'a Workload, levels: &mut BTreeMap<&'a Id, usize>| {
        level(plan, other, levels) + usize::from(is_job(other) || is_job(workload))
    };
    let dependencies = workload.dependencies.iter().filter_map(|dependency| plan.workload(&dependency.id));
    let mut found = 0;
    for other in dependencies {
        found = found.max(after(other, levels));
    }
    levels.insert(&workload.id, found);
    found
}

fn is_job(workload: &Workload) -> bool {
    workload.role == Role::App(AppKind::Job)
}

#[cfg(test)]
mod tests {
    use orch_manifest::manifest::Manifest;
    use serde_json::{Value, json};

    use super::phases;
    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan};

    fn planned(apps: &Value) -> Vec<String> {
        let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
        let mut apps = apps.clone();
        for app in apps.as_array_mut().unwrap() {
            app["version"] = "0.1.0".into();
            app["declaredBy"] = place.clone();
        }
        let service = |id: &str| json!({"id": id, "kind": "other", "image": "x:1", "health": {"check": "none"}, "declaredBy": place});
        let services = json!([service("cache"), service("db")]);
        let text = json!({"schemaVersion": 1, "system": "s", "services": services, "apps": apps}).to_string();
        let plan = plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(Base::Prod));
        let join = |ids: &std::collections::BTreeSet<orch_manifest::Id>| {
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        phases(&plan).iter().map(join).collect()
    }

    #[test]
    fn a_job_is_between_what_it_needs_and_what_comes_after_it() {
        let apps = json!([
            {"id": "api", "services": ["db", "cache"], "after": ["migrate"]},
            {"id": "migrate", "kind": "job", "services": ["db"]},
            {"id": "nightly", "kind": "cron", "schedule": "0 3 * * *", "services": ["db"]},
            {"id": "site", "calls": ["api"]},
        ]);
        assert_eq!(planned(&apps), ["cache db nightly site", "migrate", "api"]);
    }

    #[test]
    fn without_jobs_everything_is_deployed_at_once() {
        assert_eq!(planned(&json!([{"id": "api", "services": ["db"]}])), ["api cache db"]);
        assert_eq!(planned(&json!([])), ["cache db"]);
    }

    #[test]
    fn jobs_follow_each_other() {
        let apps = json!([
            {"id": "seed", "kind": "job", "after": ["migrate"]},
            {"id": "migrate", "kind": "job"},
            {"id": "web", "after": ["seed"]},
        ]);
        assert_eq!(planned(&apps), ["cache db migrate", "seed", "web"]);
    }
}
