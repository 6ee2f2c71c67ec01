//! What the reader of dep-info names does with names that are not as they should be.

use orch_manifest::fragment::{CHUNK, CONTRACT, Declaration, Fragment, FragmentError, decode};
use orch_manifest::model::Client;
use orch_manifest::{EnvName, Id, Template};

fn small() -> Fragment {
    let declaration = Declaration::Client(Client { of: Id::parse("shopping").unwrap(), app_env: [].into() });
    Fragment { item: "Shopping".into(), file: "src/lib.rs".into(), line: 7, column: 1, declaration, module: None }
}

/// One whose JSON takes several names.
fn large() -> Fragment {
    let text = Template::parse(&"long ".repeat(3_000)).unwrap();
    let app_env = [(EnvName::parse("TEXT").unwrap(), text)].into();
    let declaration = Declaration::Client(Client { of: Id::parse("shopping").unwrap(), app_env });
    Fragment { declaration, ..small() }
}

fn names(fragment: &Fragment) -> Vec<String> {
    fragment.encode().into_iter().map(|name| name + "shop").collect()
}

fn read(names: &[String]) -> Result<Vec<Fragment>, FragmentError> {
    decode(names.iter().map(String::as_str))
}

#[test]
fn a_large_declaration_takes_several_names_that_come_in_any_order() {
    let mut names = names(&large());
    assert_eq!(names.len(), 4);
    assert!(names.iter().all(|name| name.len() < CHUNK + 100));
    names.reverse();
    names.extend_from_within(..2);
    let expected = Fragment { module: Some("shop".into()), ..large() };
    assert_eq!(read(&names), Ok(vec![expected]));
}

#[test]
fn a_missing_part_is_noticed() {
    for missing in 0..4 {
        let mut names = names(&large());
        names.remove(missing);
        assert_eq!(read(&names), Err(FragmentError::Incomplete { found: 3, expected: 4 }));
    }
}

#[test]
fn a_changed_digit_is_noticed() {
    let [name] = names(&small()).try_into().unwrap();
    let hex = name.split('_').nth(4).unwrap();
    let tampered = name.replace(hex, &hex.replacen("22", "23", 1));
    let error = read(&[tampered]).unwrap_err();
    assert_eq!(error.to_string(), "a fragment is malformed: its text is not the one it was made from");
}

#[test]
fn parts_that_disagree_on_their_number_are_noticed() {
    let mut names = names(&large());
    names[1] = names[1].replace("_1_4_", "_1_5_");
    let error = read(&names).unwrap_err();
    assert_eq!(error.to_string(), "a fragment is malformed: its parts disagree on how many they are");
}

#[test]
fn a_name_that_is_cut_short_is_noticed() {
    let [name] = names(&small()).try_into().unwrap();
    let fields: Vec<&str> = name.split('_').collect();
    for kept in 2..fields.len() - 1 {
        let error = read(&[fields[..kept].join("_")]).unwrap_err();
        assert_eq!(error.to_string(), "a fragment is malformed: its name is cut short", "{kept}");
    }
}

#[test]
fn another_contract_is_named_with_both_numbers() {
    let error = read(&["ORCH2_anything_at_all".into()]).unwrap_err();
    assert_eq!(error, FragmentError::Contract { found: 2 });
    let text = error.to_string();
    assert!(text.contains("contract 2") && text.contains(&format!("contract {CONTRACT}")), "{text}");
    assert!(text.contains("use the same version of `orch-runtime` and `cargo-orch`"), "{text}");
}

#[test]
fn variables_of_others_are_passed_over() {
    let foreign = ["ORCHESTRA_HOME", "ORCH", "ORCH_", "ORCH_HOME", "ORCHARD_1", "orch1_x", "PATH", "", "ÖRCH1_"];
    assert_eq!(decode(foreign), Ok(Vec::new()));
}

#[test]
fn the_same_declaration_in_two_modules_is_two() {
    let names: Vec<String> = ["shop::a", "shop::b"]
        .iter()
        .flat_map(|module| small().encode().into_iter().map(move |n| n + module))
        .collect();
    let modules: Vec<_> = read(&names).unwrap().into_iter().map(|fragment| fragment.module.unwrap()).collect();
    assert_eq!(modules, ["shop::a", "shop::b"]);
}

#[test]
fn a_module_path_may_have_underscores_and_letters_of_any_script() {
    let module = "shop_data::größe::_1_2_3";
    let name = small().encode().remove(0) + module;
    assert_eq!(decode([name.as_str()]).unwrap()[0].module.as_deref(), Some(module));
}
