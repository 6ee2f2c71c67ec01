//! No secret and no default of a secret is in anything that is written or printed.
//!
//! Random values are supplied in every way in which a secret can come near the command, random
//! defaults wherever somebody may try to give a secret one. Every command is run, and all that it
//! prints and writes is searched for them. That the search finds what is there is shown by other random
//! texts, at the same places, that are no secrets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "the workspaces of other tests have more to them")]

#[path = "../support/mod.rs"]
mod support;

mod defaults;
mod mistakes;
mod needle;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use needle::Needle;
use support::{Ran, Workspace};

/// What is printed and written, by where that is.
#[derive(Default)]
struct Haystacks(BTreeMap<String, Vec<u8>>);

impl Haystacks {
    /// Keeps what a command printed.
    fn printed(&mut self, command: &str, ran: &Ran) {
        self.0.insert(format!("standard output of `{command}`"), ran.stdout.clone().into_bytes());
        self.0.insert(format!("standard error of `{command}`"), ran.stderr.clone().into_bytes());
    }

    /// Keeps every file below a folder, but those of which `skip` says that they are not ours.
    fn written(&mut self, folder: &Path, skip: &dyn Fn(&Path) -> bool) {
        for entry in folder.read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            if skip(&path) {
                continue;
            }
            if path.is_dir() {
                self.written(&path, skip);
            } else {
                let name = [path.display().to_string().into_bytes(), std::fs::read(&path).unwrap()].concat();
                self.0.insert(path.display().to_string(), name);
            }
        }
    }

    /// Nothing has any of these.
    fn have_none(&self, needles: &[(&str, &Needle)]) {
        for (what, needle) in needles {
            for (place, bytes) in &self.0 {
                let found = needle.find(bytes);
                assert!(
                    found.is_none(),
                    "{what} is in {place}, {}:\n{}",
                    found.unwrap(),
                    String::from_utf8_lossy(bytes)
                );
            }
        }
    }

    /// Where this is.
    fn places(&self, needle: &Needle) -> Vec<&str> {
        self.0.iter().filter(|(_, bytes)| needle.find(bytes).is_some()).map(|(place, _)| place.as_str()).collect()
    }

    /// It is in some place of which the name has all these parts.
    fn have(&self, needle: &Needle, parts: &[&str]) {
        let places = self.places(needle);
        let found = places.iter().any(|place| parts.iter().all(|part| place.contains(part)));
        assert!(found, "not found where it is: {parts:?}; only in {places:#?}\n{:#?}", self.0.keys());
    }
}

/// Runs a command, with these variables set, and keeps what it prints.
fn run(workspace: &Workspace, line: &str, environment: &[(String, String)], haystacks: &mut Haystacks) -> Ran {
    let arguments: Vec<&str> = line.split(' ').collect();
    let mut command = workspace.orch(&arguments);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let ran = Ran::from(command.output().unwrap());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    haystacks.printed(line, &ran);
    ran
}
