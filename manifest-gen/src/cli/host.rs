//! What an application on the host is given.

use std::collections::BTreeMap;

use orch_manifest::{Id, did_you_mean};

use super::failure::Failure;
use super::selection::{Loaded, ProfileArg, Source};
use crate::exit::Exit;
use crate::launch::environment::{Value, Vault};
use crate::launch::{Folder, State, host};
use crate::output::Output;
use crate::plan::{Plan, Profile, Workload};

/// Which application, as a process on the host.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct HostArgs {
    /// The application; without it the one that the command names with `-p`, `--bin` or as its program
    #[arg(long, value_name = "ID")]
    app: Option<String>,
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    source: Source,
}

impl HostArgs {
    /// The variables of the application, for a command where there is one.
    pub(super) fn variables(
        &self,
        command: &[String],
        output: &mut Output,
    ) -> Result<BTreeMap<String, Value>, Failure> {
        let loaded = self.source.load()?;
        let profile = self.profile.find(&loaded.config)?;
        let app = self.app(&loaded, command)?;
        let folder = Folder::of(loaded.root()?);
        let state = State::read(&folder.profile(&profile))?.ok_or_else(|| {
            Failure::new(Exit::Findings, format!("nothing was started here in the profile `{profile}`"))
                .help("`cargo orch up --no-apps` starts what an application on the host needs")
        })?;
        let plan = plan(&loaded, &profile, &state)?;
        let workload = plan.workload(&app).ok_or_else(|| absent(&app))?;
        unreachable(workload, &plan, &state, output);
        let environment = |name: &str| std::env::var(name).ok();
        let vault = Vault::of(&profile, &folder, &environment);
        Ok(host::variables(&plan, workload, &state.ports, &vault, &environment)?)
    }

    fn app(&self, loaded: &Loaded, command: &[String]) -> Result<Id, Failure> {
        let apps = &loaded.manifest.apps;
        let known: Vec<&str> = apps.iter().map(|entry| entry.id.as_str()).collect();
        if let Some(name) = &self.app {
            let found = apps.iter().find(|entry| entry.id.as_str() == name).map(|entry| entry.id.clone());
            return found.ok_or_else(|| {
                Failure::new(Exit::Usage, format!("there is no application `{name}`")).help(did_you_mean(name, &known))
            });
        }
        let named = names_in(command);
        let is_named = |text: Option<&str>| text.is_some_and(|text| named.contains(&text));
        let mut found = apps.iter().filter(|entry| {
            is_named(Some(entry.id.as_str()))
                || is_named(entry.app.bin.as_deref())
                || is_named(Some(&entry.declared_by.package))
        });
        match (found.next(), found.next(), apps.as_slice()) {
            (Some(entry), None, _) | (None, _, [entry]) => Ok(entry.id.clone()),
            _ => Err(Failure::new(Exit::Usage, "it is not clear which application is meant")
                .help(format!("add `--app ID` with one of {}", known.join(", ")))),
        }
    }
}

/// The plan as a process on the host sees it, with everything at the ports of the host.
pub(super) fn plan(loaded: &Loaded, profile: &Profile, state: &State) -> Result<Plan, Failure> {
    let (whole, _) = loaded.plan(profile)?;
    loaded.plan_with(profile, &host::places(state, &whole))
}

fn absent(app: &Id) -> Failure {
    Failure::new(Exit::Findings, format!("`{app}` is not planned"))
}

/// What a command names: the package and the binary of a `cargo run`, and the program's own name.
fn names_in(command: &[String]) -> Vec<&str> {
    let program = command.first().map(std::path::Path::new);
    let mut names: Vec<&str> = program.and_then(|program| program.file_name()?.to_str()).into_iter().collect();
    // Behind `--` are the arguments of what cargo runs.
    let own: Vec<&str> = command.iter().map(String::as_str).take_while(|word| *word != "--").collect();
    for (index, word) in own.iter().enumerate() {
        let flags = ["--package=", "--bin=", "-p"];
        match *word {
            "-p" | "--package" | "--bin" => names.extend(own.get(index + 1)),
            word => names.extend(flags.iter().find_map(|flag| word.strip_prefix(flag)).filter(|name| !name.is_empty())),
        }
    }
    names
}

/// Says which of the things that an application uses no process on the host reaches.
fn unreachable(workload: &Workload, plan: &Plan, state: &State, output: &mut Output) {
    let is_closed = |id: &&Id| {
        let has_ports = plan.workload(id).is_some_and(|other| !other.ports.is_empty() && !other.is_job());
        has_ports && !state.skipped.contains_key(id) && !state.ports.values().any(|record| record.service == **id)
    };
    let closed: Vec<String> = workload.talks_to.iter().filter(is_closed).map(|id| format!("`{id}`")).collect();
    if !closed.is_empty() {
        output.talk(&format!(
            "the host does not reach {}; `cargo orch up --expose-internals` publishes every port",
            closed.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::names_in;

    #[test]
    fn a_command_names_its_application() {
        for (line, names) in [
            ("cargo run -p api", &["cargo", "api"][..]),
            ("cargo run --package=api --bin web -- -p other", &["cargo", "api", "web"]),
            ("./target/debug/api", &["api"]),
            ("cargo run -papi", &["cargo", "api"]),
            ("cargo run -p", &["cargo"]),
            ("", &[]),
        ] {
            let command: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(names_in(&command), names, "{line}");
        }
    }
}
