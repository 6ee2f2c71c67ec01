use std::path::PathBuf;

use camino::Utf8PathBuf;
use orch_manifest::Id;

use super::engine::workspace_root;
use super::failure::Failure;
use crate::config::{Config, FILE};
use crate::exit::Exit;
use crate::launch::Folder;
use crate::output::Output;
use crate::plan::Profile;
use crate::plan::profile::Base;
use crate::write::write_file;

/// List the profiles, or add one to orch.toml
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    /// Path of the workspace's Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show every profile, where it comes from, and whether `up` was run in it
    List,
    /// Add a profile to orch.toml that starts from another
    Create {
        /// Its name
        #[arg(value_name = "NAME")]
        name: Id,
        /// The profile from which it starts
        #[arg(long, value_name = "PROFILE", default_value = "local")]
        from: String,
    },
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let root = workspace_root(args.manifest_path.as_deref())?;
    let path = Utf8PathBuf::from_path_buf(root.clone())
        .map_err(|root| Failure::new(Exit::Io, format!("`{}` is no UTF-8", root.display())))?
        .join(FILE);
    let config = match Config::read(&path) {
        Err(_) if !path.exists() => Config::default(),
        config => config?,
    };
    match &args.what {
        What::List => output.data(&list(&config, &Folder::of(root))?)?,
        What::Create { name, from } => create(&path, &config, name, from, output)?,
    }
    Ok(Exit::Done)
}

fn list(config: &Config, folder: &Folder) -> Result<String, Failure> {
    let launched = folder.launched();
    let profiles = Profile::all(config)?;
    let width = profiles.iter().map(|profile| profile.as_str().len()).max().unwrap_or_default();
    let lines = profiles.iter().map(|profile| {
        let name = profile.as_str();
        let section = config.profiles.get(name);
        let extends = section.and_then(|section| section.extends.as_deref());
        let origin = match (extends, section) {
            (Some(base), _) => format!("{FILE}, from {base}"),
            (None, Some(_)) => format!("built in, with more in {FILE}"),
            (None, None) => "built in".to_owned(),
        };
        let started = if launched.iter().any(|launched| launched == name) { "; `up` was run in it here" } else { "" };
        format!("{name:width$}  {origin}: {}{started}\n", situation(profile.base()))
    });
    Ok(lines.collect())
}

fn situation(base: Base) -> &'static str {
    match base {
        Base::Local => "a developer's machine",
        Base::Ci => "a test run that leaves nothing behind",
        Base::Staging => "like production, for trying",
        Base::Prod => "production",
    }
}

fn create(path: &Utf8PathBuf, config: &Config, name: &Id, from: &str, output: &mut Output) -> Result<(), Failure> {
    let from = Profile::find(from, config)?;
    if Profile::find(name.as_str(), config).is_ok() {
        return Err(Failure::new(Exit::Usage, format!("there is a profile `{name}` already"))
            .help("`cargo orch profiles list` shows them"));
    }
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| Failure::io("read", path.as_str(), &error))?,
    };
    let gap = if text.is_empty() || text.ends_with("\n\n") { "" } else { "\n" };
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{end}{gap}[profiles.{name}]\nextends = \"{from}\"\n");
    // Where `profiles` is written in another way, a section cannot be added below it.
    let read = Config::read_as(path, text.clone()).ok().and_then(|config| Profile::find(name.as_str(), &config).ok());
    if read.is_none_or(|profile| profile.base() != from.base()) {
        return Err(Failure::new(Exit::Findings, format!("a section cannot be added to `{path}`"))
            .help(format!("write `{name} = {{ extends = \"{from}\" }}` among its profiles")));
    }
    write_file(path, &text)?;
    output.talk(&format!("added `[profiles.{name}]` to {path}: write below it what differs from {from}"));
    Ok(())
}
