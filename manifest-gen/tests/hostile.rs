//! No string breaks an artifact: hostile strings in every position that takes one, written in an
//! attribute, in a manifest from elsewhere and in `orch.toml`, read back by readers that are not ours.
//!
//! Without a reader a test says that it was skipped and why; with `ORCH_CI` set it fails instead.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

mod readers;

use camino::Utf8Path;
use cargo_orch::config::Config;
use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Profile, plan};
use cargo_orch::target;
use orch_manifest::grammar::{self, Reader};
use orch_manifest::manifest::{DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::File;
use orch_manifest::{Id, SourcePath};
use proc_macro2::{Literal, Span, TokenStream};
use proptest::prelude::*;
use readers::{docker_compose, docker_stack, hostile, pyyaml};
use serde_json::Value;

/// What Compose and Swarm can express as a default.
fn default(text: &str) -> String {
    text.replace(['{', '}', '\n', '\r'], "")
}

/// The service with a string in every position that takes one, as an attribute.
fn attribute(id: usize, text: &str) -> String {
    let literal = Literal::string(text);
    let braces = Literal::string(&text.replace('{', "{{").replace('}', "}}"));
    let shell = Literal::string(&format!("x{text}"));
    format!(
        "kind = \"other\", image = \"x:1\", id = \"s{id}\", description = {shell}, name = {shell}, \
         command = [{literal}, template({braces})], entrypoint = [\"x\", {literal}], \
         env(A = {literal}, B = template({braces}), C = var(\"UNSET_{id}\", default = {})), \
         labels(a = {literal}), annotations(b = {literal}), placement(c = {literal}), \
         health(command = [\"x\", {literal}])",
        Literal::string(&default(text))
    )
}

fn from_attribute(attribute: &str, item: &str) -> ServiceEntry {
    let tokens: TokenStream = attribute.parse().unwrap();
    let mut problems = Vec::new();
    let args = orch_attributes::tokens::parse(tokens, Span::call_site(), &mut problems).args;
    assert!(problems.is_empty(), "{problems:?}");
    let mut problems = Vec::new();
    let service = grammar::service(&args, item, &mut Reader::new(&mut problems));
    assert!(problems.is_empty(), "{problems:?}");
    let declared_by =
        DeclaredBy { package: "p".into(), version: None, file: "f".into(), item: item.into(), line: None };
    ServiceEntry { service: service.unwrap(), declared_by }
}

/// A system with one service for each string, and the string in a file of it.
fn from_attributes(strings: &[String]) -> Manifest {
    let mut manifest = Manifest::new(Id::parse("hostile").unwrap());
    for (id, text) in strings.iter().enumerate() {
        let mut entry = from_attribute(&attribute(id, text), "Hostile");
        entry.service.workload.files.push(File {
            path: "/etc/file".parse().unwrap(),
            source: SourcePath::parse("file").unwrap(),
            template: false,
            content: Some(text.clone()),
            sha256: None,
        });
        manifest.services.push(entry);
    }
    manifest.sort();
    manifest
}

/// The same system with everything that `orch.toml` can say said there.
fn from_configuration(strings: &[String]) -> Manifest {
    let mut bare = from_attributes(strings);
    let mut document: Vec<String> = Vec::new();
    for entry in &mut bare.services {
        let workload = &mut entry.service.workload;
        let text = |value: &str| toml::Value::from(value).to_string();
        let string = strings[entry.service.id.as_str()[1..].parse::<usize>().unwrap()].as_str();
        let template = string.replace('{', "{{").replace('}', "}}");
        document.push(format!(
            "[services.{}]\ndescription = {shell}\nname = {shell}\ncommand = [{literal}, {{ template = {template} }}]\n\
             entrypoint = [\"x\", {literal}]\nlabels = {{ a = {literal} }}\nannotations = {{ b = {literal} }}\n\
             placement = {{ c = {literal} }}\nhealth = {{ command = [\"x\", {literal}] }}\n\
             env = {{ A = {literal}, B = {{ template = {template} }}, C = {{ var = \"UNSET_{}\", default = {default} }} }}\n",
            entry.service.id,
            &entry.service.id.as_str()[1..],
            shell = text(&format!("x{string}")),
            literal = text(string),
            template = text(&template),
            default = text(&default(string)),
        ));
        for key in
            ["description", "name", "command", "entrypoint", "labels", "annotations", "placement", "health", "env"]
        {
            grammar::unset(workload, key);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("orch.toml");
    std::fs::write(&path, document.concat()).unwrap();
    let config = Config::read(&path).unwrap();
    config.apply(&bare, &Profile::built_in(Base::Local)).unwrap()
}

struct Artifacts {
    main: String,
    files: Vec<(String, String)>,
}

fn render(manifest: &Manifest, target: Target) -> Artifacts {
    let plan = plan(manifest, &Profile::built_in(Base::Local));
    assert!(!cargo_orch::finding::has_errors(&plan.findings), "{:?}", plan.findings);
    let (name, path) = match target {
        Target::Compose => ("compose", "compose.yaml"),
        Target::Swarm => ("swarm", "stack.yaml"),
    };
    let rendered = target::render(&plan, name, &target::packs(None).unwrap()).unwrap();
    assert!(!cargo_orch::finding::has_errors(&rendered.findings), "{:?}", rendered.findings);
    let files = rendered.files.into_iter().map(|file| (file.path, file.contents));
    let (main, files): (Vec<_>, Vec<_>) = files.partition(|(other, _)| other == path);
    Artifacts { main: main.into_iter().next().unwrap().1, files }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Compose,
    Swarm,
}

/// Who reads, which decides what is left to undo.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// A reader of YAML, to whom `$$` is nothing special.
    Yaml,
    /// `docker compose config`, which interpolates and doubles `$` again.
    Compose,
    /// `docker stack config`, which interpolates.
    Stack,
}

/// What a reader made of an artifact is what went in.
fn compare(read: &Value, strings: &[String], target: Target, by: By) {
    let plain = |value: &Value| {
        let text = value.as_str()?;
        Some(if by == By::Stack { text.to_owned() } else { text.replace("$$", "$") })
    };
    // The environment of a task is a Go template, in which two braces stand in an action.
    let environment = |value: &Value| match target {
        Target::Compose => plain(value),
        Target::Swarm => plain(value).map(|text| text.replace("{{\"{{\"}}", "{{")),
    };
    for (id, text) in strings.iter().enumerate() {
        let service = &read["services"][format!("s{id}")];
        // What this takes in is right; of what it prints, the first line break is lost.
        let text = if by == By::Stack { text.strip_prefix('\n').unwrap_or(text) } else { text.as_str() };
        let expect = |what: &str, value: Option<String>| assert_eq!(value.as_deref(), Some(text), "{what} of {text:?}");
        expect("command", plain(&service["command"][0]));
        expect("template", plain(&service["command"][1]));
        expect("entrypoint", plain(&service["entrypoint"][1]));
        expect("env", environment(&service["environment"]["A"]));
        expect("env template", environment(&service["environment"]["B"]));
        expect("label", plain(&service["labels"]["a"]));
        expect("health", plain(&service["healthcheck"]["test"][2]));
        match target {
            Target::Compose => expect("annotation", plain(&service["annotations"]["b"])),
            Target::Swarm => expect("label of the service", plain(&service["deploy"]["labels"]["a"])),
        }
        if by != By::Yaml {
            assert_eq!(plain(&service["environment"]["C"]), Some(default(text)), "default of {text:?}");
        }
    }
    assert_eq!(read["services"].as_object().map(serde_json::Map::len), Some(strings.len()));
}

#[test]
fn an_attribute_a_manifest_and_a_configuration_say_the_same() {
    let strings = hostile();
    let manifest = from_attributes(&strings);
    let read = Manifest::from_json(&manifest.to_json(false)).unwrap();
    assert_eq!(read, manifest);
    assert_eq!(from_configuration(&strings), manifest);
}

#[test]
fn a_default_that_a_target_cannot_express_is_an_error() {
    let cases = [("compose", &["a}b", "{", "a\nb"][..]), ("swarm", &["a}b", "{{ a", "}"][..])];
    for (target, default) in cases.into_iter().flat_map(|(target, all)| all.iter().map(move |text| (target, *text))) {
        let text =
            format!("kind = \"other\", image = \"x:1\", env(A = var(\"A\", default = {}))", Literal::string(default));
        let mut manifest = Manifest::new(Id::parse("hostile").unwrap());
        manifest.services.push(from_attribute(&text, "Hostile"));
        let plan = plan(&manifest, &Profile::built_in(Base::Local));
        let rendered = target::render(&plan, target, &target::packs(None).unwrap()).unwrap();
        assert!(cargo_orch::finding::has_errors(&rendered.findings), "{default:?}: {:?}", rendered.findings);
    }
}

#[test]
fn files_are_mounted_to_the_letter() {
    let strings = hostile();
    for target in [Target::Compose, Target::Swarm] {
        let artifacts = render(&from_attributes(&strings), target);
        for (id, text) in strings.iter().enumerate() {
            let path = format!("files/s{id}/file");
            let file = artifacts.files.iter().find(|(other, _)| *other == path);
            assert_eq!(file.map(|(_, contents)| contents.as_str()), Some(text.as_str()), "{text:?}");
        }
    }
}

#[test]
fn pyyaml_reads_what_was_written() {
    let strings = hostile();
    for target in [Target::Compose, Target::Swarm] {
        if let Some(read) = pyyaml(&render(&from_attributes(&strings), target).main) {
            compare(&read, &strings, target, By::Yaml);
        }
    }
}

#[test]
fn docker_reads_what_was_written() {
    let strings = hostile();
    let artifacts = render(&from_attributes(&strings), Target::Compose);
    if let Some(read) = docker_compose(&artifacts.main, &artifacts.files) {
        compare(&read, &strings, Target::Compose, By::Compose);
    }
    let artifacts = render(&from_attributes(&strings), Target::Swarm);
    if let Some(read) = docker_stack(&artifacts.main, &artifacts.files) {
        compare(&read, &strings, Target::Swarm, By::Stack);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_string_renders_and_comes_back(text in any::<String>()) {
        let strings = [text];
        for target in [Target::Compose, Target::Swarm] {
            let artifacts = render(&from_attributes(&strings), target);
            let read: Value = serde_saphyr::from_str(&artifacts.main).unwrap();
            compare(&read, &strings, target, By::Yaml);
        }
    }
}
