//! How a secret gets to the program that needs it. Swarm has files only.
//!
//! | the program | it gets |
//! |---|---|
//! | knows a variable that names a file | that variable |
//! | is an application of the workspace | the file; the runtime crate puts its bindings together |
//! | is in an image with a shell whose entry point is known | the variable, from a script before the entry point |
//! | anything else | nothing: a finding |

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::EnvName;

use super::Writer;
use super::text::{in_go_template, quote};
use crate::finding::{Code, Finding};
use crate::plan::resolve::Probe;
use crate::plan::system::VARIABLE;
use crate::plan::{Environment, HealthCheck, Piece, Text, Workload};
use crate::target::docker::{self, Healthcheck, SecretFile};
use crate::target::interpolation::escape;

/// What a container is given to start with.
#[derive(Debug, Default)]
pub(super) struct Inside {
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) files: BTreeSet<SecretFile>,
    pub(super) healthcheck: Option<Healthcheck>,
}

impl Writer<'_> {
    /// The environment, the command and the health check of a workload, with its secrets.
    pub(super) fn inside(&mut self, workload: &Workload) -> Inside {
        let mut inside = Inside::default();
        let exports = exported(workload);
        let mut left_out: Vec<String> = Vec::new();
        for (name, entry) in &workload.env {
            if !entry.value.is_secret() {
                inside.environment.insert(name.to_string(), self.text(workload, &entry.value, in_go_template));
                continue;
            }
            let files: Vec<SecretFile> = entry.value.pieces.iter().filter_map(SecretFile::of).collect();
            inside.files.extend(files.iter().cloned());
            match (&entry.file_form, files.as_slice()) {
                (Some(form), [file]) => {
                    inside.environment.insert(form.to_string(), file.path());
                }
                _ if is_told(workload) => left_out.push(format!("`{name}`")),
                _ => {}
            }
        }
        if !left_out.is_empty() {
            let message = format!(
                "`{}` has no {} in its environment in Swarm: the runtime crate puts them together from files",
                workload.id,
                left_out.join(", ")
            );
            self.findings.push(Finding::new(Code::TargetNature, message).at(&workload.declared_by));
        }
        self.start(workload, &exports, &mut inside);
        inside.healthcheck = workload.check_inside().map(|health| self.health(workload, health, &exports, &mut inside));
        inside
    }

    /// What is run: what is declared, or a script that reads secrets and runs that.
    fn start(&mut self, workload: &Workload, exports: &[(&EnvName, &Text)], inside: &mut Inside) {
        let words = || workload.entrypoint.iter().chain(&workload.command);
        let in_words = words().any(Text::is_secret);
        if !in_words && exports.is_empty() {
            inside.entrypoint = self.texts(workload, &workload.entrypoint);
            inside.command = self.texts(workload, &workload.command);
            return;
        }
        if !self.can_be_wrapped(workload, exports) {
            return;
        }
        let mut script = self.exports(workload, exports, inside);
        let (entrypoint, command) = whole_command(workload);
        if in_words {
            let words: Vec<String> =
                entrypoint.iter().chain(&command).map(|text| self.shell_word(workload, text, inside)).collect();
            script += &["exec", &words.join(" ")].join(" ");
            inside.entrypoint = shell(&script);
            return;
        }
        script.push_str(REST);
        inside.entrypoint = shell(&script);
        inside.entrypoint.extend(self.texts(workload, &entrypoint));
        inside.command = self.texts(workload, &command);
    }

    fn texts(&mut self, workload: &Workload, texts: &[Text]) -> Vec<String> {
        texts.iter().map(|text| self.text(workload, text, str::to_owned)).collect()
    }

    /// Whether a script can come before the entry point; if not, that is found.
    fn can_be_wrapped(&mut self, workload: &Workload, exports: &[(&EnvName, &Text)]) -> bool {
        let id = &workload.id;
        if let Some((name, _)) = exports.iter().find(|(name, _)| !name.is_shell_name()) {
            let message = format!("`{name}` of `{id}` is a secret and has a name that no shell can set");
            self.error(
                message,
                "Swarm has secrets as files only: let the program read `/run/secrets/…`",
                Some(workload),
            );
            return false;
        }
        if has_shell(workload) {
            return true;
        }
        let what = match exports {
            [] => "its command".to_owned(),
            exports => exports.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        let message = format!("`{id}` takes a secret in {what}, and Swarm has secrets as files only");
        let help = "put the secret into a `file(…, template)` that the program reads, or, where the image has a \
                    shell, write its entry point out: `entrypoint = [\"/bin/sh\", \"-c\", \"exec …\"]`";
        self.error(message, help, Some(workload));
        false
    }

    /// Lines of a shell script that set variables.
    fn exports(&mut self, workload: &Workload, exports: &[(&EnvName, &Text)], inside: &mut Inside) -> String {
        let line = |(name, value): &(&EnvName, &Text)| {
            // Assigned first: what fails in the arguments of `export` is not noticed.
            format!("{name}={}; export {name}\n", self.shell_word(workload, value, inside))
        };
        exports.iter().map(line).collect()
    }

    /// One word of a shell script that stands for a text. What the deployer chooses comes through the
    /// environment, so that it is never read as a part of the script.
    fn shell_word(&mut self, workload: &Workload, text: &Text, inside: &mut Inside) -> String {
        let mut words: Vec<String> = Vec::new();
        for piece in &text.pieces {
            words.push(match piece {
                Piece::Literal(text) => quote(text),
                Piece::Secret { .. } => {
                    let Some(file) = SecretFile::of(piece) else { continue };
                    let word = format!("\"$(cat {})\"", file.path());
                    self.about_secret_in_url(workload, piece);
                    inside.files.insert(file);
                    word
                }
                Piece::Variable { .. } | Piece::HostPort { .. } => {
                    format!("\"${}\"", self.input(workload, piece, inside))
                }
            });
        }
        if words.is_empty() { "''".to_owned() } else { words.concat() }
    }

    /// A variable in the container's environment with what the deployer chooses.
    pub(super) fn input(&mut self, workload: &Workload, piece: &Piece, inside: &mut Inside) -> String {
        let name = match piece {
            Piece::Variable { name, .. } => format!("ORCH_INPUT_{name}"),
            Piece::HostPort { id, port } => format!("ORCH_INPUT_{id}_{port}").replace('-', "_").to_ascii_uppercase(),
            Piece::Literal(_) | Piece::Secret { .. } => String::new(),
        };
        let value = self.text(workload, &Text { pieces: vec![piece.clone()] }, in_go_template);
        inside.environment.insert(name.clone(), value);
        name
    }

    /// The file of a secret that a Go template reads.
    pub(super) fn file_in_template(&mut self, workload: &Workload, piece: &Piece, inside: &mut Inside) -> String {
        let Some(file) = SecretFile::of(piece) else { return String::new() };
        self.about_secret_in_url(workload, piece);
        let name = file.name();
        inside.files.insert(file);
        name
    }

    fn about_secret_in_url(&mut self, workload: &Workload, piece: &Piece) {
        if let Piece::Secret { name, in_url: true, .. } = piece {
            let message = format!("Swarm puts the secret `{name}` into a URL as it is");
            let finding = Finding::new(Code::SecretInUrl, message).at(&workload.declared_by);
            self.findings.push(finding.help("use only letters, digits and `-._~` in it"));
        }
    }

    /// A health check is a process of its own, which sees the container's environment and not what
    /// the script before the entry point has set.
    fn health(
        &mut self,
        workload: &Workload,
        health: &HealthCheck,
        exports: &[(&EnvName, &Text)],
        inside: &mut Inside,
    ) -> Healthcheck {
        let mut check = docker::healthcheck(health);
        match &health.probe {
            Probe::Command(command) if !exports.is_empty() && has_shell(workload) => {
                let script = self.exports(workload, exports, inside) + REST;
                check.test = std::iter::once("CMD".to_owned()).chain(shell(&script)).collect();
                check.test.extend(command.iter().map(|word| escape(word)));
            }
            Probe::Shell(script) => {
                let secret =
                    workload.env.iter().filter(|(name, entry)| entry.value.is_secret() && name.is_shell_name());
                let named: Vec<(&EnvName, &Text)> = secret
                    .map(|(name, entry)| (name, &entry.value))
                    .filter(|(name, value)| exports.contains(&(*name, *value)) || script.contains(name.as_str()))
                    .collect();
                let script = self.exports(workload, &named, inside) + script;
                check.test = vec!["CMD-SHELL".to_owned(), escape(&script)];
            }
            Probe::Command(_) | Probe::Tcp(_) | Probe::Http(..) => {}
        }
        check
    }
}

/// What a process of its own in a container begins with, so that it has the variables that the script before the
/// entry point has set; nothing where there are none. It runs without those whose files are not there.
#[cfg(feature = "cli")]
pub(super) fn process(writer: &mut Writer<'_>, workload: &Workload) -> Vec<String> {
    let exports = exported(workload);
    if exports.is_empty() || !has_shell(workload) || exports.iter().any(|(name, _)| !name.is_shell_name()) {
        return Vec::new();
    }
    let script = writer.exports(workload, &exports, &mut Inside::default()) + REST;
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script]
}

/// Runs the words behind a script in its place.
const REST: &str = "exec \"$0\" \"$@\"";

/// Whether it reads its secrets by itself, through the runtime crate.
fn is_told(workload: &Workload) -> bool {
    workload.env.keys().any(|name| name.as_str() == VARIABLE)
}

/// The variables that only a script before the entry point can set.
fn exported(workload: &Workload) -> Vec<(&EnvName, &Text)> {
    let secret = workload.env.iter().filter(|(_, entry)| entry.value.is_secret() && !is_told(workload));
    let has_file = |entry: &Environment| {
        let files = entry.value.pieces.iter().filter_map(SecretFile::of).count();
        entry.file_form.is_some() && files == 1
    };
    secret.filter(|(_, entry)| !has_file(entry)).map(|(name, entry)| (name, &entry.value)).collect()
}

/// A script for the image's shell, as the beginning of an entry point.
fn shell(script: &str) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-ec".to_owned(), escape(script)]
}

/// The whole of what is run: the declared words, and the image's own where none are declared.
fn whole_command(workload: &Workload) -> (Vec<Text>, Vec<Text>) {
    let literals = |words: &[String]| words.iter().map(Text::literal).collect::<Vec<_>>();
    let declared = (workload.entrypoint.clone(), workload.command.clone());
    match (&workload.facts, declared) {
        (Some(facts), (entrypoint, command)) if entrypoint.is_empty() => {
            let command = if command.is_empty() { literals(&facts.image.command) } else { command };
            (literals(&facts.image.entrypoint), command)
        }
        (_, declared) => declared,
    }
}

/// Whether the image is known to have a shell, and its entry point is known.
fn has_shell(workload: &Workload) -> bool {
    let known = || workload.facts.as_ref().is_some_and(|facts| !facts.image.entrypoint.is_empty());
    let is_shell = |word: &str| ["sh", "bash", "ash", "dash"].contains(&word.rsplit('/').next().unwrap_or_default());
    match workload.entrypoint.first() {
        Some(word) => word.as_literal().is_some_and(is_shell) || known(),
        None => known(),
    }
}
