//! The JSON Schema of `orch.toml`.
//!
//! Its keys are those of the lists that are read by, and what a key takes is what the model says, from
//! which the manifest's schema is derived as well; only what TOML writes in another form than JSON is
//! said here. It is in the dialect that editors of TOML know: draft 7, and of that nothing beyond draft 4.

mod image;

use std::collections::BTreeMap;

use orch_manifest::grammar::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS, nested_keys};
use orch_manifest::manifest::Manifest;
use serde_json::{Map, Value, json};

use crate::config::images::{BUILD_KEYS, BuildForm};
use crate::config::options::{
    DataPlace, K8S_KEYS, SECRET_KEYS, SECRET_PLACE_KEYS, SOURCES, STORE_KEYS, StoreKind, TARGET_KEYS,
};
use crate::config::origin::{camel_case, field};
use crate::config::packages::{DECLARATION_KEYS, PACKAGE_KEYS};
use crate::config::parse::{
    APP_SECTION_KEYS, DOCUMENT_KEYS, PROFILE_KEYS, SERVICE_SECTION_KEYS, SYSTEM_KEYS, TEMPLATES_KEYS,
};

/// The JSON Schema of `orch.toml`, indented, with a final newline.
pub fn json_schema() -> String {
    written(Writer { defs: &model()["$defs"] }.document())
}

/// The JSON Schema of a file of the catalog, indented, with a final newline.
pub fn page_schema() -> String {
    written(Writer { defs: &model()["$defs"] }.page())
}

fn model() -> Value {
    // Written by the same program, so it is JSON.
    serde_json::from_str(&Manifest::json_schema()).unwrap_or_default()
}

fn written(schema: Value) -> String {
    let mut text = serde_json::to_string_pretty(&sorted(schema)).unwrap_or_default();
    text.push('\n');
    text
}

/// Keys in one order, whatever `serde_json` is built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let object: BTreeMap<String, Value> = object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(object.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        value => value,
    }
}

struct Writer<'a> {
    /// The types of the manifest's schema.
    defs: &'a Value,
}

impl Writer<'_> {
    fn document(&self) -> Value {
        let mut schema = table("What no attribute can know about a system", &DOCUMENT_KEYS, |key| match key {
            "system" => self.system(),
            "services" => self.by_id("Keys for services, in every profile", &reference("service")),
            "apps" => self.by_id("Keys for applications, in every profile", &reference("app")),
            "packages" => self.packages(),
            "catalog" => json!({
                "description": "What is known about images beyond the catalog, by their names without a tag",
                "type": "object",
                "properties": { "dir": text("The folder of pages about images, relative to that of orch.toml: `deploy/catalog`") },
                "additionalProperties": reference("image"),
            }),
            "profiles" => self.by_id("What differs in a profile", &reference("profile")),
            "targets" => reference("targets"),
            "templates" => table("Packs of one's own", &TEMPLATES_KEYS, |key| match key {
                "dir" => text("Their folder, relative to that of orch.toml: `deploy/templates`"),
                _ => json!({}),
            }),
            "secrets" => reference("secrets"),
            "build" => reference("build"),
            _ => json!({}),
        });
        head(&mut schema, "orch-toml-1", "orch.toml");
        schema["definitions"] = json!({
            "value": self.value(),
            "service": self.section("ServiceEntry", SERVICE_KEYS, &SERVICE_SECTION_KEYS),
            "app": self.section("AppEntry", APP_KEYS, &APP_SECTION_KEYS),
            "image": self.image(),
            "profile": self.profile(),
            "targets": self.targets(),
            "secrets": self.secrets(),
            "build": self.build(),
        });
        schema
    }

    fn system(&self) -> Value {
        table("The system as a whole", &SYSTEM_KEYS, |key| match key {
            "name" => self.named("Id", "The system's name"),
            "registry" => text("What stands before the images of the applications: `ghcr.io/acme`"),
            "packages" => {
                list("Workspace members whose services are part of the system although no application links them")
            }
            _ => json!({}),
        })
    }

    fn packages(&self) -> Value {
        let declaration = |key: &str| match key {
            "rename" => self.named("Id", "The id that it has in the system"),
            "same_as" => self.named("Id", "The service that is used in its stead"),
            "disable" => only_true("Whether it is dropped"),
            _ => json!({}),
        };
        let mut service = table("What becomes of a declaration", &DECLARATION_KEYS, declaration);
        service["oneOf"] = DECLARATION_KEYS.iter().map(|key| json!({ "required": [key] })).collect();
        let package = table("A package, or `name@version`", &PACKAGE_KEYS, |key| match key {
            "services" => self.by_id("The services that it declares, by the ids they have there", &service),
            _ => json!({}),
        });
        json!({
            "description": "What becomes of declarations in crates that cannot be edited",
            "type": "object",
            "additionalProperties": package,
        })
    }

    fn profile(&self) -> Value {
        table("What differs in a profile", &PROFILE_KEYS, |key| match key {
            "extends" => self.named("Id", "The profile from which it starts"),
            "data" => words("Where Compose keeps persistent data", &DataPlace::WORDS),
            "services" => self.by_id("Keys for services, in this profile", &reference("service")),
            "apps" => self.by_id("Keys for applications, in this profile", &reference("app")),
            "targets" => reference("targets"),
            "secrets" => reference("secrets"),
            "build" => reference("build"),
            _ => json!({}),
        })
    }

    fn targets(&self) -> Value {
        let label = |what: &str| self.named("Hostname", what);
        let labels = |what: &str| json!({ "description": what, "type": "array", "items": self.of("Hostname") });
        let k8s = table("How everything is rendered for Kubernetes", &K8S_KEYS, |key| match key {
            "namespace" => label("The namespace; `<system>-<profile>` without it"),
            "create_namespace" => flag("Whether the namespace is rendered too"),
            "ingress_class" => label("The class of ingresses; the cluster's default without it"),
            "ingress_namespaces" => labels("Where the ingress controllers are"),
            "monitoring_namespaces" => labels("From where metrics are read"),
            "dns_namespaces" => labels("Where the name servers are; anywhere without it"),
            "image_pull_secrets" => labels("The Secrets with which images are pulled"),
            "secrets" => words("How the Secrets come into the cluster", &SOURCES),
            "secret_store" => {
                let mut store = table("The store, with its kind", &STORE_KEYS, |key| match key {
                    "name" => label("Its name"),
                    "kind" => words("Who may use it", &StoreKind::WORDS),
                    _ => json!({}),
                });
                store["required"] = json!(["name"]);
                json!({ "description": "The store, for `external-secret`", "anyOf": [self.of("Hostname"), store] })
            }
            _ => json!({}),
        });
        table("How everything is rendered for a target", &TARGET_KEYS, |key| match key {
            "k8s" => k8s.clone(),
            _ => json!({}),
        })
    }

    fn build(&self) -> Value {
        table("How the images of applications are made", &BUILD_KEYS, |key| match key {
            "form" => words("Whether programs are compiled inside, or outside and copied", &BuildForm::WORDS),
            "builder" => self.named("ImageRef", "The image in which programs are compiled"),
            "base" => self.named("ImageRef", "The image in which programs run"),
            _ => json!({}),
        })
    }

    fn secrets(&self) -> Value {
        let place = table("Where it is in Kubernetes", &SECRET_PLACE_KEYS, |key| match key {
            "name" => self.named("Hostname", "The Secret; of the secret's own name without it"),
            "key" => self.named("SecretKey", "The key in it; `value` without it"),
            _ => json!({}),
        });
        let secret = table("Where a secret is", &SECRET_KEYS, |key| match key {
            "kubernetes" => place.clone(),
            _ => json!({}),
        });
        let pattern = &self.defs["SecretName"]["pattern"];
        keyed("Where secrets are, when that is not where their names say", pattern, &secret)
    }

    /// Keys of an attribute, and those that are only here.
    fn section(&self, entry: &str, own: &[&str], here: &[&str]) -> Value {
        let keys: Vec<&str> = [own, WORKLOAD_KEYS, here].concat().into_iter().filter(|key| *key != "id").collect();
        let fields = &self.defs[entry]["properties"];
        table(self.defs[entry]["description"].as_str().unwrap_or_default(), &keys, |key| {
            match key {
                "unset" => {
                    return json!({
                        "description": "Keys that are taken back, before the others apply",
                        "type": "array",
                        "items": { "type": "string", "enum": WORKLOAD_KEYS },
                    });
                }
                "add" => return flag("Whether it declares a service that no crate does"),
                "disable" => return flag("Whether the service is left out"),
                _ => {}
            }
            // Where an external service is has its own place in the model.
            let field = match (entry, key) {
                ("ServiceEntry", "url" | "host" | "database" | "params") => &self.defs["Connection"]["properties"][key],
                _ => &fields[field(key)],
            };
            let mut schema = self.key(entry, key, field);
            schema["description"] = field["description"].clone();
            schema
        })
    }

    /// What a key takes, which the model has in this field.
    fn key(&self, entry: &str, key: &str, field: &Value) -> Value {
        let port = self.of("Port");
        match key {
            "ports" => json!({ "type": "array", "items": port }),
            "port" => json!({ "anyOf": [port, self.nested(key), { "type": "array", "items": self.nested(key) }] }),
            "ingress" | "volume" | "file" | "egress" => {
                json!({ "anyOf": [self.nested(key), { "type": "array", "items": self.nested(key) }] })
            }
            "resources" | "scale" => self.nested(key),
            "health" => self.health(),
            "ulimit" => {
                let number = json!({ "type": "integer", "minimum": 0 });
                let limit = json!({
                    "anyOf": [number, { "type": "array", "items": number, "minItems": 1, "maxItems": 2 }],
                });
                json!({ "type": "object", "additionalProperties": limit })
            }
            // Of an external service it is who logs in.
            "user" if entry == "ServiceEntry" => reference("value"),
            _ => self.inlined(field),
        }
    }

    /// What stands in the parentheses of a key.
    fn nested(&self, key: &str) -> Value {
        let model = match key {
            "port" => "ContainerPort",
            "ingress" => "Ingress",
            "volume" => "Volume",
            "file" => "File",
            "egress" => "Egress",
            "resources" => "Resources",
            _ => "Scale",
        };
        let model = &self.defs[model];
        let keys = nested_keys(key);
        let mut schema = table(model["description"].as_str().unwrap_or_default(), &keys, |key| {
            self.inlined(&model["properties"][camel_case(key)])
        });
        let required: Vec<&Value> =
            model["required"].as_array().into_iter().flatten().filter(|name| **name != "min").collect();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// A check, and what goes with it.
    fn health(&self) -> Value {
        let (health, http) = (&self.defs["Health"]["properties"], &self.defs["HttpCheck"]["properties"]);
        let mut schema = table("How its health is judged", &nested_keys("health"), |key| match key {
            "http" => self.inlined(&http["path"]),
            "port" => self.inlined(&http["port"]),
            "tcp" => self.of("PortRef"),
            "command" => list("A command in the container that must exit with 0"),
            "shell" => text("A script for the container's shell that must exit with 0"),
            "none" => only_true("That running is enough"),
            _ => self.inlined(&health[camel_case(key)]),
        });
        let checks = ["http", "tcp", "command", "shell", "none"];
        schema["oneOf"] = checks.iter().map(|check| json!({ "required": [check] })).collect();
        schema
    }

    /// `"text"`, `{ secret = "x" }`, `{ var = "X" }` or `{ template = "…" }`.
    fn value(&self) -> Value {
        let mut forms = vec![json!({ "type": "string" })];
        for form in ["SecretRef", "VarRef", "TemplateValue"] {
            let mut form = self.of(form);
            form["additionalProperties"] = json!(false);
            forms.push(form);
        }
        json!({ "description": self.defs["Value"]["description"], "anyOf": forms })
    }

    /// A table whose keys are ids.
    fn by_id(&self, what: &str, value: &Value) -> Value {
        keyed(what, &self.defs["Id"]["pattern"], value)
    }

    /// A type of the model under another description.
    fn named(&self, name: &str, what: &str) -> Value {
        let mut schema = self.of(name);
        schema["description"] = json!(what);
        schema
    }

    /// A type of the model.
    fn of(&self, name: &str) -> Value {
        self.inlined(&self.defs[name])
    }

    /// A schema of the model with what it refers to in its place, in words that every editor knows.
    fn inlined(&self, schema: &Value) -> Value {
        let Value::Object(object) = schema else { return json!({}) };
        if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
            let mut inlined = if name == "Value" { reference("value") } else { self.of(name) };
            if let (Some(description), false) = (object.get("description"), name == "Value") {
                inlined["description"] = description.clone();
            }
            return inlined;
        }
        if let Some(words) = object.get("oneOf").and_then(Value::as_array) {
            let words: Vec<&Value> = words.iter().map(|word| &word["const"]).collect();
            return json!({ "description": object.get("description"), "type": "string", "enum": words });
        }
        let within = |key: &str, value: &Value| match (key, value) {
            ("items" | "additionalProperties", Value::Object(_)) => self.inlined(value),
            ("anyOf", Value::Array(choices)) => choices.iter().map(|choice| self.inlined(choice)).collect(),
            ("properties" | "patternProperties", Value::Object(fields)) => {
                fields.iter().map(|(name, field)| (name.clone(), self.inlined(field))).collect()
            }
            _ => value.clone(),
        };
        let kept = object.iter().filter(|(key, _)| *key != "format");
        kept.map(|(key, value)| (key.clone(), within(key, value))).collect::<Map<String, Value>>().into()
    }
}

/// What a schema says of itself.
fn head(schema: &mut Value, name: &str, title: &str) {
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["$id"] = json!(format!("https://orch-rs.github.io/orch/{name}.json"));
    schema["title"] = json!(title);
}

/// A table with these keys and no other.
fn table(what: &str, keys: &[&str], value: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), value(key))).collect();
    json!({ "description": what, "type": "object", "properties": properties, "additionalProperties": false })
}

/// A table whose keys are of this form.
fn keyed(what: &str, pattern: &Value, value: &Value) -> Value {
    let properties: Map<String, Value> =
        pattern.as_str().map(|text| (text.to_owned(), value.clone())).into_iter().collect();
    json!({ "description": what, "type": "object", "patternProperties": properties, "additionalProperties": false })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn text(what: &str) -> Value {
    json!({ "description": what, "type": "string", "minLength": 1 })
}

fn list(what: &str) -> Value {
    json!({ "description": what, "type": "array", "items": { "type": "string" } })
}

fn flag(what: &str) -> Value {
    json!({ "description": what, "type": "boolean" })
}

fn only_true(what: &str) -> Value {
    json!({ "description": what, "type": "boolean", "enum": [true] })
}

fn words(what: &str, words: &[&str]) -> Value {
    json!({ "description": what, "type": "string", "enum": words })
}
