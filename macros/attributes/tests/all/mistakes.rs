//! What is said about mistakes, where, and what to write instead.
//!
//! Each file in `tests/mistakes` has attributes, one a line, and under each what is said about it.
//! To add one, write its line and set `ORCH_UPDATE=1`.

use std::fmt::Write;
use std::path::Path;

use proc_macro2::TokenStream;

use crate::{Attribute, read};

#[test]
fn each_mistake_is_reported_once_where_it_is_with_what_to_write() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let file = file.into_string().unwrap();
        let text = std::fs::read_to_string(folder.join(&file)).unwrap().replace("\r\n", "\n");
        let attributes = text.lines().filter(|line| line.starts_with("#["));
        let actual: Vec<String> = attributes.map(|line| report(line) + "\n").collect();
        let actual = actual.join("\n");
        if std::env::var_os("ORCH_UPDATE").is_some() {
            std::fs::write(folder.join(&file), &actual).unwrap();
        }
        assert!(text == actual, "{file} differs; set ORCH_UPDATE=1, and read what is said then\n{actual}");
    }
}

/// The attribute with a caret under what each problem is about.
fn report(line: &str) -> String {
    let inside = line.strip_prefix("#[").unwrap().strip_suffix(']').unwrap();
    let (name, args) =
        inside.split_once('(').map_or((inside, ""), |(name, args)| (name, args.strip_suffix(')').unwrap()));
    let attribute = Attribute::find(name).unwrap();
    let tokens: TokenStream = args.parse().unwrap();
    // Where the text begins among all texts that were parsed.
    let begin = tokens.clone().into_iter().next().map_or(0, |tree| tree.span().byte_range().start);
    let (_, problems) = read(attribute, tokens);
    assert!(!problems.is_empty(), "nothing is wrong with {line}");
    let mut out = line.to_owned();
    for problem in problems {
        let range = problem.span.byte_range();
        let (at, marked) = if range.is_empty() {
            (0, line)
        } else {
            let start = name.len() + 3 + range.start - begin;
            (line[..start].chars().count(), &line[start..start + range.len()])
        };
        let carets = "^".repeat(marked.chars().count());
        let _ = write!(out, "\n{:at$}{carets} {}", "", problem.message);
        let help = problem.help.unwrap_or_else(|| panic!("{line}\n`{}` says nothing to write", problem.message));
        let _ = write!(out, "\n{:at$}help: {help}", "");
    }
    out
}
