use regex_lite::Regex;

use super::engine::StartedArgs;
use super::failure::Failure;
use crate::engine::command::Stream;
use crate::engine::{ERASE, Engine, Logs};
use crate::exit::Exit;
use crate::output::Output;

/// Show what services have printed
#[derive(clap::Args)]
pub(super) struct Args {
    /// The services; all of them without one
    #[arg(value_name = "ID")]
    services: Vec<String>,
    /// Wait for what comes, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines of each
    #[arg(short = 'n', long, value_name = "LINES")]
    tail: Option<u32>,
    /// From when on: how long ago (`10m`), or a time (`2026-01-31T12:00:00Z`)
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<String>,
    /// Only lines in which this regular expression is found
    #[arg(long, value_name = "PATTERN")]
    grep: Option<Regex>,
    #[command(flatten)]
    started: StartedArgs,
}

/// A time or a duration; the engine would take everything else for something of its own.
fn since(text: &str) -> Result<String, String> {
    let is_duration = text.parse::<orch_manifest::Duration>().is_ok();
    let is_time = text.len() >= 10
        && text.is_ascii()
        && text.as_bytes()[4] == b'-'
        && text.chars().all(|c| c.is_ascii_digit() || "-:TZ.+".contains(c));
    if is_duration || is_time {
        return Ok(text.to_owned());
    }
    Err("write how long ago, as in `90s`, `10m` or `2h`, or a time, as in `2026-01-31T12:00:00Z`".to_owned())
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let started = args.started.require()?;
    started.known(&args.services)?;
    let logs =
        Logs { follow: args.follow, tail: args.tail, since: args.since.clone(), names: args.services.len() != 1 };
    let mut failed = Ok(());
    started.engine.logs(&args.services, &logs).lines(&started.interrupt, |stream, line| {
        let line = line.trim_start_matches(ERASE);
        let is_wanted = args.grep.as_ref().is_none_or(|pattern| pattern.is_match(line));
        match stream {
            Stream::Out if is_wanted && failed.is_ok() => failed = output.data(&format!("{line}\n")),
            _ => {}
        }
    })?;
    failed?;
    Ok(Exit::Done)
}
