//! Nothing in an environment makes a program panic.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use orch_runtime::{Environment, System};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::bindings::told;

fn bytes() -> impl Strategy<Value = OsString> {
    prop_oneof![
        vec(any::<u8>(), 0..40).prop_map(OsString::from_vec),
        Just(OsString::from("/proc/self/mem")),
        Just(OsString::from("/dev/zero")),
        Just(OsString::from("/")),
    ]
}

/// JSON that has something of what is expected.
fn likely() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..9_u8).prop_map(Value::from),
        "[a-z./$%\u{e9}\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let key = prop_oneof![
            Just("text"),
            Just("secret"),
            Just("variable"),
            Just("name"),
            Just("key"),
            Just("url"),
            Just("default"),
            Just("host"),
            Just("port"),
            Just("ports"),
            Just("check"),
            Just("tcp"),
            Just("http"),
            Just("path"),
            Just("kind"),
            Just("required"),
            Just("user"),
            Just("X"),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key.prop_map(str::to_owned), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn use_all(system: &System, wanted: &str) {
    let mut said = format!("{system:?}");
    for name in [wanted, "X", "kind", ""] {
        said += &system.binding(name).map_or_else(|error| error.to_string(), |binding| format!("{binding:?}"));
        said += &system.endpoint(name).map_or_else(|error| error.to_string(), |endpoint| format!("{endpoint:?}"));
    }
    let ids: Vec<String> = system.services().map(str::to_owned).collect();
    for id in ids {
        said += &system.endpoint(&id).map_or_else(|error| error.to_string(), |endpoint| format!("{endpoint:?}"));
    }
    assert!(!said.is_empty());
}

proptest! {
    #[test]
    fn variables_of_any_bytes(
        system in bytes(), value in bytes(), file in bytes(), secrets in bytes(), name in "\\PC{0,8}",
    ) {
        let variables = [
            (OsString::from("ORCH_SYSTEM"), system),
            (OsString::from("X"), value),
            (OsString::from(format!("{name}_FILE")), file),
            (OsString::from("ORCH_SECRETS"), secrets),
        ];
        use_all(&System::new(Environment::of(variables)), &name);
        use_all(&System::current(), &name);
    }

    #[test]
    fn a_system_of_any_json(services in likely(), bindings in likely(), secrets in bytes()) {
        let variables = [
            (OsString::from("ORCH_SYSTEM"), OsString::from(told(&services, &bindings))),
            (OsString::from("ORCH_SECRETS"), secrets),
        ];
        use_all(&System::new(Environment::of(variables)), "X");
    }
}

#[test]
fn a_system_that_is_nested_without_end() {
    let deep = "[".repeat(100_000);
    assert!(System::new(Environment::of([("ORCH_SYSTEM", deep)])).check().is_err());
}
