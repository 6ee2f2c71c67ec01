//! The schema of what `orch.toml` says about images.

use orch_manifest::grammar::SERVICE_KEYS as GRAMMAR_KEYS;
use serde_json::{Value, json};

use super::{Writer, flag, head, list, table, text};
use crate::catalog::{Aspect, IMAGE_KEYS, PAGE_KEYS, SERVICE_KEYS, VARIANT_KEYS};

impl Writer<'_> {
    /// A file of the catalog.
    pub(super) fn page(&self) -> Value {
        let mut schema = self.image();
        let mut images = list("The images that it is about, without a tag");
        images["minItems"] = json!(1);
        schema["properties"]["images"] = images;
        schema["required"] = json!(["images"]);
        schema["definitions"] = json!({ "value": self.value() });
        head(&mut schema, "catalog-page-1", "A page of the catalog");
        schema
    }

    /// What is known about an image.
    pub(super) fn image(&self) -> Value {
        table("What is known about an image", &PAGE_KEYS, |key| match key {
            "like" => text("The image of the catalog that it starts from"),
            "variant" => {
                let variant = self.variant();
                json!({ "description": "What differs for some of its tags", "type": "array", "items": variant })
            }
            key => self.fact(key),
        })
    }

    /// What differs, and for which images.
    fn variant(&self) -> Value {
        let facts = PAGE_KEYS.into_iter().filter(|key| !["like", "variant"].contains(key));
        let keys: Vec<&str> = VARIANT_KEYS.into_iter().chain(facts).collect();
        table("What differs, where all that is said of the image holds", &keys, |key| match key {
            "images" => list("It is one of these images of the family"),
            "tags" => list("Its tag has one of these words"),
            "from" => text("It is of this version or a later one"),
            "below" => text("It is of an earlier version"),
            "kinds" => {
                let what = "The service is of one of these kinds";
                json!({ "description": what, "type": "array", "items": self.of("Kind") })
            }
            key => self.fact(key),
        })
    }

    fn fact(&self, key: &str) -> Value {
        let strings = json!({ "type": "string" });
        match key {
            "name" => text("What it is called"),
            "kind" => self.of("Kind"),
            "read_for" => text("The tag that it was read for"),
            "sources" => list("From where it was read, as URLs"),
            "service" => self.image_service(),
            "image" => inside(),
            "login" => table("Who logs in, as templates", &["user", "password", "database"], |key| match key {
                "user" => text("The user"),
                "password" => text("The password"),
                _ => text("The database"),
            }),
            "file_env" => by_name("Variables, with their form that names a file", &strings),
            "instead" => by_name("Variables, with those that stand in for them", &list("Variables")),
            "tenants" => {
                let tenants = table("How it is made", &["script", "env"], |key| match key {
                    "script" => text("A POSIX shell script for the image"),
                    _ => by_name("Its environment, as templates", &strings),
                });
                by_name("How each application gets something of its own", &tenants)
            }
            "file" => {
                let file = table("A file", &["path", "content", "template"], |key| match key {
                    "path" => text("Where in the container"),
                    "content" => text("What is in it"),
                    _ => flag("Whether it has tokens"),
                });
                let what = "Files for the program that is run, unless a service says what is";
                json!({ "description": what, "type": "array", "items": file })
            }
            "clusters" => flag("Whether several of them are one, run as is said here"),
            "client" => list("The client in the container, with its arguments"),
            "none" => table("What there is none of, with why", &Aspect::WORDS, |_| text("Why")),
            "dump" => stream("Writes all data to standard output"),
            "restore" => stream("Reads what `dump` wrote from standard input"),
            _ => json!({}),
        }
    }

    /// What a service of an image is unless it says otherwise.
    fn image_service(&self) -> Value {
        let service = self.section("ServiceEntry", GRAMMAR_KEYS, &[]);
        let what = "What a service of it is unless it says otherwise";
        table(what, &SERVICE_KEYS, |key| service["properties"][key].clone())
    }
}

fn inside() -> Value {
    table("What is in the image", &IMAGE_KEYS, |key| match key {
        "shell" => flag("Whether there is a shell in it"),
        "entrypoint" => list("Its entry point, when it runs its arguments and a shell can come before it"),
        "command" => list("Its own arguments"),
        "writable" => list("Folders that its program writes to and nobody keeps"),
        _ => json!({}),
    })
}

fn by_name(what: &str, value: &Value) -> Value {
    json!({ "description": what, "type": "object", "additionalProperties": value })
}

fn stream(what: &str) -> Value {
    let mut schema = table(what, &["command", "extension"], |key| match key {
        "command" => list("The command in the container"),
        _ => text("What the name of a file with the data ends in"),
    });
    schema["required"] = json!(["command", "extension"]);
    schema
}
