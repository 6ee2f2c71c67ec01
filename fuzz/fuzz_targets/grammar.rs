//! Any attribute: what is wrong is said in one line, and what is right goes together and comes back from
//! what the macro writes into the crate's dep-info.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orch_attributes::Attribute;
use orch_manifest::fragment::{Declaration, Fragment, decode};
use proc_macro2::{Span, TokenStream};

fuzz_target!(|text: &str| {
    let (name, args) = text.split_once('(').unwrap_or((text, ""));
    let attribute = Attribute::find(name.trim()).unwrap_or(Attribute::Service);
    let Ok(args) = args.parse::<TokenStream>() else { return };
    let mut problems = Vec::new();
    let declaration = attribute.read(args, "Item", Span::call_site(), &mut problems);
    for problem in &problems {
        for text in [Some(&problem.message), problem.help.as_ref()].into_iter().flatten() {
            assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
        }
    }
    if problems.is_empty() {
        let declaration = declaration.expect("nothing is wrong and nothing is declared");
        let contradictions = match &declaration {
            Declaration::Service(service) => service.contradictions(),
            Declaration::App(app) => app.contradictions(),
            _ => Vec::new(),
        };
        assert!(contradictions.is_empty(), "{contradictions:?}");
        let fragment = Fragment {
            item: "Item".to_owned(),
            file: "src/lib.rs".to_owned(),
            line: 1,
            column: 1,
            declaration,
            module: None,
        };
        let names: Vec<String> = fragment.encode().iter().map(|name| format!("{name}m")).collect();
        let read = decode(names.iter().map(String::as_str)).expect("a fragment of ours");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].declaration, fragment.declaration);
    }
    // Every text that was ever parsed is kept otherwise.
    proc_macro2::extra::invalidate_current_thread_spans();
});
