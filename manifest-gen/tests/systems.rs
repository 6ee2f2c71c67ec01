//! Systems modelled on ones that people know, rendered for every target and profile, and held to what
//! is true of every artifact.
//!
//! A system is a manifest in `systems/`, and beside it, under the same name, what `orch.toml` says for it.
//! One that is added there is tested.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod invariants;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use camino::Utf8PathBuf;
use cargo_orch::catalog::Beneath;
use cargo_orch::config::Config;
use cargo_orch::finding::{Code, Finding, Severity, has_errors};
use cargo_orch::plan::{Plan, Profile, plan};
use cargo_orch::target;
use invariants::Files;
use orch_manifest::manifest::{Manifest, ServiceEntry};
use orch_manifest::model::{Check, Health, Kind, Service, Workload};
use orch_templates::Packs;
use serde_json::Value;

static PACKS: LazyLock<Packs> = LazyLock::new(|| target::packs(None).unwrap());

const PROFILES: [&str; 4] = ["local", "ci", "staging", "prod"];

struct System {
    name: String,
    /// The path of the manifest.
    path: PathBuf,
    manifest: Manifest,
    config: Config,
}

impl System {
    fn configuration(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.path.with_extension("toml")).unwrap()
    }
}

fn systems() -> Vec<System> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systems");
    let mut paths: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let system = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let manifest = Manifest::from_json(&std::fs::read_to_string(&path).unwrap());
        let manifest = manifest.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut system = System { name, path, manifest, config: Config::default() };
        system.config =
            Config::read(&system.configuration()).unwrap_or_else(|error| panic!("{}: {error}", system.name));
        system
    };
    paths.into_iter().map(system).collect()
}

fn planned(manifest: &Manifest, config: &Config, profile: &str) -> Plan {
    config.plan(manifest, &Profile::find(profile, config).unwrap()).unwrap()
}

fn rendered(plan: &Plan, target: &str) -> Files {
    let rendered = target::render(plan, target, &PACKS).unwrap();
    let findings: Vec<_> = plan.findings.iter().chain(&rendered.findings).cloned().collect();
    assert!(!has_errors(&findings), "{} for {target} in {}: {findings:#?}", plan.system, plan.profile);
    rendered.files.into_iter().map(|file| (file.path, file.contents)).collect()
}

fn targets() -> Vec<String> {
    let targets: Vec<String> = PACKS.targets().into_iter().map(|target| target.name).collect();
    assert!(targets.len() >= 2, "{targets:?}");
    targets
}

/// Does something with each system in each profile.
fn each(mut check: impl FnMut(&System, &str, &Plan)) {
    for system in systems() {
        for profile in PROFILES {
            check(&system, profile, &planned(&system.manifest, &system.config, profile));
        }
    }
}

#[test]
fn manifests_are_what_the_schema_says() {
    let schema: Value = serde_json::from_str(&Manifest::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for system in systems() {
        let text = std::fs::read_to_string(&system.path).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&serde_json::from_str(&text).unwrap())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", system.name);
        assert_eq!(system.manifest.system.as_str(), system.name);
    }
}

#[test]
fn everything_renders_and_twice_the_same() {
    each(|system, profile, plan| {
        for target in targets() {
            let files = rendered(plan, &target);
            let again = rendered(&planned(&system.manifest, &system.config, profile), &target);
            assert_eq!(files, again, "{} for {target} in {profile}", system.name);
            assert!(!files.is_empty());
        }
    });
}

#[test]
fn files_are_text_that_says_whence_and_nothing_of_the_machine() {
    let machine = invariants::machine();
    each(|system, profile, plan| {
        for target in targets() {
            for (path, text) in rendered(plan, &target) {
                let place = format!("{} for {target} in {profile}: {path}", system.name);
                invariants::is_plain_text(&place, &path, &text);
                invariants::says_nothing_of(&machine, &place, &text);
            }
        }
    });
}

#[test]
fn a_compose_file_is_what_the_plan_says() {
    each(|_, _, plan| invariants::compose::check(plan, &rendered(plan, "compose")));
}

#[test]
fn a_stack_is_what_the_plan_says() {
    each(|_, _, plan| invariants::swarm::check(plan, &rendered(plan, "swarm")));
}

/// What is in the environment of whoever renders is in no artifact and in no message.
#[test]
fn no_secret_is_written_or_printed() {
    for (number, system) in systems().into_iter().enumerate() {
        let plan = planned(&system.manifest, &system.config, "prod");
        let canary = format!("canary{number}x{}", std::process::id());
        for target in targets() {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
            command.args(["orch", "render", "--stdout", "--profile", "prod", "--target", &target]);
            command.arg("--manifest").arg(&system.path);
            command.arg("--config").arg(system.configuration());
            for secret in &plan.secrets {
                command.env(secret.name.variable(), &canary);
            }
            for variable in &plan.variables {
                command.env(variable.name.as_str(), &canary);
            }
            let output = command.env("ORCH_SECRETS", &canary).output().unwrap();
            let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            assert!(output.status.success(), "{}: {err}", system.name);
            assert!(!out.contains(&canary) && !err.contains(&canary), "{} for {target}", system.name);
            // Nor has a file for the deployer a value where a secret belongs.
            for secret in &plan.secrets {
                let variable = secret.name.variable();
                assert!(out.lines().all(|line| line.strip_prefix(&format!("{variable}=")).is_none_or(str::is_empty)));
            }
        }
    }
}

/// A Compose file or a stack.
fn main_file(files: &Files) -> Value {
    let main = files.iter().find(|(path, _)| path.ends_with("compose.yaml") || path.ends_with("stack.yaml"));
    serde_saphyr::from_str(main.unwrap().1).unwrap()
}

/// The sections of a Compose file or a stack, by the ids of services.
fn sections(files: &Files) -> BTreeMap<String, Value> {
    main_file(files)["services"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, section)| (id.clone(), section.clone()))
        .collect()
}

/// What a change does to a system in production: only what is of `id` is touched.
fn touches_only(system: &System, id: &str, change: impl Fn(&mut Manifest)) {
    let mut changed = system.manifest.clone();
    change(&mut changed);
    changed.sort();
    let [before, after] = [&system.manifest, &changed].map(|manifest| planned(manifest, &system.config, "prod"));
    for target in targets() {
        let [before, after] = [&before, &after].map(|plan| others(&rendered(plan, &target), id));
        assert_eq!(before, after, "{} for {target}: `{id}`", system.name);
    }
}

/// What is not of `id`: the sections of other services, and the files of others where each has its own.
fn others(files: &Files, id: &str) -> BTreeMap<String, Value> {
    if files.keys().any(|path| path == "compose.yaml" || path == "stack.yaml") {
        let mut sections = sections(files);
        sections.remove(id);
        return sections;
    }
    let others = files.iter().filter(|(path, _)| {
        // A list of all files names the new ones.
        !path.contains(id) && !path.ends_with("kustomization.yaml")
    });
    others.map(|(path, text)| (path.clone(), Value::from(text.as_str()))).collect()
}

#[test]
fn adding_a_service_touches_no_other() {
    for system in systems() {
        touches_only(&system, "zz-added", |manifest| manifest.services.push(added(&system)));
    }
}

/// A service more, which nobody uses.
fn added(system: &System) -> ServiceEntry {
    let service = Service {
        id: "zz-added".parse().unwrap(),
        kind: Kind::parse("other").unwrap(),
        derived_id: false,
        code: None,
        deployment: None,
        connection: None,
        tenants: None,
        workload: Workload {
            image: Some("example.org/added:1".parse().unwrap()),
            health: Some(Health::new(Check::None)),
            user: Some("1000:1000".parse().unwrap()),
            ..Workload::default()
        },
    };
    ServiceEntry { service, declared_by: system.manifest.services[0].declared_by.clone() }
}

#[test]
fn a_version_and_a_number_of_replicas_touch_no_other() {
    for system in systems() {
        let last = system.manifest.apps.len() - 1;
        for index in [0, last] {
            let id = system.manifest.apps[index].id.to_string();
            touches_only(&system, &id, |manifest| {
                manifest.apps[index].version = "99.0.0".to_owned();
                manifest.apps[index].app.workload.replicas = Some(5);
            });
        }
    }
}

/// The objects of a cluster by kind and name, without Jobs, whose name says what they run.
fn objects(files: &Files) -> BTreeMap<String, Value> {
    let documents = files.iter().filter(|(path, _)| path.contains('/') || *path != "kustomization.yaml");
    let read = documents.map(|(_, text)| serde_saphyr::from_str::<Value>(text).unwrap());
    let named = read.filter(|object| object["kind"] != "Job");
    named.map(|object| (format!("{} {}", object["kind"], object["metadata"]["name"]), object)).collect()
}

/// What Kubernetes would refuse, where one plan is rendered over another.
fn refused(before: &Files, after: &Files) -> Vec<Finding> {
    let both = before.iter().filter_map(|(path, text)| Some((text.as_str(), after.get(path)?.as_str())));
    target::refused("k8s", &PACKS, both)
}

/// Names, selectors and claims stay when a version, a number of replicas or a service is another.
#[test]
fn what_cannot_change_in_place_does_not() {
    for system in systems() {
        let mut changed = system.manifest.clone();
        for entry in &mut changed.apps {
            entry.version = "99.0.0".to_owned();
            entry.app.workload.replicas = Some(5);
        }
        for entry in &mut changed.services {
            if let Some(image) = &mut entry.service.workload.image {
                // Another version of the same build: that of Alpine has what the plain one may not.
                let build = if image.to_string().contains("-alpine") { "-alpine" } else { "" };
                let name = image.to_string().split([':', '@']).next().unwrap().to_owned();
                *image = format!("{name}:99{build}").parse().unwrap();
            }
        }
        changed.services.push(added(&system));
        changed.sort();
        for profile in PROFILES {
            let plans = [&system.manifest, &changed].map(|manifest| planned(manifest, &system.config, profile));
            let place = format!("{} in {profile}", system.name);
            let [before, after] = [&plans[0], &plans[1]].map(|plan| rendered(plan, "k8s"));
            assert_eq!(refused(&before, &after), [], "{place}");
            let [before, after] = [objects(&before), objects(&after)];
            for (name, object) in before {
                let kept = after.get(&name).unwrap_or_else(|| panic!("{place}: {name} is gone"));
                assert_eq!(object["spec"]["selector"], kept["spec"]["selector"], "{place}: {name}");
                assert_eq!(object["spec"]["podSelector"], kept["spec"]["podSelector"], "{place}: {name}");
            }
            for target in ["compose", "swarm"] {
                let [before, after] = [&plans[0], &plans[1]].map(|plan| main_file(&rendered(plan, target)));
                for key in ["services", "volumes", "networks", "secrets"] {
                    let (before, after) = (invariants::declared(&before, key), invariants::declared(&after, key));
                    assert!(before.is_subset(&after), "{place} for {target}: {key}");
                }
            }
        }
    }
}

#[test]
fn each_volume_of_another_size_is_found() {
    let mut claims = 0;
    for system in systems() {
        let profile = Profile::find("prod", &system.config).unwrap();
        let before = system.config.apply(&system.manifest, &profile).unwrap();
        // The volumes that the catalog knows of are changed like those that are stated.
        let (before, _) = Beneath::default().complete(&before);
        let mut changed = before.clone();
        let services = changed.services.iter_mut().map(|entry| &mut entry.service.workload);
        let all = services.chain(changed.apps.iter_mut().map(|entry| &mut entry.app.workload));
        for volume in all.flat_map(|workload| &mut workload.volumes).filter(|volume| !volume.ephemeral) {
            volume.size = Some("77Gi".parse().unwrap());
        }
        let [before, after] = [&before, &changed].map(|manifest| rendered(&plan(manifest, &profile), "k8s"));
        let objects = objects(&before).into_values();
        let expected: usize = objects
            .map(|object| match object["kind"].as_str().unwrap() {
                "PersistentVolumeClaim" => 1,
                _ => invariants::list(&object["spec"]["volumeClaimTemplates"]).len(),
            })
            .sum();
        let found = refused(&before, &after);
        assert_eq!(found.len(), expected, "{}: {found:#?}", system.name);
        for finding in found {
            assert_eq!((finding.code, finding.severity), (Code::ImmutableChange, Severity::Warning));
            assert!(finding.message.contains("to `77Gi`"), "{}", finding.message);
            assert!(finding.help.is_some());
        }
        claims += expected;
    }
    assert!(claims >= 10, "{claims}");
}

/// A version changes an application's image and nothing else of it.
#[test]
fn a_version_changes_an_image_only() {
    for system in systems() {
        let mut changed = system.manifest.clone();
        changed.apps.iter_mut().for_each(|entry| entry.version = "99.0.0".to_owned());
        let (before, after) =
            (planned(&system.manifest, &system.config, "prod"), planned(&changed, &system.config, "prod"));
        for target in ["compose", "swarm"] {
            let (mut before, mut after) = (sections(&rendered(&before, target)), sections(&rendered(&after, target)));
            for section in before.values_mut().chain(after.values_mut()) {
                section.as_object_mut().unwrap().remove("image");
            }
            assert_eq!(before, after, "{} for {target}", system.name);
        }
    }
}

/// The shop's manifest is the example's, and so is its configuration.
#[test]
fn the_shop_is_the_example() {
    let shop = systems().into_iter().find(|system| system.name == "shop").unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop/orch.toml");
    let ours = std::fs::read_to_string(shop.configuration()).unwrap();
    assert_eq!(ours, std::fs::read_to_string(example).unwrap());
}

/// What the configurations say about targets and profiles reaches the artifacts.
#[test]
fn options_are_a_part_of_the_plan() {
    let system = |name: &str| systems().into_iter().find(|system| system.name == name).unwrap();
    let plan = |name: &str, profile: &str| planned(&system(name).manifest, &system(name).config, profile);
    let files = rendered(&plan("observability", "prod"), "k8s");
    assert!(files["loki/service.yaml"].contains("namespace: telemetry"), "{}", files["loki/service.yaml"]);
    let compose = &rendered(&plan("events", "local"), "compose")["compose.yaml"];
    assert!(compose.contains("type: bind") && compose.contains("  events-db-data:"), "{compose}");
    let disabled = sections(&rendered(&plan("observability", "ci"), "compose"));
    assert!(!disabled.contains_key("grafana") && disabled.contains_key("prometheus"));
}
