//! What is said of a name that a template does not find.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use orch_templates::Packs;
use serde_json::json;

const LIBRARY: &str = "{% macro plain(value) %}\n{{ value | replace(\"a\", \"b\") }}\n{% endmacro %}\n";

/// The message without the pack's name, the line and the advice.
fn told(format: &str, each: &str, template: &str) -> (String, String, String) {
    let toml =
        format!("description = \"d\"\n[[file]]\ntemplate = \"t.j2\"\npath = \"a\"\nformat = \"{format}\"\n{each}");
    let dir = demo::folder(&[("demo/pack.toml", &toml), ("demo/t.j2", template), ("demo/lib.j2", LIBRARY)]);
    let context = json!({
        "name": "shop",
        "services": [{ "id": "db", "image": "x", "ports": [] }],
        "objects": [{ "metadata": { "name": "report" } }],
    });
    let error = Packs::with_overrides(dir.path(), &[]).unwrap().get("demo").unwrap().render(&context).unwrap_err();
    let said = error.to_string().replace(" of pack `demo`", "");
    (said, error.excerpt().unwrap_or_default(), error.help().unwrap_or_default())
}

#[test]
fn the_nearest_is_named() {
    for (template, said, help) in [
        ("{{ name | uper }}", "there is no filter `uper`", "did you mean `upper`?"),
        ("{{ name is strng }}", "there is no test `strng`", "did you mean `string`?"),
        ("{{ rang(3) }}", "there is no function `rang`", "did you mean `range`?"),
        ("{% from \"lib.j2\" import plain %}{{ plian(1) }}", "there is no function `plian`", "did you mean `plain`?"),
        (
            "{{ name.split(\"-\") }}",
            "string has no method named split",
            "values have no methods; is the filter meant, `value | split`?",
        ),
        ("{{ nmae }}", "`nmae` is undefined", "did you mean `name`?"),
        ("{{ services[0].imagee }}", "`services[0].imagee` is undefined", "did you mean `services[0].image`?"),
        ("{% for s in services %}{{ s.imagee }}{% endfor %}", "`s.imagee` is undefined", "did you mean `s.image`?"),
        (
            "{% for s in services %}{% for p in s.prots %}{% endfor %}{% endfor %}",
            "`s.prots` is undefined",
            "did you mean `s.ports`?",
        ),
        (
            "{{ 1 + services[0].imagee }}",
            "tried to use + operator on unsupported types number and undefined: `services[0].imagee` is undefined",
            "did you mean `services[0].image`?",
        ),
    ] {
        let (message, _, advice) = told("text", "", template);
        assert_eq!((message, advice.as_str()), (format!("`t.j2`, line 1: {said}"), help), "{template}");
    }
}

#[test]
fn what_is_near_nothing_has_the_list() {
    for (template, format, there, absent) in [
        ("{{ name | b64encode }}", "text", "the filters are `abs`", "`block`"),
        ("v: {{ name | b64encode }}", "yaml", "`block`", "`escape`"),
        ("{{ name is zzzz }}", "text", "the tests are `boolean`", "`upper` filter"),
        ("{{ zzzz() }}", "text", "the functions and macros are `debug`", "`abs`"),
        ("{{ services.zzzz() }}", "text", "values have no methods; the filters are `abs`", "`debug`"),
    ] {
        let advice = told(format, "", template).2;
        assert!(advice.contains(there) && !advice.contains(absent), "{template}: {advice}");
    }
    assert!(told("text", "", "{{ zzzz() }}").2.contains("`plain`"));
}

/// What a macro is given is named where it is given.
#[test]
fn an_argument_that_is_undefined_is_named_where_the_macro_is_called() {
    let template = "{% from \"lib.j2\" import plain %}\n{% for s in services %}\n{{ plain(s.imagee) }}\n{% endfor %}\n";
    let (message, excerpt, help) = told("text", "", template);
    assert_eq!(message, "`t.j2`, line 3: `s.imagee` is undefined, and line 2 of `lib.j2` needs it");
    assert_eq!((excerpt.as_str(), help.as_str()), ("3 | {{ plain(s.imagee) }}", "did you mean `s.image`?"));
    let (message, excerpt, help) = told("text", "", "{% from \"lib.j2\" import plain %}{{ plain() }}");
    assert_eq!(message, "`lib.j2`, line 2: undefined value");
    assert!(excerpt.contains("value | replace") && help.contains("an argument that a macro is not given"), "{help}");
}

#[test]
fn an_object_is_named_by_its_metadata() {
    let message = told("text", "each = \"objects\"\nas = \"object\"\n", "{{ object.spec }}").0;
    assert_eq!(message, "`t.j2`, line 1, for `objects[0]` (`report`): `object.spec` is undefined");
}
