//! Any text as `orch.toml`: every mistake is at a place that is there, and what is right can be applied
//! to any system in any profile.

#![no_main]

use cargo_orch::config::{Config, ConfigError};
use cargo_orch::plan::Profile;
use libfuzzer_sys::fuzz_target;
use orch_fuzz::{manifest, systems};

fuzz_target!(|text: &str| {
    let lines = text.split('\n').count();
    let check = |error: ConfigError| {
        if let ConfigError::Wrong { mistakes } = error {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!((1..=lines).contains(&mistake.line) && mistake.column >= 1, "{mistake}");
                assert!(!mistake.message.is_empty());
            }
        }
    };
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(error) => return check(error),
    };
    for system in systems() {
        let manifest = manifest(&system.manifest).expect("a manifest of the tests");
        for profile in Profile::all(&config).unwrap_or_default() {
            match config.apply(&manifest, &profile) {
                Ok(applied) => {
                    let read = manifest_of(&applied.to_json(true));
                    assert_eq!(read, applied, "what is applied is no manifest any more");
                }
                Err(error) => check(error),
            }
            if let Err(error) = config.options(&profile) {
                check(error);
            }
        }
    }
});

fn manifest_of(text: &str) -> orch_manifest::manifest::Manifest {
    orch_manifest::manifest::Manifest::from_json(text).expect("a manifest of ours")
}
