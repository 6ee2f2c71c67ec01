//! Whether what is planned is there, judged against the plan.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use orch_manifest::model::{AppKind, RestartPolicy};

use crate::engine::{Container, Health, State};
use crate::plan::{Plan, Role, Workload};

/// How often a container may be started again before it is given up.
const RESTARTS: u64 = 3;

/// How long a container without a health check has to run before it is believed to stay.
const SETTLE: Duration = Duration::from_secs(2);

/// How long what was unhealthy since something else had gone has to become healthy when that is there again.
const RECOVERY: Duration = Duration::from_mins(1);

/// What is to be there of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its id.
    pub id: String,
    /// Whether it runs to its end, which has to be a good one.
    pub is_job: bool,
    /// Whether its health is asked for.
    pub is_checked: bool,
    /// Whether the engine starts it again when it fails.
    pub restarts: bool,
    /// How many containers.
    pub count: usize,
}

/// What is to be there of a plan on one machine. What runs on a schedule is not: nobody starts it.
pub fn expected(plan: &Plan) -> Vec<Expected> {
    // Compose runs one of what publishes a port.
    counted(plan, |workload| if workload.is_published() { 1 } else { workload.replicas })
}

/// What is to be there of a plan in a cluster: as many as it says, and as few as an autoscaler may go down to.
pub fn expected_in_cluster(plan: &Plan, replicas: impl Fn(&Workload) -> u32) -> Vec<Expected> {
    counted(plan, |workload| if workload.is_job() { 1 } else { replicas(workload) })
}

fn counted(plan: &Plan, count: impl Fn(&Workload) -> u32) -> Vec<Expected> {
    let started = plan.workloads.iter().filter(|workload| workload.role != Role::App(AppKind::Cron));
    started
        .map(|workload| Expected {
            id: workload.id.to_string(),
            is_job: workload.is_job(),
            is_checked: workload.check_inside().is_some(),
            restarts: workload.restart != RestartPolicy::No,
            count: count(workload).max(1) as usize,
        })
        .collect()
}

impl Expected {
    /// What prepares something for another: it ends well, once.
    pub fn preparation(id: &str) -> Self {
        Self { id: id.to_owned(), is_job: true, is_checked: false, restarts: false, count: 1 }
    }
}

/// Whether a workload is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It runs and is healthy, or has ended well where it is a job.
    Ready,
    /// It may still come; for what it waits.
    Waiting(String),
    /// It does not come by itself; why.
    Failed(String),
}

/// Says of everything that is expected whether it is there now, with nobody starting anything.
pub fn judge<'a>(expected: &'a [Expected], containers: &[Container]) -> Vec<(&'a Expected, Verdict)> {
    let verdict = |expected: &Expected| {
        let own: Vec<&Container> = own(expected, containers).collect();
        if own.is_empty() {
            return Verdict::Failed("has no container".to_owned());
        }
        worst(expected, own.len(), own.into_iter().map(|container| settled(expected, container)))
    };
    expected.iter().map(|expected| (expected, verdict(expected))).collect()
}

fn own<'a>(expected: &Expected, containers: &'a [Container]) -> impl Iterator<Item = &'a Container> {
    containers.iter().filter(move |container| container.service == expected.id)
}

/// The worst of the verdicts on the containers of a workload.
fn worst(expected: &Expected, there: usize, verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Ready => 0,
        Verdict::Waiting(_) => 1,
        Verdict::Failed(_) => 2,
    };
    let missing = (there < expected.count)
        .then(|| Verdict::Waiting(format!("{there} of {} containers are there", expected.count)));
    verdicts.chain(missing).max_by_key(rank).unwrap_or(Verdict::Ready)
}

fn settled(expected: &Expected, container: &Container) -> Verdict {
    let ended = container.exit_code.map_or_else(|| "ended".to_owned(), |code| format!("ended with {code}"));
    let because = if container.details.out_of_memory { ", out of memory" } else { "" };
    match &container.state {
        State::Running if expected.is_job => Verdict::Waiting("runs".to_owned()),
        State::Running => match container.health {
            Health::Healthy => Verdict::Ready,
            Health::None if !expected.is_checked => Verdict::Ready,
            Health::None => Verdict::Waiting("has no health check yet".to_owned()),
            Health::Starting => Verdict::Waiting(said("its health check has not passed yet", &container.details.check)),
            Health::Unhealthy => Verdict::Failed(said("is unhealthy", &container.details.check)),
        },
        State::Exited if expected.is_job && container.exit_code == Some(0) => Verdict::Ready,
        State::Created if !container.details.error.is_empty() => Verdict::Failed(container.details.error.clone()),
        State::Created if !container.details.waits.is_empty() => Verdict::Waiting(container.details.waits.clone()),
        State::Created => Verdict::Waiting("waits for what it needs".to_owned()),
        State::Restarting if container.details.restarts >= RESTARTS => Verdict::Failed(format!(
            "does not stay up: {ended}{because} and was started again {} times",
            container.details.restarts
        )),
        State::Restarting => Verdict::Waiting(format!("{ended}{because} and is started again")),
        State::Exited | State::Dead => Verdict::Failed(format!("{ended}{because}")),
        other => Verdict::Failed(format!("is {}", other.as_str())),
    }
}

/// A verdict on health, with the first line of what the check said.
fn said(verdict: &str, check: &str) -> String {
    match check.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("{verdict}: {}", line.chars().take(200).collect::<String>()),
        None => verdict.to_owned(),
    }
}

/// Follows a start from its beginning: what was there before counts for nothing until it is started anew.
pub struct Watch<'a> {
    expected: &'a [Expected],
    /// When each container that was there before was started, and how often the engine had done so.
    before: BTreeMap<String, (String, u64)>,
    /// Since when each container is seen to run, by when it was started.
    running: BTreeMap<String, (String, Instant)>,
    /// Whether something had gone, of which others may have become unhealthy.
    lacked: bool,
    /// Since when each of those has had the chance to recover.
    recovering: BTreeMap<String, Instant>,
}

impl<'a> Watch<'a> {
    /// Begins with what is there before anything is started.
    pub fn new(expected: &'a [Expected], containers: &[Container]) -> Self {
        let before = containers
            .iter()
            .map(|container| (container.id.clone(), (container.details.started.clone(), container.details.restarts)));
        let runs = |one: &Expected| own(one, containers).any(|container| container.state == State::Running);
        let lacked = expected.iter().any(|expected| !expected.is_job && !runs(expected));
        Self { expected, before: before.collect(), running: BTreeMap::new(), lacked, recovering: BTreeMap::new() }
    }

    /// Says of everything that is expected whether it is there; of each `is_starting` as long as the engine has
    /// yet to start it.
    pub fn judge(
        &mut self,
        containers: &[Container],
        is_starting: impl Fn(&Expected) -> bool,
        now: Instant,
    ) -> Vec<(&'a Expected, Verdict)> {
        let expected = self.expected;
        let verdict = |expected: &Expected| {
            let is_starting = is_starting(expected);
            let own: Vec<&Container> = own(expected, containers).collect();
            if own.is_empty() && is_starting {
                return Verdict::Waiting("is not created yet".to_owned());
            }
            if own.is_empty() {
                return Verdict::Failed("has no container".to_owned());
            }
            worst(expected, own.len(), own.into_iter().map(|one| self.one(expected, one, is_starting, now)))
        };
        expected.iter().map(verdict).collect::<Vec<_>>().into_iter().zip(expected).map(|(v, e)| (e, v)).collect()
    }

    fn one(&mut self, expected: &Expected, container: &Container, is_starting: bool, now: Instant) -> Verdict {
        let details = &container.details;
        let before = self.before.get(&container.id);
        let is_old = before.is_some_and(|(started, _)| *started == details.started);
        let is_down = matches!(container.state, State::Exited | State::Dead | State::Created);
        if is_old && is_down && is_starting {
            return Verdict::Waiting("is not started yet".to_owned());
        }
        let restarts = details.restarts.saturating_sub(before.map_or(0, |(_, restarts)| *restarts));
        let verdict = settled(expected, container);
        if restarts >= RESTARTS && !expected.is_job && verdict != Verdict::Ready {
            let code = container.exit_code.map(|code| format!(", last with {code}")).unwrap_or_default();
            return Verdict::Failed(format!("does not stay up: it ended {restarts} times{code}"));
        }
        match (&verdict, &container.state) {
            // Between an end and the next start.
            (Verdict::Failed(_), State::Exited) if expected.restarts && !expected.is_job && !is_old => {
                Verdict::Waiting("ended and is started again".to_owned())
            }
            (Verdict::Failed(why), State::Running) if is_old && self.lacked => {
                let since = if is_starting { now } else { *self.recovering.entry(container.id.clone()).or_insert(now) };
                if now.duration_since(since) < RECOVERY { Verdict::Waiting(why.clone()) } else { verdict }
            }
            (Verdict::Ready, State::Running) if !expected.is_checked && !is_old => self.stays(container, restarts, now),
            _ => verdict,
        }
    }

    /// What nobody asks for its health is ready when it has run for a while.
    fn stays(&mut self, container: &Container, restarts: u64, now: Instant) -> Verdict {
        let started = &container.details.started;
        let seen = self.running.entry(container.id.clone()).or_insert_with(|| (started.clone(), now));
        if seen.0 != *started {
            *seen = (started.clone(), now);
        }
        // The engine waits longer each time before it starts it again.
        let settle = SETTLE * u32::try_from(restarts.min(RESTARTS) + 1).unwrap_or(1);
        if now.duration_since(seen.1) >= settle {
            return Verdict::Ready;
        }
        Verdict::Waiting("has no health check: it has to stay up for a while".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Expected, RECOVERY, SETTLE, Verdict, Watch, judge};
    use crate::engine::inspect::Details;
    use crate::engine::{Container, Health, State};

    fn expected(is_job: bool, is_checked: bool) -> Vec<Expected> {
        vec![Expected { id: "a".to_owned(), is_job, is_checked, restarts: !is_job, count: 1 }]
    }

    fn container(state: State, health: Health, exit_code: Option<i64>, started: &str) -> Container {
        Container {
            id: "1".to_owned(),
            name: "p-a-1".to_owned(),
            service: "a".to_owned(),
            image: "x:1".to_owned(),
            state,
            health,
            exit_code,
            one_off: false,
            ports: Vec::new(),
            details: Details { started: started.to_owned(), ..Details::default() },
        }
    }

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Ready => "ready",
            Verdict::Waiting(_) => "waiting",
            Verdict::Failed(_) => "failed",
        }
    }

    #[test]
    fn each_state_is_judged_against_what_is_planned() {
        let cases = [
            (false, true, State::Running, Health::Healthy, None, "ready"),
            (false, true, State::Running, Health::Starting, None, "waiting"),
            (false, true, State::Running, Health::None, None, "waiting"),
            (false, true, State::Running, Health::Unhealthy, None, "failed"),
            (false, false, State::Running, Health::None, None, "ready"),
            (false, false, State::Exited, Health::None, Some(0), "failed"),
            (false, false, State::Exited, Health::None, Some(137), "failed"),
            (false, false, State::Restarting, Health::None, Some(1), "waiting"),
            (false, false, State::Created, Health::None, None, "waiting"),
            (false, false, State::Paused, Health::None, None, "failed"),
            (false, false, State::Other("wat".to_owned()), Health::None, None, "failed"),
            (true, false, State::Exited, Health::None, Some(0), "ready"),
            (true, false, State::Exited, Health::None, Some(2), "failed"),
            (true, false, State::Exited, Health::None, None, "failed"),
            (true, false, State::Running, Health::None, None, "waiting"),
            (true, false, State::Dead, Health::None, Some(0), "failed"),
        ];
        for (is_job, is_checked, state, health, code, verdict) in cases {
            let planned = expected(is_job, is_checked);
            let judged = judge(&planned, &[container(state.clone(), health, code, "t")]);
            assert_eq!(word(&judged[0].1), verdict, "{is_job} {state:?} {health:?} {code:?}: {:?}", judged[0].1);
        }
        assert_eq!(word(&judge(&expected(false, false), &[])[0].1), "failed", "what is missing is not ready");
        let two = vec![Expected { count: 2, ..expected(false, false).remove(0) }];
        let one = [container(State::Running, Health::None, None, "t")];
        assert_eq!(word(&judge(&two, &one)[0].1), "waiting", "one of two is not all");
    }

    #[test]
    fn nobody_who_is_not_planned_counts() {
        let stranger = Container { service: "b".to_owned(), ..container(State::Running, Health::Healthy, None, "t") };
        assert_eq!(word(&judge(&expected(false, true), &[stranger])[0].1), "failed");
    }

    #[test]
    fn what_ended_before_is_given_the_chance_to_start() {
        let planned = expected(true, false);
        let old = container(State::Exited, Health::None, Some(1), "before");
        let mut watch = Watch::new(&planned, std::slice::from_ref(&old));
        let now = Instant::now();
        assert_eq!(word(&watch.judge(std::slice::from_ref(&old), |_| true, now)[0].1), "waiting");
        assert_eq!(word(&watch.judge(&[old], |_| false, now)[0].1), "failed", "nobody started it");
        let anew = container(State::Exited, Health::None, Some(1), "after");
        assert_eq!(word(&watch.judge(&[anew], |_| true, now)[0].1), "failed");
    }

    #[test]
    fn without_a_health_check_it_has_to_stay_up() {
        let planned = expected(false, false);
        let mut watch = Watch::new(&planned, &[]);
        let start = Instant::now();
        let running = |started| container(State::Running, Health::None, None, started);
        assert_eq!(word(&watch.judge(&[], |_| true, start)[0].1), "waiting");
        assert_eq!(word(&watch.judge(&[running("1")], |_| false, start)[0].1), "waiting");
        let almost = start + SETTLE.saturating_sub(Duration::from_millis(1));
        assert_eq!(word(&watch.judge(&[running("2")], |_| false, almost)[0].1), "waiting", "it was started again");
        assert_eq!(word(&watch.judge(&[running("2")], |_| false, start + SETTLE)[0].1), "waiting");
        assert_eq!(word(&watch.judge(&[running("2")], |_| false, almost + SETTLE)[0].1), "ready");
    }

    #[test]
    fn a_crash_loop_ends_the_waiting_wherever_it_is_seen() {
        let planned = expected(false, false);
        let looping = |state: State, restarts: u64| {
            let mut container = container(state, Health::None, Some(7), &restarts.to_string());
            container.details.restarts = restarts;
            container
        };
        let now = Instant::now();
        for state in [State::Restarting, State::Exited, State::Running] {
            let mut watch = Watch::new(&planned, &[]);
            assert_eq!(word(&watch.judge(&[looping(state.clone(), 1)], |_| false, now)[0].1), "waiting", "{state:?}");
            let judged = watch.judge(&[looping(State::Restarting, 3)], |_| false, now);
            assert_eq!(word(&judged[0].1), "failed", "{state:?}");
        }
        // Earlier ends are not this start's.
        let before = looping(State::Running, 9);
        let mut watch = Watch::new(&planned, std::slice::from_ref(&before));
        assert_eq!(word(&watch.judge(&[before], |_| true, now)[0].1), "ready");
    }

    #[test]
    fn what_is_unhealthy_since_another_had_gone_may_recover() {
        let planned =
            [Expected { id: "b".to_owned(), ..expected(false, true).remove(0) }, expected(false, true).remove(0)];
        let sick = container(State::Running, Health::Unhealthy, None, "before");
        let gone = Container {
            id: "2".to_owned(),
            service: "b".to_owned(),
            ..container(State::Exited, Health::None, Some(137), "before")
        };
        let now = Instant::now();
        let mut watch = Watch::new(&planned, &[sick.clone(), gone.clone()]);
        let back = Container { state: State::Running, health: Health::Healthy, exit_code: None, ..gone };
        let all = [sick.clone(), back.clone()];
        assert_eq!(word(&watch.judge(&all, |_| false, now)[1].1), "waiting");
        assert_eq!(word(&watch.judge(&all, |_| false, now + RECOVERY)[1].1), "failed", "it had its chance");
        let mut watch = Watch::new(&planned, &all);
        assert_eq!(word(&watch.judge(&all, |_| false, now)[1].1), "failed", "nothing had gone");
    }
}
