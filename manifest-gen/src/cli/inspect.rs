use std::fmt::Write as _;

use super::failure::Failure;
use super::selection::{ProfileArg, Source};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::output::Output;
use crate::plan::{Origin, Plan, Role, Workload};

/// Show the whole plan in one look
#[derive(clap::Args, Default)]
pub(super) struct Args {
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let loaded = args.source.load()?;
    let (plan, findings) = loaded.plan(&args.profile.find(&loaded.config)?)?;
    output.data(&describe(&plan))?;
    output.show_notes();
    output.findings(&findings, &loaded.sources());
    Ok(if has_errors(&findings) { Exit::Findings } else { Exit::Done })
}

fn describe(plan: &Plan) -> String {
    let mut text = format!("{} ({})\n", plan.system, plan.profile);
    let (apps, services): (Vec<&Workload>, Vec<&Workload>) =
        plan.workloads.iter().partition(|workload| matches!(workload.role, Role::App(_)));
    for (title, workloads) in [("applications", apps), ("services", services)] {
        if workloads.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{title}");
        for workload in workloads {
            describe_workload(&mut text, workload);
        }
    }
    if !plan.externals.is_empty() {
        let _ = writeln!(text, "\nexternal");
        for external in &plan.externals {
            let port = external.port.map(|port| format!(" port {port}")).unwrap_or_default();
            let _ = writeln!(text, "  {} ({}) at {}{port}", external.id, external.kind, external.address);
        }
    }
    if !plan.secrets.is_empty() {
        let names: Vec<&str> = plan.secrets.iter().map(|secret| secret.name.as_str()).collect();
        let _ = writeln!(text, "\nsecrets\n  {}", names.join(", "));
    }
    text
}

fn describe_workload(text: &mut String, workload: &Workload) {
    let role = match &workload.role {
        Role::Service(kind) => kind.to_string(),
        Role::App(kind) => kind.to_string(),
    };
    let _ = writeln!(text, "  {} ({role}) {}", workload.id, workload.image);
    let _ = writeln!(text, "    declared  {}", workload.declared_by);
    if let Some(schedule) = &workload.schedule {
        let _ = writeln!(text, "    schedule  {schedule}");
    }
    for port in &workload.ports {
        let name = port.port.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let published = port.publish.as_ref().map_or(String::new(), |publish| {
            let address = if publish.loopback { "127.0.0.1" } else { "every address" };
            format!(", published on {address} as {} or ${}", publish.default, publish.variable)
        });
        let _ = writeln!(text, "    port      {}/{}{name}{published}", port.port.number, port.port.transport());
    }
    for volume in &workload.volumes {
        let kind = if volume.persistent { "persistent" } else { "ephemeral" };
        let _ = writeln!(text, "    volume    {} at {} ({kind})", volume.name, volume.path);
    }
    let waits: Vec<&str> = workload.dependencies.iter().map(|dependency| dependency.id.as_str()).collect();
    if !waits.is_empty() {
        let _ = writeln!(text, "    after     {}", waits.join(", "));
    }
    for (name, entry) in workload.env.iter().filter(|(_, entry)| entry.origin != Origin::Planner) {
        let origin = match &entry.origin {
            Origin::Own | Origin::Planner => String::new(),
            Origin::Binding(giver) => format!("  (from {giver})"),
        };
        let _ = writeln!(text, "    env       {name}={}{origin}", entry.value.display().escape_debug());
    }
}
