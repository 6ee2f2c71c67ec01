//! What the fuzz targets share: the systems of the tests.

use orch_manifest::manifest::Manifest;
use serde_json::Value;

/// A system of the tests.
pub struct System {
    /// Its manifest.
    pub manifest: Value,
    /// What `orch.toml` says for it.
    pub configuration: &'static str,
}

macro_rules! systems {
    ($( $path:literal )*) => {
        const TEXTS: &[(&str, &str)] = &[$(
            (
                include_str!(concat!("../../manifest-gen/tests/", $path, ".json")),
                include_str!(concat!("../../manifest-gen/tests/", $path, ".toml")),
            ),
        )*];
    };
}

systems!("systems/events" "systems/observability" "systems/shop" "systems/voting" "systems/webshop");

const EVERYTHING: &str = include_str!("../../manifest-gen/tests/kubernetes/everything.json");
const GENERATOR: &str = include_str!("../../manifest-gen/tests/kubernetes/generator.toml");

/// All of them, read once.
pub fn systems() -> &'static [System] {
    static SYSTEMS: std::sync::OnceLock<Vec<System>> = std::sync::OnceLock::new();
    SYSTEMS.get_or_init(|| {
        let texts = TEXTS.iter().copied().chain([(EVERYTHING, GENERATOR)]);
        let system = |(text, configuration)| System {
            manifest: serde_json::from_str(text).expect("JSON of the tests"),
            configuration,
        };
        texts.map(system).collect()
    })
}

/// The manifest, if it is one.
pub fn manifest(value: &Value) -> Option<Manifest> {
    Manifest::from_json(&value.to_string()).ok()
}
