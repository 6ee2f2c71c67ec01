//! What the engine guarantees to whoever writes a pack.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use orch_templates::{PackError, Packs, RenderError, RenderedFile};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

/// Renders one template to `path`, with further files in the pack.
fn render_with(
    path: &str,
    template: &str,
    further: &[(&str, &str)],
    context: &impl Serialize,
) -> Result<String, RenderError> {
    let toml = format!("description = \"d\"\n[[file]]\ntemplate = \"t.j2\"\npath = \"{path}\"\n");
    let mut files = vec![("demo/pack.toml", toml.as_str()), ("demo/t.j2", template)];
    files.extend(further);
    let dir = demo::folder(&files);
    let packs = Packs::with_overrides(dir.path(), &[]).unwrap();
    let mut files = packs.get("demo").unwrap().render(context)?;
    Ok(files.remove(0).contents)
}

fn render(path: &str, template: &str, context: &impl Serialize) -> Result<String, RenderError> {
    render_with(path, template, &[], context)
}

/// Compiles a pack of one template and the given lines in its `[[file]]`.
fn compile(entry: &str, template: &str) -> Result<&'static orch_templates::Pack, PackError> {
    let toml = format!("description = \"d\"\n[[file]]\ntemplate = \"t.j2\"\n{entry}");
    let dir = demo::folder(&[("demo/pack.toml", &toml), ("demo/t.j2", template)]);
    // The pack is the test's for as long as it runs.
    Box::leak(Box::new(Packs::with_overrides(dir.path(), &[])?)).get("demo")
}

/// The message, the excerpt and the help of an error.
fn told(error: &RenderError) -> (String, String, String) {
    (error.to_string(), error.excerpt().unwrap_or_default(), error.help().unwrap_or_default())
}

#[test]
fn nothing_writes_a_value_as_it_is() {
    const HOSTILE: &str = "a: b\n- c \"' # d";
    for template in [
        "v: {{ v | safe }}\n",
        "v: {{ v | escape }}\n",
        "v: {{ v | e }}\n",
        "v: {{ v | tojson }}\n",
        "v: {{ [v] | map(\"safe\") | first }}\n",
        "v: {% filter safe %}{{ v }}{% endfilter %}\n",
        "{% set q %}x{% endset %}v: {{ q | replace(\"x\", v) }}\n",
        "{% set q %}%s{% endset %}v: {{ q | format(v) }}\n",
        "{% set q %}x{% endset %}v: {{ [v, v] | join(q) }}\n",
        "{% set q %}x{% endset %}v: {{ [q, v] | join }}\n",
        "{% set q %}{{ v }}{% endset %}v: {{ q | trim('\"') }}\n",
        "{% set q %}{{ v }}{% endset %}v: {{ q | list | last }}\n",
        "{% set q %}{{ v }}{% endset %}v: {{ q | split('\"') | last }}\n",
        "{% set q %}{{ v }}{% endset %}v: {{ q | reverse }}\n",
    ] {
        for path in ["a.yaml", "a.json", "a.toml"] {
            let rendered = render(path, template, &json!({ "v": HOSTILE }));
            assert!(matches!(rendered, Err(RenderError::Template(_))), "{path}: {template}: {rendered:?}");
        }
    }
}

#[test]
fn autoescape_does_not_switch_the_emitter_off() {
    for mode in ["false", "true", "\"none\"", "\"html\""] {
        for template in [
            "v: {{ v }}\n",
            "v: {{ v ~ \"\" }}\n",
            "{% set q = v ~ \"\" %}v: {{ q }}\n",
            "{% macro m(x) %}{{ x }}{% endmacro %}{% set q = m(v) %}{% set r = v %}v: {{ r }}\n",
        ] {
            let template = format!("{{% autoescape {mode} %}}\n{template}{{% endautoescape %}}\n");
            let text = render("a.yaml", &template, &json!({ "v": "no: {{ & }}" })).unwrap();
            assert_eq!(text, "v: \"no: {{ & }}\"\n", "{template}");
        }
    }
}

#[test]
fn rendered_text_passes_through_macros_and_sets() {
    let partial = "{% macro pair(key, value) %}\n{{ key }}: {{ value }}\n{% endmacro %}\n";
    let template =
        "{% import \"_parts.j2\" as parts %}\n{{ parts.pair(\"a\", v) }}{% set q %}{{ v }}{% endset %}\nb: {{ q }}\n";
    let text = render_with("a.yaml", template, &[("demo/_parts.j2", partial)], &json!({"v": "x: y"}));
    assert_eq!(text.unwrap(), "a: \"x: y\"\nb: \"x: y\"\n");
}

#[test]
fn each_format_writes_its_own_literals() {
    let context = json!({ "s": "a\"\n\u{7f}", "n": 1, "f": 1.0, "b": true, "l": ["x", 2], "m": {"k": "v"} });
    assert_eq!(
        render("a.json", "[{{ s }}, {{ n }}, {{ f }}, {{ b }}, {{ l }}, {{ m }}, {{ none }}]", &context).unwrap(),
        "[\"a\\\"\\n\u{7f}\", 1, 1.0, true, [\"x\",2], {\"k\":\"v\"}, null]\n"
    );
    assert_eq!(
        render(
            "a.toml",
            "{{ s }} = {{ s }}\nn = {{ n }}\nf = {{ f }}\nb = {{ b }}\nl = {{ l }}\nm = {{ m }}\n",
            &context
        )
        .unwrap(),
        "\"a\\\"\\n\\u007F\" = \"a\\\"\\n\\u007F\"\nn = 1\nf = 1.0\nb = true\nl = [\"x\", 2]\nm = { \"k\" = \"v\" }\n"
    );
    assert_eq!(
        render("a.txt", "{{ s }} {{ n }} {{ b }} {{ m.k | upper }}", &context).unwrap(),
        "a\"\n\u{7f} 1 true V\n"
    );
    assert_eq!(render("a.yaml", "[{{ none }}, {{ n }}]", &context).unwrap(), "[null, 1]\n");
}

#[test]
fn what_has_no_form_in_a_format_is_an_error_with_a_way_out() {
    for (path, template) in [
        ("a.yaml", "v: {{ list }}\n"),
        ("a.yaml", "v: {{ map }}\n"),
        ("a.txt", "{{ list }}"),
        ("a.txt", "{{ none }}"),
        ("a.toml", "v = {{ none }}"),
    ] {
        let error = render(path, template, &json!({"list": [1], "map": {"a": 1}})).unwrap_err();
        assert!(error.help().is_some(), "{path} {template}: {error}");
    }
    let error = render("a.yaml", "a: 1\nv: {{ list }}\n", &json!({"list": [1]})).unwrap_err();
    assert_eq!(
        told(&error),
        (
            "`t.j2` of pack `demo`, line 2: a list cannot stand where a scalar stands".to_owned(),
            "2 | v: {{ list }}".to_owned(),
            "write it as a block, directly after the colon: `key:{{ value | block(4) }}`, where 4 is the column of its lines".to_owned(),
        )
    );
}

#[test]
fn an_undefined_name_is_an_error_with_its_place_and_element() {
    let context = json!({ "services": [{ "id": "db", "image": "x" }, { "id": "web", "imagee": "y" }] });
    let entry = "path = \"{{ service.id }}.yaml\"\neach = \"services\"\nas = \"service\"\n";
    let pack = compile(entry, "a: 1\nimage: {{ service.image }}\n").unwrap();
    let error = pack.render(&context).unwrap_err();
    assert_eq!(
        told(&error),
        (
            "`t.j2` of pack `demo`, line 2, for `services[1]` (`web`): `service.image` is undefined".to_owned(),
            "2 | image: {{ service.image }}".to_owned(),
            "did you mean `service.imagee`?".to_owned(),
        )
    );
    let RenderError::Template(fault) = error else {
        panic!("{error}");
    };
    assert_eq!(fault.expression.as_deref(), Some("service.image"));

    for template in ["{% if nope %}{% endif %}", "{% for x in nope %}{% endfor %}", "{{ service.nope.x }}"] {
        let pack = compile(entry, template).unwrap();
        assert!(pack.render(&context).is_err(), "{template}");
    }
}

#[test]
fn conditions_and_paths_are_strict_too() {
    let context = json!({ "services": [{ "id": "db", "on": true }, { "id": "web", "on": false }] });
    let each = "each = \"services\"\nas = \"s\"\n";
    let paths = |entry: &str| -> Result<Vec<String>, RenderError> {
        let files = compile(entry, "a: 1\n").unwrap().render(&context)?;
        Ok(files.into_iter().map(|file| file.path).collect())
    };
    assert_eq!(paths(&format!("path = \"{{{{ s.id }}}}.yaml\"\n{each}when = \"s.on\"\n")).unwrap(), ["db.yaml"]);
    for (entry, message) in [
        ("path = \"a.yaml\"\nwhen = \"nope\"\n", "`pack.toml` of pack `demo`, line 5: `nope` is undefined"),
        ("path = \"{{ nope }}.yaml\"\n", "`pack.toml` of pack `demo`, line 4: `nope` is undefined"),
        (
            "path = \"a.yaml\"\neach = \"nope\"\nas = \"s\"\n",
            "`pack.toml` of pack `demo`, line 5: `each` needs a list, and `nope` is not one",
        ),
    ] {
        assert_eq!(paths(entry).unwrap_err().to_string(), message);
    }
    let same = paths(&format!("path = \"same.yaml\"\n{each}")).unwrap_err().to_string();
    assert_eq!(
        same,
        "`pack.toml` of pack `demo`, line 4, for `services[1]` (`web`): the path `same.yaml` is rendered by `t.j2` for `services[0]` (`db`) already"
    );
}

#[test]
fn a_path_cannot_leave_the_output_folder() {
    for id in ["../../etc/passwd", "/etc/passwd", "a\\b", "..", "", "a\nb", "C:a"] {
        let pack = compile("path = \"{{ id }}\"\n", "x").unwrap();
        let error = pack.render(&json!({ "id": id })).unwrap_err();
        assert!(error.to_string().starts_with("`pack.toml` of pack `demo`, line 4: the path"), "{error}");
    }
}

#[test]
fn a_file_that_its_format_refuses_is_an_error() {
    for (path, template) in [
        ("a.yaml", "a: 1\nb: [\n"),
        ("a.yaml", "a: 1\n{{ \"a\" }}: 2\n"),
        ("a.yaml", "x: 1\n---\na: 1\na: 2\n"),
        ("a.json", "{\"a\": \"{{ v }}\"}"),
        ("a.json", ""),
        ("a.toml", "a = 1\na = 2\n"),
    ] {
        let error = render(path, template, &json!({ "v": "x" })).unwrap_err();
        assert!(matches!(error, RenderError::Malformed(_)), "{path}: {template}: {error}");
        assert!(error.help().is_some(), "{error:?}");
    }
    let error = render("a.yaml", "a: {{ v }}\na: 2\n", &json!({ "v": "x" })).unwrap_err();
    assert_eq!(
        told(&error).0,
        "`t.j2` of pack `demo` renders invalid YAML in `a.yaml`, line 2: duplicate mapping key: a"
    );
    assert_eq!(error.excerpt().unwrap(), "2 | a: 2");
}

#[test]
fn what_passed_before_is_not_read_again() {
    let pack = compile("path = \"a.yaml\"\n", "b: [\n").unwrap();
    let file = RenderedFile { path: "a.yaml".to_owned(), contents: "b: [\n".to_owned() };
    let rendered = pack.render_unless(&(), |passed| *passed == file).unwrap();
    assert_eq!(rendered, std::slice::from_ref(&file));
    assert!(pack.render_unless(&(), |passed| *passed != file).is_err());
}

#[test]
fn files_are_normal() {
    for (template, text) in [
        ("a", "a\n"),
        ("a\n\n\n", "a\n"),
        ("\u{feff}a\r\nb\r\n", "a\nb\n"),
        ("", "\n"),
        ("  {% if true %}\na\n  {% endif %}\n{# note #}\nb\n", "a\nb\n"),
        ("{{ v }}", "x\ny\n"),
    ] {
        assert_eq!(render("a.txt", template, &json!({ "v": "x\r\ny\r\n" })).unwrap(), text, "{template:?}");
    }
}

#[test]
fn comments_hold_any_text() {
    let text = "a\r\nb\rc\u{85}d\u{2028}e\u{2029}f\u{b}g\u{c}h\u{0}\u{feff}i\n\nj ";
    let rendered = render("a.yaml", "k:\n  {{ v | comment(2) }}\n  x: 1\n", &json!({ "v": text }));
    assert_eq!(
        rendered.unwrap(),
        "k:\n  # a\n  # b\n  # c\n  # d\n  # e\n  # f\n  # g\n  # h  i\n  #\n  # j\n  x: 1\n"
    );
    assert_eq!(render("a.toml", "{{ v | comment }}\n", &json!({ "v": "a\nb = [" })).unwrap(), "# a\n# b = [\n");
}

#[test]
fn templates_see_their_pack_only() {
    for template in ["{% include \"../other/x.j2\" %}", "{% include \"/etc/passwd\" %}", "{% extends \"x.j2\" %}"] {
        let error = render_with(
            "a.txt",
            template,
            &[
                ("other/pack.toml", "description = \"o\"\n[[file]]\ntemplate = \"x.j2\"\npath = \"x\"\n"),
                ("other/x.j2", "x"),
            ],
            &(),
        )
        .unwrap_err();
        assert!(matches!(error, RenderError::Template(_)), "{error}");
    }
    let included = render_with("a.txt", "{% include \"sub/_x.j2\" %}", &[("demo/sub/_x.j2", "x")], &());
    assert_eq!(included.unwrap(), "x\n");
}

#[test]
fn an_error_in_a_partial_names_the_partial() {
    let partial = "{% macro m(x) %}\n{{ x.nope }}\n{% endmacro %}\n";
    for template in [
        "a\n\n{% include \"_p.j2\" %}\n{{ m({}) }}\n",
        "a\n\n{% from \"_p.j2\" import m %}\n{{ m({}) }}\n",
        "a\n\n{% include \"_q.j2\" %}\n",
    ] {
        let further = [("demo/_p.j2", partial), ("demo/_q.j2", "\n{{ {}.nope }}\n")];
        let error = render_with("a.txt", template, &further, &()).unwrap_err();
        assert_eq!(error.excerpt().unwrap().split_once(" | ").unwrap().0, "2", "{error}");
        assert!(error.to_string().starts_with("`_"), "{error}");
    }
}

#[test]
fn a_context_that_cannot_be_serialised_is_an_error() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken"))
        }
    }
    let error = render("a.txt", "x", &Broken).unwrap_err();
    assert!(matches!(error, RenderError::Context { .. }), "{error}");
    // Where only a part of it cannot, the error comes with its use.
    assert!(render("a.yaml", "v: {{ part }}\n", &json!({})).is_err());
}

proptest! {
    #[test]
    fn any_string_comes_back_as_key_and_value(key in any::<String>(), value in any::<String>()) {
        prop_assume!(key.chars().count() <= 160);
        let template = "{{ key }}: {{ value }}\nlist: [{{ value }}, {{ key }}]\nblock:{{ both | block(2) }}\n";
        let key = format!("k{key}");
        let context = json!({ "key": key, "value": value, "both": { key.clone(): value } });
        let read: Value = serde_saphyr::from_str(&render("a.yaml", template, &context).unwrap()).unwrap();
        prop_assert_eq!(&read[&key], &context["value"]);
        prop_assert_eq!(&read["list"], &json!([value, key]));
        prop_assert_eq!(&read["block"], &context["both"]);
    }

    #[test]
    fn any_string_comes_back_from_toml_and_json(text in any::<String>()) {
        let context = json!({ "text": text });
        let read: Value = toml::from_str(&render("a.toml", "{{ \"k\" ~ text }} = [{{ text }}]\n# {{ text }}\n", &context).unwrap()).unwrap();
        prop_assert_eq!(&read[format!("k{text}")], &json!([text]));
        let read: Value = serde_json::from_str(&render("a.json", "{ {{ text }}: {{ text }} }", &context).unwrap()).unwrap();
        prop_assert_eq!(&read[&text], &context["text"]);
    }

    #[test]
    fn numbers_keep_their_type_and_value(integer in any::<i64>(), float in prop::num::f64::NORMAL) {
        let context = json!({ "i": integer, "f": float });
        let read: Value = serde_saphyr::from_str(&render("a.yaml", "i: {{ i }}\nf: {{ f }}\n", &context).unwrap()).unwrap();
        prop_assert_eq!(read["i"].as_i64(), Some(integer));
        prop_assert_eq!(read["f"].as_f64(), Some(float));
    }
}
