//! The one way in which a program is run.
//!
//! It keeps the command line, how it ended and what it said. What it prints is read while it runs, so
//! it never waits for somebody to read. It is a process group of its own, and when this process is
//! asked to end it is stopped, with everything it started.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::Interrupt;
use super::child::{self, Group};

/// How often it is looked whether a child has ended.
const POLL: Duration = Duration::from_millis(20);

/// How many of the last lines that a child said are worth repeating.
const LAST: usize = 20;

/// How long what a child printed last is waited for; what it started may hold its pipes open.
const DRAIN: Duration = Duration::from_secs(2);

/// A program with its arguments and what its environment has beside this process's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    /// Variables; those without a value are taken away.
    environment: BTreeMap<OsString, Option<OsString>>,
    folder: Option<PathBuf>,
}

/// How a program ended, and what it printed.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed to standard output.
    pub stdout: Vec<u8>,
    /// What it printed to standard error.
    pub stderr: Vec<u8>,
}

/// Why a program did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is none of that name.
    #[error("there is no program `{program}`")]
    Missing {
        /// The program.
        program: String,
    },
    /// It cannot be started, or its output cannot be read.
    #[error("cannot run `{command}`")]
    Run {
        /// The command line.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It says that it failed.
    #[error("`{command}` failed ({status}){}", said(talk))]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said on standard error.
        talk: String,
    },
    /// It took longer than it had.
    #[error("`{command}` did not end in time")]
    Late {
        /// The command line.
        command: String,
    },
    /// This process was asked to end.
    #[error("interrupted")]
    Interrupted,
}

fn said(talk: &str) -> String {
    if talk.is_empty() { String::new() } else { format!("\n{talk}") }
}

/// Which of a child's streams a line is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Command {
    /// A program without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), environment: BTreeMap::new(), folder: None }
    }

    /// With one more argument.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With more arguments.
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), Some(value.into()));
        self
    }

    /// Without a variable that this process has.
    pub fn without_env(mut self, name: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), None);
        self
    }

    /// In a folder.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Runs it to its end and takes what it prints; an exit code other than 0 is an error.
    pub fn output(&self, interrupt: &Interrupt, limit: Option<Duration>) -> Result<Output, CommandError> {
        let output = self.capture(interrupt, limit)?;
        self.judge(output.status, &output.stderr).map(|()| output)
    }

    /// Runs it to its end and takes what it prints, however it ends.
    pub fn capture(&self, interrupt: &Interrupt, limit: Option<Duration>) -> Result<Output, CommandError> {
        let mut child = self.spawn(Stdio::null(), Stdio::piped(), Stdio::piped(), Group::Own)?;
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let status = self.wait(&mut child, interrupt, limit, || {})?;
        let read = |receiver: mpsc::Receiver<std::io::Result<Vec<u8>>>| match receiver.recv_timeout(DRAIN) {
            Ok(result) => result.map_err(|source| self.run_error(source)),
            Err(_) => Ok(Vec::new()),
        };
        Ok(Output { status, stdout: read(stdout)?, stderr: read(stderr)? })
    }

    /// Runs it to its end and hands over each line when it comes; what is no UTF-8 is replaced. An exit
    /// code other than 0 is an error with the last lines of standard error.
    pub fn lines(&self, interrupt: &Interrupt, mut each: impl FnMut(Stream, &str)) -> Result<(), CommandError> {
        let mut child = self.spawn(Stdio::null(), Stdio::piped(), Stdio::piped(), Group::Own)?;
        let (sender, receiver) = mpsc::channel();
        line_reader(child.stdout.take(), Stream::Out, sender.clone());
        line_reader(child.stderr.take(), Stream::Err, sender);
        let mut talk: Vec<String> = Vec::new();
        let mut hand = |(stream, line): (Stream, String)| {
            if stream == Stream::Err {
                talk.push(line.clone());
                let surplus = talk.len().saturating_sub(LAST);
                talk.drain(..surplus);
            }
            each(stream, &line);
        };
        let status = self.wait(&mut child, interrupt, None, || receiver.try_iter().for_each(&mut hand))?;
        while let Ok(line) = receiver.recv_timeout(DRAIN) {
            hand(line);
        }
        self.judge(status, talk.join("\n").as_bytes())
    }

    /// Runs it to its end from one file to another, neither of which is held in memory; nothing comes and goes
    /// where there is none. An exit code other than 0 is an error with the last lines of standard error.
    pub fn stream(
        &self,
        interrupt: &Interrupt,
        from: Option<File>,
        to: Option<File>,
        mut meanwhile: impl FnMut(),
    ) -> Result<(), CommandError> {
        let end = |file: Option<File>| file.map_or_else(Stdio::null, Stdio::from);
        let mut child = self.spawn(end(from), end(to), Stdio::piped(), Group::Own)?;
        let (sender, receiver) = mpsc::channel();
        line_reader(child.stderr.take(), Stream::Err, sender);
        let mut talk = Vec::new();
        let mut hear = |(_, line): (Stream, String)| {
            talk.push(line);
            let surplus = talk.len().saturating_sub(LAST);
            talk.drain(..surplus);
        };
        let status = self.wait(&mut child, interrupt, None, || {
            receiver.try_iter().for_each(&mut hear);
            meanwhile();
        })?;
        while let Ok(line) = receiver.recv_timeout(DRAIN) {
            hear(line);
        }
        self.judge(status, talk.join("\n").as_bytes())
    }

    /// Starts it and goes on; what it prints is kept for when it has ended.
    pub fn start(&self) -> Result<Running, CommandError> {
        let mut child = self.spawn(Stdio::null(), Stdio::null(), Stdio::piped(), Group::Own)?;
        let talk = reader(child.stderr.take());
        Ok(Running { command: self.clone(), child, talk, ended: None })
    }

    /// Runs it to its end on this process's own streams, in the terminal's foreground: it is the one who
    /// is asked to end by Ctrl-C.
    pub fn attached(&self, interrupt: &Interrupt) -> Result<ExitStatus, CommandError> {
        let mut child = self.spawn(Stdio::inherit(), Stdio::inherit(), Stdio::inherit(), Group::Shared)?;
        loop {
            if let Some(status) = child.try_wait().map_err(|source| self.run_error(source))? {
                return Ok(status);
            }
            // The terminal tells the child of Ctrl-C; nobody else tells it of the rest.
            if interrupt.is_terminated() {
                child::stop(&mut child, Group::Shared);
                return Err(CommandError::Interrupted);
            }
            std::thread::sleep(POLL);
        }
    }

    fn spawn(&self, stdin: Stdio, stdout: Stdio, stderr: Stdio, group: Group) -> Result<Child, CommandError> {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).stdin(stdin).stdout(stdout).stderr(stderr);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        group.apply(&mut command);
        command.spawn().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound if self.folder.as_ref().is_none_or(|folder| folder.is_dir()) => {
                CommandError::Missing { program: self.program.to_string_lossy().into_owned() }
            }
            _ => self.run_error(source),
        })
    }

    fn wait(
        &self,
        child: &mut Child,
        interrupt: &Interrupt,
        limit: Option<Duration>,
        mut meanwhile: impl FnMut(),
    ) -> Result<ExitStatus, CommandError> {
        let started = Instant::now();
        loop {
            meanwhile();
            if let Some(status) = child.try_wait().map_err(|source| self.run_error(source))? {
                return Ok(status);
            }
            let late = limit.is_some_and(|limit| started.elapsed() >= limit);
            if late || interrupt.is_raised() {
                child::stop(child, Group::Own);
                let command = self.to_string();
                return Err(if late { CommandError::Late { command } } else { CommandError::Interrupted });
            }
            std::thread::sleep(POLL);
        }
    }

    fn judge(&self, status: ExitStatus, talk: &[u8]) -> Result<(), CommandError> {
        if status.success() {
            return Ok(());
        }
        let talk = String::from_utf8_lossy(talk).trim().to_owned();
        Err(CommandError::Failed { command: self.to_string(), status, talk })
    }

    fn run_error(&self, source: std::io::Error) -> CommandError {
        CommandError::Run { command: self.to_string(), source }
    }
}

/// The command line as a shell takes it. Variables are not in it, since secrets may be among them.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

/// A word as a shell takes it.
pub fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A program that was started.
pub struct Running {
    command: Command,
    child: Child,
    talk: mpsc::Receiver<std::io::Result<Vec<u8>>>,
    ended: Option<ExitStatus>,
}

impl Running {
    /// Whether it has ended; an exit code other than 0 is an error.
    pub fn ended(&mut self) -> Result<bool, CommandError> {
        if self.ended.is_some() {
            return Ok(true);
        }
        let Some(status) = self.child.try_wait().map_err(|source| self.command.run_error(source))? else {
            return Ok(false);
        };
        self.ended = Some(status);
        let talk = self.talk.recv_timeout(DRAIN).ok().and_then(Result::ok).unwrap_or_default();
        self.command.judge(status, &talk).map(|()| true)
    }

    /// Ends it, if it has not ended by itself, and returns the last lines of what it said.
    pub fn stop(mut self) -> String {
        if self.ended.is_some() {
            return String::new();
        }
        child::stop(&mut self.child, Group::Own);
        self.ended = self.child.try_wait().ok().flatten();
        let talk = self.talk.recv_timeout(DRAIN).ok().and_then(Result::ok).unwrap_or_default();
        let talk = String::from_utf8_lossy(&talk);
        let lines: Vec<&str> = talk.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LAST)..].join("\n")
    }
}

/// Who goes on without it does not leave it behind.
impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.is_none() {
            child::stop(&mut self.child, Group::Own);
        }
    }
}

fn reader(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stream) = stream {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let result = stream.read_to_end(&mut bytes).map(|_| bytes);
            // Whoever started it may have given up waiting.
            let _ = sender.send(result);
        });
    }
    receiver
}

fn line_reader(stream: Option<impl Read + Send + 'static>, which: Stream, sender: mpsc::Sender<(Stream, String)>) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        while stream.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes);
            if sender.send((which, line.trim_end_matches(['\n', '\r']).to_owned())).is_err() {
                break;
            }
            bytes.clear();
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Command, CommandError, Stream};
    use crate::engine::Interrupt;

    fn sh(script: &str) -> Command {
        Command::new("sh").args(["-c", script])
    }

    #[test]
    fn more_than_a_pipe_holds_is_read_from_both_streams() {
        let script = "head -c 300000 /dev/zero | tr '\\0' o; head -c 300000 /dev/zero | tr '\\0' e >&2";
        let output = sh(script).output(&Interrupt::never(), None).unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (300_000, 300_000));
    }

    #[test]
    fn an_exit_code_is_an_error_with_the_command_line_and_what_was_said() {
        let error = sh("echo 'no such thing' >&2; exit 3").output(&Interrupt::never(), None).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`sh -c 'echo '\\''no such thing'\\'' >&2; exit 3'` failed"), "{text}");
        assert!(text.ends_with("exit status: 3)\nno such thing"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Command::new("orch-no-such-program").output(&Interrupt::never(), None).unwrap_err();
        assert!(matches!(error, CommandError::Missing { program } if program == "orch-no-such-program"));
    }

    #[test]
    fn what_is_late_is_stopped_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("still-here");
        let script = format!("(sleep 1; touch {}) & sleep 30", mark.display());
        let started = Instant::now();
        let error = sh(&script).output(&Interrupt::never(), Some(Duration::from_millis(200))).unwrap_err();
        assert!(matches!(error, CommandError::Late { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!mark.exists(), "what the child started is still running");
    }

    #[test]
    fn an_interrupt_stops_a_child_that_does_not_want_to_end() {
        let interrupt = Interrupt::never();
        let raised = interrupt.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            raised.raise();
        });
        let error = sh("trap '' INT TERM; sleep 60").output(&interrupt, None).unwrap_err();
        assert!(matches!(error, CommandError::Interrupted), "{error}");
    }

    #[test]
    fn who_is_dropped_while_running_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("still-here");
        drop(sh(&format!("sleep 1; touch {}", mark.display())).start().unwrap());
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!mark.exists());
    }

    #[test]
    fn who_is_stopped_has_said_something() {
        let running = sh("echo 'no such file' >&2; sleep 60").start().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(running.stop(), "no such file");
    }

    #[test]
    fn lines_come_from_both_streams_and_need_not_be_text() {
        let mut lines = Vec::new();
        sh("echo a; printf '\\377b' ; echo c >&2")
            .lines(&Interrupt::never(), |stream, line| lines.push((stream == Stream::Out, line.to_owned())))
            .unwrap();
        lines.sort();
        assert_eq!(lines, [(false, "c".to_owned()), (true, "a".to_owned()), (true, "\u{fffd}b".to_owned())]);
    }
}
