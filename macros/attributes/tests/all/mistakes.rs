//! What is said about mistakes, where, and what to write instead.
//!
//! Each file in `tests/mistakes` has attributes, one a line, and under each what is said about it.
//! To add one, write its line and set `ORCH_UPDATE=1`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

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

/// What is wrong with one key does not hide what is wrong with another.
#[test]
fn mistakes_do_not_hide_each_other() {
    const BASE: &str = "#[service(kind = \"cache\", image = \"redis:7\", ";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let texts: Vec<String> = files.collect();
    let lines =
        texts.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_prefix(BASE)?.strip_suffix(")]"));
    let lines: Vec<&str> = lines.collect();
    assert!(lines.len() > 60, "{}", lines.len());
    let service = |arguments: &str| messages(&format!("kind = \"cache\", image = \"redis:7\", {arguments}"));
    for one in &lines {
        // A port that one declares is there for the other.
        let beside =
            |other: &&&str| *other > one && keys(other).is_disjoint(&keys(one)) && !other.contains("(tcp = \"sql\"");
        for other in lines.iter().filter(beside) {
            let hidden = hidden(&service, one, other, &format!("{one}, {other}"));
            assert!(hidden.is_empty(), "{one}, {other}\n{hidden:?}");
        }
    }
}

/// The same among the arguments of one key, whether or not what it cannot do without is good.
#[test]
fn mistakes_within_a_key_do_not_hide_each_other() {
    let table: [(&str, &[&str], &[&str]); 9] = [
        (
            "health",
            &["http = \"/\"", "http = \"x\"", "htp = \"/\"", "tcp = 1, shell = \"x\"", ""],
            &["interval = \"10\"", "timeout = 5", "retries = 0", "start_period = \"x\"", "zebra = 1"],
        ),
        ("health", &["http = \"/\"", "htp = \"/\"", ""], &["port = 0", "live = \"x\"", "timeout = \"0s\""]),
        (
            "port",
            &["1", "0", "name = \"x\"", "1, 2", "PORT"],
            &["protocol = \"http\"", "scheme = \"http://\"", "host_port = 0", "public = 1", "nmae = \"x\""],
        ),
        (
            "ingress",
            &["port = 9", "port = 0", "\"a.b\""],
            &["host = \"a_b\"", "path = \"x\"", "tls = \"A B\"", "hots = \"a\""],
        ),
        (
            "volume",
            &["\"/data\"", "\"data\"", "", "DATA"],
            &["name = \"My Data\"", "size = \"10 Gi\"", "storage_class = \"A B\"", "read_only = 1", "ephemral"],
        ),
        (
            "file",
            &["\"/etc/x\", source = \"x\"", "\"etc\", source = \"../x\"", "", "\"/etc/x\""],
            &["template = 1", "sourc = 1"],
        ),
        (
            "resources",
            &["cpu = \"1\"", "cpu = 1", ""],
            &["memory = \"1GB\"", "cpu_limit = \"x\"", "memory_limit = 1", "gpu = 0", "cpus = 1"],
        ),
        ("scale", &["max = 3", "max = 0", "maxx = 3", ""], &["min = 0", "cpu = 101", "mim = 1"]),
        ("egress", &["port = 443", "port = 0", "443", ""], &["cidr = \"10.0.0.0\"", "protocol = \"http\"", "prot = 1"]),
    ];
    for (key, bases, arguments) in table {
        let within = |arguments: &str| messages(&format!("port = 9, {key}({arguments})").replace("(, ", "("));
        for argument in arguments {
            let good = format!("{}, {argument}", bases[0]);
            for base in bases {
                let both = format!("{base}, {argument}");
                let hidden = hidden(&within, base, &good, &both);
                assert!(hidden.is_empty(), "{key}({both})\n{hidden:?}");
            }
            for other in arguments.iter().filter(|other| *other > argument) {
                let hidden = hidden(&within, &good, &format!("{}, {other}", bases[0]), &format!("{good}, {other}"));
                assert!(hidden.is_empty(), "{key}({good}, {other})\n{hidden:?}");
            }
        }
    }
}

/// What is said of one or of the other, and not of both together. Beside an unknown key nothing is said to be missing:
/// it is most likely that, misspelt.
fn hidden(messages: &impl Fn(&str) -> Vec<String>, one: &str, other: &str, both: &str) -> Vec<String> {
    let said = messages(both);
    let is_misspelt = said.iter().any(|message| message.starts_with("unknown key"));
    let is_meant = |message: &String| is_misspelt && message.contains("(…)` has no ");
    [one, other]
        .into_iter()
        .flat_map(messages)
        .filter(|message| !said.contains(message) && !is_meant(message))
        .collect()
}

/// The keys of the outermost arguments.
fn keys(arguments: &str) -> BTreeSet<String> {
    let tokens: TokenStream = arguments.parse().unwrap();
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let arguments = trees.split(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ','));
    arguments.filter_map(|argument| argument.first().map(ToString::to_string)).collect()
}

fn messages(arguments: &str) -> Vec<String> {
    let attribute = Attribute::find(if arguments.starts_with("kind") { "service" } else { "app" }).unwrap();
    let (_, problems) = read(attribute, arguments.parse().unwrap());
    problems.into_iter().map(|problem| problem.message).collect()
}
