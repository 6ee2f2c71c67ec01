//! The only place that prints: data on standard output, talk on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use indicatif::{ProgressBar, ProgressStyle};
use orch_manifest::manifest::DeclaredBy;

use crate::finding::{Code, Finding, Severity};
use crate::gather::Sources;

/// Where a command prints.
pub(crate) struct Output {
    data: Box<dyn Write>,
    talk: Box<dyn Write>,
    /// Whether notes are shown, not only counted.
    notes: bool,
}

impl Output {
    /// The process's own streams; colour where a terminal shows it.
    pub(crate) fn standard() -> Self {
        Self { data: Box::new(anstream::stdout()), talk: Box::new(anstream::stderr()), notes: false }
    }

    /// Shows notes from now on.
    pub(crate) fn show_notes(&mut self) {
        self.notes = true;
    }

    /// Prints data as it is. A reader that has gone away is no failure.
    pub(crate) fn data(&mut self, text: &str) -> io::Result<()> {
        match self.data.write_all(text.as_bytes()).and_then(|()| self.data.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Tells a person something.
    pub(crate) fn talk(&mut self, text: &str) {
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(self.talk, "{text}");
    }

    /// Asks a person a question that is answered with yes or no; no where there is nobody to ask.
    pub(crate) fn confirm(&mut self, question: &str) -> io::Result<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(false);
        }
        let _ = write!(self.talk, "{question} [y/N] ");
        let _ = self.talk.flush();
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Whether a person reads the data.
    pub(crate) fn is_read_by_a_person() -> bool {
        io::stdout().is_terminal()
    }

    /// Shows findings with the sources they come from, and how many of each kind there are. Notes are
    /// only counted unless somebody asked for them.
    pub(crate) fn findings(&mut self, findings: &[Finding], sources: &Sources) {
        let (notes, others): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| finding.severity == Severity::Note);
        // A line of a source with a secret's default in it is not shown, whatever is said about it.
        let secret = findings.iter().filter(|finding| finding.code == Code::SecretDefault);
        let hidden: Vec<&DeclaredBy> = secret.flat_map(|finding| &finding.places).collect();
        if self.notes {
            for note in &notes {
                let _ = writeln!(self.talk, "note[{}]: {}", note.code, note.message);
            }
        }
        for finding in others {
            let report = report(finding, sources, &hidden);
            let _ = writeln!(self.talk, "{report}\n");
        }
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let mut words = Vec::new();
        for severity in [Severity::Error, Severity::Warning] {
            match count(severity) {
                0 => {}
                1 => words.push(format!("1 {severity}")),
                number => words.push(format!("{number} {severity}s")),
            }
        }
        if !words.is_empty() {
            self.talk(&format!("{}; `cargo orch explain CODE` says more about each", words.join(", ")));
        }
        match notes.len() {
            0 => {}
            _ if self.notes => {}
            1 => self.talk("1 note; `--notes` shows it"),
            number => self.talk(&format!("{number} notes; `--notes` shows them")),
        }
    }

    /// Shows why a command failed.
    pub(crate) fn failure(&mut self, message: &str, causes: &[String], excerpt: Option<&str>, help: Option<&str>) {
        let mut elements: Vec<Element<'_>> = Vec::new();
        let mut note = String::new();
        for cause in causes {
            let _ = writeln!(note, "caused by: {cause}");
        }
        note.push_str(excerpt.unwrap_or_default());
        let note = note.trim_end();
        if !note.is_empty() {
            elements.push(Level::NOTE.message(note).into());
        }
        if let Some(help) = help {
            elements.push(Level::HELP.message(help).into());
        }
        let group = Level::ERROR.primary_title(message).elements(elements);
        self.talk(&Renderer::styled().render(&[group]).clone());
    }
}

/// A line at the end of a terminal that says what is waited for; nothing where there is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// One that says nothing yet.
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or(ProgressStyle::default_spinner()));
        Self { bar }
    }

    /// Says what is waited for now.
    pub(crate) fn waits(&self, text: &str) {
        self.bar.set_message(text.to_owned());
        self.bar.tick();
    }

    /// Says something that stays, above the line.
    pub(crate) fn talk(&self, output: &mut Output, text: &str) {
        self.bar.suspend(|| output.talk(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How long something takes, for people: `12 s`, and from two minutes on `2 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn report(finding: &Finding, sources: &Sources, hidden: &[&DeclaredBy]) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let read =
        |place: &DeclaredBy| sources.file(place).and_then(|path| Some((std::fs::read_to_string(&path).ok()?, path)));
    let files: Vec<_> = finding.places.iter().map(|place| (place, read(place))).collect();
    let mut group: Group<'_> =
        level.primary_title(finding.message.as_str()).id(finding.code.as_str()).elements(Vec::<Element<'_>>::new());
    for (place, file) in &files {
        let line = place.line.and_then(|line| usize::try_from(line).ok());
        group = match (file, line) {
            (Some((text, path)), Some(line)) => match attribute(text, line).filter(|_| !hidden.contains(place)) {
                Some(span) => group.element(
                    Snippet::source(text.as_str()).path(display(path)).annotation(AnnotationKind::Primary.span(span)),
                ),
                None => group.element(Origin::path(display(path)).line(line)),
            },
            _ => group.element(Origin::path(place.to_string())),
        };
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::styled().render(&[group]).clone()
}

/// The path as a person in the current folder would name it.
fn display(path: &camino::Utf8Path) -> String {
    let here = std::env::current_dir().ok();
    let inside =
        here.and_then(|here| path.as_std_path().strip_prefix(here).ok().map(|path| path.display().to_string()));
    inside.unwrap_or_else(|| path.to_string())
}

/// The bytes of a line without the white space around it.
fn attribute(text: &str, line: usize) -> Option<std::ops::Range<usize>> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let line = text.get(start..)?.lines().next()?;
    let indent = line.len() - line.trim_start().len();
    (!line.trim().is_empty()).then(|| start + indent..start + line.trim_end().len())
}
