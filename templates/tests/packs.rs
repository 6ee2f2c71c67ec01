//! Which packs there are, and what is said about one that is not right.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use orch_templates::{Origin, PackError, Packs, Target};

const TOML: &str = "description = \"Demo\"\n[[file]]\ntemplate = \"t.j2\"\npath = \"out.txt\"\n";

fn rejected(files: &[(&str, &str)]) -> (String, String, String) {
    let dir = demo::folder(files);
    let error = Packs::with_overrides(dir.path(), &[]).and_then(|packs| packs.get("demo").map(drop)).unwrap_err();
    (error.to_string(), error.excerpt().unwrap_or_default(), error.help().unwrap_or_default())
}

#[test]
fn every_built_in_pack_compiles() {
    let packs = Packs::builtin(&[]).unwrap();
    for target in packs.targets() {
        let pack = packs.get(&target.name).unwrap();
        assert_eq!(pack.origin(), Origin::BuiltIn);
        assert!(pack.files().any(|(path, _)| path == "pack.toml"));
        assert!(!pack.description().contains('\n'));
    }
}

#[test]
fn a_folder_adds_a_target() {
    let dir = demo::folder(&[
        ("demo/pack.toml", TOML),
        ("demo/t.j2", "x"),
        ("demo/sub/notes.md", "carried along"),
        ("demo/.hidden", "left alone"),
        ("README.md", "left alone"),
        (".git/config", "left alone"),
    ]);
    let packs = Packs::with_overrides(dir.path(), &[]).unwrap();
    assert!(packs.targets().contains(&Target {
        name: "demo".to_owned(),
        description: "Demo".to_owned(),
        origin: Origin::Own,
    }));
    let pack = packs.get("demo").unwrap();
    assert_eq!((pack.name(), pack.description(), pack.origin()), ("demo", "Demo", Origin::Own));
    let files: Vec<&str> = pack.files().map(|(path, _)| path).collect();
    assert_eq!(files, ["pack.toml", "sub/notes.md", "t.j2"]);
}

#[test]
fn a_folder_overrides_a_built_in_target_file_by_file() {
    let builtin = Packs::builtin(&[]).unwrap();
    let Some(target) = builtin.targets().into_iter().next() else {
        println!("skipped: there is no built-in pack");
        return;
    };
    let added = format!("{}/_added.j2", target.name);
    let dir = demo::folder(&[(&added, "x")]);
    let packs = Packs::with_overrides(dir.path(), &[]).unwrap();
    let pack = packs.get(&target.name).unwrap();
    assert_eq!(pack.origin(), Origin::Overridden);
    let before = builtin.get(&target.name).unwrap();
    assert_eq!(pack.files().count(), before.files().count() + 1);
    assert_eq!(packs.targets().len(), builtin.targets().len());
}

#[test]
fn an_unknown_target_names_the_nearest() {
    let dir = demo::folder(&[("demo/pack.toml", TOML), ("demo/t.j2", "x")]);
    let packs = Packs::with_overrides(dir.path(), &[]).unwrap();
    let error = packs.get("dmeo").unwrap_err();
    assert_eq!(error.to_string(), "there is no target `dmeo`");
    assert_eq!(error.help().unwrap(), "did you mean `demo`?");
    let error = packs.get("xyz").unwrap_err();
    assert!(error.help().unwrap().contains("`demo`"), "{error:?}");
}

#[test]
fn a_pack_without_its_parts_is_rejected() {
    assert_eq!(rejected(&[("demo/t.j2", "x")]).0, "pack `demo` has no `pack.toml`");
    let (message, excerpt, help) = rejected(&[("demo/pack.toml", TOML), ("demo/tt.j2", "x")]);
    assert_eq!(message, "`pack.toml` of pack `demo`, line 3: the pack has no template `t.j2`");
    assert_eq!(excerpt, "3 | template = \"t.j2\"");
    assert_eq!(help, "did you mean `tt.j2`?");
    assert!(rejected(&[("Demo/pack.toml", TOML)]).2.contains("lower-case"));
    assert!(matches!(Packs::with_overrides("/nonexistent", &[]), Err(PackError::Read { .. })));
}

#[test]
fn a_template_that_does_not_compile_names_its_line() {
    let (message, excerpt, _) = rejected(&[("demo/pack.toml", TOML), ("demo/t.j2", "a\n{% if %}\n")]);
    assert!(message.starts_with("`t.j2` of pack `demo`, line 2: "), "{message}");
    assert_eq!(excerpt, "2 | {% if %}");
    for (key, value) in [("when", "a b"), ("path", "{{ a")] {
        let toml = TOML.replace("path = \"out.txt\"\n", "") + &format!("{key} = \"{value}\"\n");
        let toml = if key == "when" { toml + "path = \"x\"\n" } else { toml };
        let (message, ..) = rejected(&[("demo/pack.toml", &toml), ("demo/t.j2", "x")]);
        assert!(message.starts_with("`pack.toml` of pack `demo`, line 4: "), "{message}");
    }
}

#[test]
fn glued_values_are_rejected_in_yaml_only() {
    let yaml = TOML.replace("out.txt", "out.yaml");
    let (message, excerpt, help) =
        rejected(&[("demo/pack.toml", &yaml), ("demo/t.j2", "a: 1\nimage: {{ a }}:{{ b }}\n")]);
    assert_eq!(message, "`t.j2` of pack `demo`, line 2: `b` is glued to something");
    assert_eq!(excerpt, "2 | image: {{ a }}:{{ b }}");
    assert!(help.contains("{{ a ~ \":\" ~ b }}"), "{help}");
    let partial = [("demo/pack.toml", yaml.as_str()), ("demo/t.j2", "a: 1\n"), ("demo/_p.j2", "\"{{ a }}\"")];
    assert!(rejected(&partial).0.starts_with("`_p.j2`"));
    let dir = demo::folder(&[("demo/pack.toml", TOML), ("demo/t.j2", "{{ a }}{{ b }}")]);
    assert!(Packs::with_overrides(dir.path(), &[]).unwrap().get("demo").is_ok());
}

#[test]
fn bytes_that_are_no_text_are_rejected() {
    let dir = demo::folder(&[("demo/pack.toml", TOML)]);
    std::fs::write(dir.path().join("demo/t.j2"), [0xff, 0xfe]).unwrap();
    let error = Packs::with_overrides(dir.path(), &[]).unwrap_err();
    assert!(matches!(error, PackError::NotText { .. }), "{error}");
}
