//! What is known about images, as data: one file an image family in `catalog/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use orch_manifest::model::Tenancy;
use orch_manifest::{EnvName, ImageRef, Template};
use serde::Deserialize;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalog");
static CATALOG: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let files = FILES.files().filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"));
    // Files that are no catalog entries fail the test of this module, not a user's command.
    files.filter_map(|file| toml::from_str(file.contents_utf8()?).ok()).collect()
});

/// What is known about a family of images.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The repositories, with the registry where it is not Docker Hub.
    pub images: Vec<String>,
    /// Whether there is a shell in the image.
    #[serde(default = "present")]
    pub shell: bool,
    /// The image's entry point, when it is a shell script that runs its arguments: the image then
    /// has a shell.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// The image's own arguments, which it runs when it is given none.
    #[serde(default)]
    pub command: Vec<String>,
    /// Variables that have a form which names a file with the value, and that form.
    #[serde(default)]
    pub file_env: BTreeMap<EnvName, EnvName>,
    /// How each application gets something of its own.
    #[serde(default)]
    pub tenants: BTreeMap<String, Tenants>,
    /// The client, with its arguments: it runs in the container of a service and takes the user, the
    /// password and the database from that container's environment. Empty where there is none.
    #[serde(default)]
    pub client: Vec<String>,
    /// Writes all data of a service to standard output.
    pub dump: Option<Stream>,
    /// Reads what `dump` wrote from standard input.
    pub restore: Option<Stream>,
}

/// A command in the container of a service that writes its data to standard output, or reads it from
/// standard input.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// The command in exec form.
    pub command: Vec<String>,
    /// What the name of a file with the data ends in, without a dot.
    pub extension: String,
}

fn present() -> bool {
    true
}

/// How a service gives each application something of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    /// A POSIX shell script for the image. `$TENANTS` is a list of names, and the password of each
    /// is in `$TENANT_PASSWORD_<name>`. Running it again changes nothing.
    pub script: String,
    /// Its environment, from the view of the service.
    pub env: BTreeMap<EnvName, Template>,
}

/// What is known about an image.
pub fn find(image: &ImageRef) -> Option<&'static Entry> {
    let repository = image.repository();
    let repository = match image.registry() {
        None | Some("docker.io" | "index.docker.io") => {
            repository.strip_prefix("library/").unwrap_or(repository).to_owned()
        }
        Some(registry) => format!("{registry}/{repository}"),
    };
    CATALOG.iter().find(|entry| entry.images.contains(&repository))
}

impl Entry {
    /// How it gives each application something of its own.
    pub fn tenants(&self, tenancy: Tenancy) -> Option<&Tenants> {
        self.tenants.get(tenancy.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Entry, FILES, find};

    #[test]
    fn every_file_is_an_entry_and_no_image_has_two() {
        let mut images = BTreeSet::new();
        for file in FILES.files() {
            let entry: Entry = toml::from_str(file.contents_utf8().unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", file.path().display()));
            assert!(!entry.images.is_empty(), "{}", file.path().display());
            for image in entry.images {
                assert!(images.insert(image.clone()), "{image}");
            }
        }
    }

    #[test]
    fn an_image_is_found_by_every_name_of_docker_hub() {
        for image in ["postgres:16", "library/postgres:16", "docker.io/library/postgres", "docker.io/postgres:16"] {
            assert!(find(&image.parse().unwrap()).is_some(), "{image}");
        }
        assert!(find(&"ghcr.io/acme/postgres:16".parse().unwrap()).is_none());
    }
}
