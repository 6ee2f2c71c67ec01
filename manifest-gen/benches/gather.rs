//! What gathering costs, against floors that are measured in the same run.
//!
//! ```text
//! cargo bench -p cargo-orch --bench gather            # 5, 50 and 200 adapters
//! cargo bench -p cargo-orch --bench gather -- 5 50    # these sizes
//! ```
//!
//! Each line has the median time of its runs, and how often as long it takes as the floor that its
//! section names: the median of what each round gives, since the runs of one round follow each other
//! and whatever else the machine does weighs on all of them. Nothing here fails: a ratio tells how the
//! parts of one run compare, times tell nothing on another machine.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends where something fails")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Workspace, depending, on, service};

const WARM_ROUNDS: usize = 60;
const COLD_ROUNDS: usize = 3;
const BUILD_ROUNDS: usize = 9;

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![5, 50, 200] } else { sizes };
    println!("{:<58} {:>10} {:>8}", "", "median", "ratio");
    for &size in &sizes {
        one_application(size);
    }
    for &size in sizes.iter().filter(|&&size| size <= 50) {
        ten_applications(size);
    }
    attributes();
    clean_build();
}

/// One application on so many adapters.
fn one_application(size: usize) {
    let workspace = adapters(&format!("bench-{size}"), size);
    workspace.binary("app-0", &on(&names(size)), "#[orch::app]\nfn main() {}\n");
    let check = || quiet(workspace.cargo().args(["check", "-p", "app-0"]));
    let manifest = || quiet(&mut workspace.orch(&["manifest"]));
    let cold = |run: &dyn Fn() -> Command| {
        let _ = std::fs::remove_dir_all(workspace.target());
        run()
    };
    section(&format!("{size} adapters, cold, against a cold `cargo check`"));
    let [floor, first] = together(COLD_ROUNDS, [&|| cold(&check), &|| cold(&manifest)]);
    line("cargo check", floor, None);
    line("cargo orch manifest", first, None);

    section(&format!("{size} adapters, warm, against a `cargo check` that has nothing to do"));
    let metadata = || quiet(workspace.cargo().args(["metadata", "--format-version", "1"]));
    let without = || quiet(&mut workspace.orch(&["manifest", "--no-compile"]));
    let [floor, warm] = together(WARM_ROUNDS, [&check, &manifest]);
    line("cargo check", floor, None);
    line("cargo orch manifest", warm, Some(1.15));
    section(&format!("{size} adapters, against `cargo metadata`"));
    let [floor, without] = together(WARM_ROUNDS, [&metadata, &without]);
    line("cargo metadata", floor, None);
    line("cargo orch manifest --no-compile", without, Some(5.0));
}

/// Ten applications, each on all of so many adapters.
fn ten_applications(size: usize) {
    let workspace = adapters(&format!("bench-{size}-by-10"), size);
    let apps: Vec<String> = (0..10).map(|number| format!("app-{number}")).collect();
    let write = |tls: bool| {
        for (number, app) in apps.iter().enumerate() {
            let features = if tls && number % 2 == 0 { ", features = [\"tls\"]" } else { "" };
            let lines: String =
                names(size).iter().map(|name| format!("{name} = {{ path = \"../{name}\"{features} }}\n")).collect();
            workspace.binary(app, &lines, "#[orch::app]\nfn main() {}\n");
        }
    };
    write(false);
    let check = || {
        let packages = apps.iter().flat_map(|app| ["-p", app.as_str()]);
        quiet(workspace.cargo().arg("check").args(packages))
    };
    let manifest = || quiet(&mut workspace.orch(&["manifest"]));
    let forgetful = || {
        let _ = std::fs::remove_dir_all(workspace.target().join("orch"));
        quiet(&mut workspace.orch(&["manifest"]))
    };
    for command in [&check as &dyn Fn() -> Command, &manifest] {
        timed(&mut command());
    }
    section(&format!("ten applications on {size} adapters, against a `cargo check` of all that has nothing to do"));
    let [floor, warm, forgetful] = together(WARM_ROUNDS, [&check, &manifest, &forgetful]);
    line("cargo check", floor, None);
    line("cargo orch manifest", warm, Some(4.0));
    line("cargo orch manifest, nothing remembered", forgetful, None);
    write(true);
    for command in [&check as &dyn Fn() -> Command, &manifest] {
        timed(&mut command());
    }
    let [_, warm] = together(WARM_ROUNDS, [&check, &manifest]);
    line("cargo orch manifest, every other one with a feature", warm, Some(4.0));
}

/// What one attribute adds to the check of its crate.
fn attributes() {
    const COUNT: usize = 200;
    let workspace = Workspace::new("bench-attributes");
    let items = |attribute: &dyn Fn(usize) -> String| -> String {
        (0..COUNT).map(|number| format!("{}pub struct Service{number};\n", attribute(number))).collect()
    };
    let attribute = |number| {
        format!(
            "#[orch::service(kind = \"database\", image = \"x:1\", id = \"s{number}\", port(5432, scheme = \"x\"), \
             env(A = \"b\"), app_env(URL_{number} = \"{{url}}\"), health(command = [\"true\"]))]\n"
        )
    };
    workspace.library("plain", "", &items(&|_| String::new()));
    workspace.library("annotated", "", &items(&attribute));
    let check = |name: &'static str| {
        let (root, workspace) = (workspace.path(&format!("crates/{name}/src/lib.rs")), &workspace);
        move || {
            let text = std::fs::read_to_string(&root).unwrap();
            std::fs::write(&root, text).unwrap();
            quiet(workspace.cargo().args(["check", "-p", name]))
        }
    };
    let (plain, annotated) = (check("plain"), check("annotated"));
    for command in [&plain as &dyn Fn() -> Command, &annotated] {
        timed(&mut command());
    }
    section(&format!("`cargo check` of a crate of {COUNT} items, against the same without attributes"));
    let [floor, with] = together(WARM_ROUNDS, [&plain, &annotated]);
    line("without", floor, None);
    line(&format!("with {COUNT} attributes"), with, None);
    println!(
        "  {:<56} {:>10}",
        "one attribute",
        show(with.time.saturating_sub(floor.time) / u32::try_from(COUNT).unwrap())
    );
}

/// What the runtime crate adds to the first build of a crate.
fn clean_build() {
    let workspace = Workspace::new("bench-clean");
    let minimal = "syn = { version = \"3\", default-features = false, features = [\"parsing\", \"printing\", \"proc-macro\"] }\n\
                   quote = { version = \"1\", default-features = false, features = [\"proc-macro\"] }\n";
    workspace.package("crates/nothing", "", "src/lib.rs", "");
    workspace.package(
        "crates/minimal",
        &format!("[lib]\nproc-macro = true\n[dependencies]\n{minimal}"),
        "src/lib.rs",
        "",
    );
    workspace.package("crates/runtime", &depending(""), "src/lib.rs", "");
    let build = |name: &'static str| {
        let _ = std::fs::remove_dir_all(workspace.target());
        quiet(workspace.cargo().args(["build", "-p", name]))
    };
    section("first build of a crate, against a procedural macro on `syn` and `quote`");
    let crates: [&dyn Fn() -> Command; 3] = [&|| build("minimal"), &|| build("nothing"), &|| build("runtime")];
    let [floor, nothing, runtime] = together(BUILD_ROUNDS, crates);
    line("on `syn` and `quote`", floor, None);
    line("on nothing", nothing, None);
    line("on `orch-runtime`", runtime, Some(2.0));
}

fn names(size: usize) -> Vec<&'static str> {
    (0..size).map(|number| &*format!("adapter-{number}").leak()).collect()
}

/// A workspace of so many adapters, each with a feature that changes nothing.
fn adapters(name: &str, size: usize) -> Workspace {
    let workspace = Workspace::new(name);
    for name in names(size) {
        let manifest = format!("[features]\ntls = []\n{}", depending(""));
        workspace.package(&format!("crates/{name}"), &manifest, "src/lib.rs", &service(name, ""));
    }
    workspace
}

/// The command as a user runs it.
fn quiet(command: &mut Command) -> Command {
    let mut quiet = Command::new(command.get_program());
    quiet.args(command.get_args()).current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) if name != "CARGO_PROFILE_DEV_DEBUG" && name != "CARGO_INCREMENTAL" => quiet.env(name, value),
            _ => quiet.env_remove(name),
        };
    }
    quiet.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    quiet
}

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().unwrap();
    let time = start.elapsed();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    time
}

/// What a command takes.
#[derive(Clone, Copy)]
struct Measured {
    /// The median of its runs.
    time: Duration,
    /// The median of what it takes, divided by what the first command takes in the same round.
    ratio: f64,
}

/// Measures commands in rounds, of which every second one is in the other direction: who comes after
/// whom is no advantage.
fn together<const N: usize>(rounds: usize, commands: [&dyn Fn() -> Command; N]) -> [Measured; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..rounds {
        for step in 0..N {
            let index = if round % 2 == 0 { step } else { N - 1 - step };
            times[index].push(timed(&mut commands[index]()));
        }
    }
    std::array::from_fn(|index| {
        let of_round = |round: usize| times[index][round].as_secs_f64() / times[0][round].as_secs_f64();
        Measured {
            time: median(times[index].clone(), Duration::cmp),
            ratio: median((0..rounds).map(of_round).collect(), f64::total_cmp),
        }
    })
}

fn median<T: Copy>(mut values: Vec<T>, order: fn(&T, &T) -> std::cmp::Ordering) -> T {
    values.sort_by(order);
    values[values.len() / 2]
}

fn section(title: &str) {
    println!("\n{title}");
}

fn line(what: &str, Measured { time, ratio }: Measured, target: Option<f64>) {
    let target = target.map_or(String::new(), |target| {
        format!("  at most {target}: {}", if ratio <= target { "reached" } else { "missed" })
    });
    println!("  {what:<56} {:>10} {ratio:>8.2}{target}", show(time));
}

fn show(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 0.001 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{:.0} µs", seconds * 1e6),
    }
}
