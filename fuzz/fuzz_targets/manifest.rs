//! Any text as a manifest: it is refused, or is the same after it was written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orch_manifest::manifest::Manifest;

fuzz_target!(|text: &str| {
    match Manifest::from_json(text) {
        Ok(manifest) => {
            let written = manifest.to_json(true);
            let read = Manifest::from_json(&written).expect("a manifest of ours");
            assert_eq!(read, manifest);
            assert_eq!(read.to_json(true), written);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
