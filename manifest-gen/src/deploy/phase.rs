//! Who comes after whom.
//!
//! A cluster starts everything at once, and what has a place in it waits by itself: an application through
//! the runtime crate. A job is different: what comes after it must not start before it has ended, and
//! the job not before what it works on is there. So a job is a step of its own, and everything else is in
//! the first step that it can be in. On one machine with Podman nobody waits, so there each is a step after all that
//! it needs.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::Id;
use orch_manifest::model::AppKind;

use crate::plan::{Plan, Role, Workload};

/// The workloads of a plan by the step that they are deployed in.
pub fn phases(plan: &Plan) -> Vec<BTreeSet<Id>> {
    let after = |id: &&Id| {
        let workload = plan.workload(id);
        let dependencies = workload.into_iter().flat_map(|workload| &workload.dependencies);
        let others = dependencies.filter_map(|dependency| plan.workload(&dependency.id));
        others.map(|other| (&other.id, usize::from(is_job(other) || workload.is_some_and(is_job)))).collect()
    };
    let steps = steps(plan.workloads.iter().map(|workload| &workload.id), &after);
    steps.into_iter().map(|step| step.into_iter().cloned().collect()).collect()
}

/// Services by the step that they are started in where nobody waits by themselves: after all that each has to be after.
pub fn one_after_the_other(order: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<BTreeSet<String>> {
    let started = |id: &&&str| order.contains_key(**id);
    let after = |id: &&str| order[id].iter().filter(started).map(|other| (*other, 1)).collect();
    let steps = steps(order.keys().copied(), &after);
    steps.into_iter().map(|step| step.into_iter().map(str::to_owned).collect()).collect()
}

/// All of them by the first step that each can be in; `after` says of one who comes before it, and by how many steps.
fn steps<K: Copy + Ord>(all: impl Iterator<Item = K>, after: &impl Fn(&K) -> Vec<(K, usize)>) -> Vec<BTreeSet<K>> {
    let mut levels = BTreeMap::new();
    for one in all {
        level(one, after, &mut levels);
    }
    // A step may be empty, where only what runs on a schedule would be in it.
    let mut steps = BTreeMap::<usize, BTreeSet<K>>::new();
    for (one, level) in levels {
        steps.entry(level).or_default().insert(one);
    }
    steps.into_values().collect()
}

fn level<K: Copy + Ord>(one: K, after: &impl Fn(&K) -> Vec<(K, usize)>, levels: &mut BTreeMap<K, usize>) -> usize {
    if let Some(level) = levels.get(&one) {
        return *level;
    }
    // Nobody waits for themselves: the planner refuses a circle.
    levels.insert(one, 0);
    let found = after(&one).into_iter().map(|(other, steps)| level(other, after, levels) + steps).max();
    levels.insert(one, found.unwrap_or_default());
    found.unwrap_or_default()
}

fn is_job(workload: &Workload) -> bool {
    workload.role == Role::App(AppKind::Job)
}

#[cfg(test)]
mod tests {
    use orch_manifest::manifest::Manifest;
    use serde_json::{Value, json};

    use super::{one_after_the_other, phases};
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

    #[test]
    fn where_nobody_waits_by_themselves_each_is_after_all_that_it_needs() {
        let order = [
            ("api", ["db", "migrate"].into()),
            ("db", ["db-data"].into()),
            ("db-data", [].into()),
            ("cache", [].into()),
            ("migrate", ["db", "nightly"].into()),
        ];
        let steps = one_after_the_other(&order.into());
        let joined: Vec<String> =
            steps.into_iter().map(|step| step.into_iter().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(joined, ["cache db-data", "db", "migrate", "api"], "who is not started holds nobody up");
        assert!(one_after_the_other(&[].into()).is_empty());
    }
}
