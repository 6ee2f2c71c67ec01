use std::sync::mpsc;

use regex_lite::Regex;

use super::engine::StartedArgs;
use super::failure::Failure;
use crate::engine::command::Stream;
use crate::engine::{Command, CommandError, ERASE, Interrupt, Logs};
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
    let both = started.engine.logs_to_both();
    let each = |stream: Stream, line: &str| {
        let line = line.trim_start_matches(ERASE);
        let is_wanted = args.grep.as_ref().is_none_or(|pattern| pattern.is_match(line));
        if (both || stream == Stream::Out) && is_wanted && failed.is_ok() {
            failed = output.data(&format!("{line}\n"));
        }
    };
    beside(&started.engine.logs(&args.services, &logs), &started.interrupt, each)?;
    failed?;
    Ok(Exit::Done)
}

/// Runs commands beside each other and hands over each line when it comes.
fn beside(commands: &[Command], interrupt: &Interrupt, mut each: impl FnMut(Stream, &str)) -> Result<(), CommandError> {
    if let [command] = commands {
        return command.lines(interrupt, each);
    }
    let (sender, receiver) = mpsc::channel::<(Stream, String)>();
    std::thread::scope(|scope| {
        let read = |command| {
            let sender = sender.clone();
            // Who reads has gone only when everything has ended.
            let hand_over = move |stream, line: &str| drop(sender.send((stream, line.to_owned())));
            scope.spawn(move || Command::lines(command, interrupt, hand_over))
        };
        let threads: Vec<_> = commands.iter().map(read).collect();
        drop(sender);
        for (stream, line) in receiver {
            each(stream, &line);
        }
        let mut threads = threads.into_iter();
        threads.try_for_each(|thread| thread.join().unwrap_or(Err(CommandError::Interrupted)))
    })
}
