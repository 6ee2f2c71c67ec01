//! What a derived schema says, said for people and for strict readers.

use std::collections::BTreeMap;

use serde_json::Value;

/// A schema without what comes from Rust: keys in one order whatever `serde_json` is built with, no
/// `null` where a manifest has nothing instead, descriptions without line ends and links.
pub(super) fn plain(schema: Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: BTreeMap<String, Value> =
                object.into_iter().map(|(key, value)| (key, plain(value))).collect();
            if let Some(Value::String(text)) = object.get_mut("description") {
                let paragraphs: Vec<String> = text.split("\n\n").map(|text| text.replace('\n', " ")).collect();
                *text = paragraphs.join("\n\n").replace("[`", "`").replace("`]", "`");
            }
            without_null(&mut object);
            Value::Object(object.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        value => value,
    }
}

fn without_null(object: &mut BTreeMap<String, Value>) {
    if let Some(Value::Array(types)) = object.get("type")
        && let [one, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let one = one.clone();
        object.insert("type".to_owned(), one);
    }
    if let Some(Value::Array(choices)) = object.get("anyOf")
        && let [Value::Object(one), null] = choices.as_slice()
        && *null == serde_json::json!({ "type": "null" })
    {
        let one = one.clone();
        object.remove("anyOf");
        object.extend(one);
    }
}
