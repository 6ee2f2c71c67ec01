//! Every value is read back as what was written, by both writers and by every reader.

use std::fmt::Debug;

use orch_manifest::fragment::{self, Fragment};
use orch_manifest::json::ToJson;
use orch_manifest::manifest::Manifest;
use orch_manifest::value::{Part, Token};
use orch_manifest::{FromText, Template};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arbitrary as any;

const MODULE: &str = "shop_database::inner";

/// Names as they stand in a dep-info file: with the module path at the end.
fn names(fragment: &Fragment) -> Vec<String> {
    fragment.encode().into_iter().map(|name| name + MODULE).collect()
}

fn both_writers_agree<T: ToJson + Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = value.to_json();
    assert_eq!(text, serde_json::to_string(value).unwrap());
    assert_eq!(*value, serde_json::from_str(&text).unwrap());
}

/// A type that is one text: printed, it reads as itself, as text and as JSON.
fn reads_as_it_prints<T: FromText + ToString + ToJson + Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    assert_eq!(T::from_text(&value.to_string()).as_ref(), Ok(value));
    both_writers_agree(value);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn a_fragment_survives_its_journey(fragment in any::fragment()) {
        let names = names(&fragment);
        for name in &names {
            prop_assert!(!name.contains(['=', '\n', '\r']) && !name.contains(char::is_whitespace), "{name}");
        }
        let expected = Fragment { module: Some(MODULE.to_owned()), ..fragment };
        prop_assert_eq!(fragment::decode(names.iter().map(String::as_str)), Ok(vec![expected]));
    }

    #[test]
    fn fragments_are_told_apart_in_any_order(
        fragments in proptest::collection::vec(any::fragment(), 0..4), seed in any::<u64>(),
    ) {
        let names: Vec<String> = fragments.iter().flat_map(names).collect();
        let mut shuffled: Vec<&str> = names.iter().chain(&names).map(String::as_str).collect();
        shuffled.sort_by_key(|name| {
            name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        });
        let straight = fragment::decode(names.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(&straight, &fragment::decode(shuffled).unwrap());
        for fragment in fragments {
            let expected = Fragment { module: Some(MODULE.to_owned()), ..fragment };
            prop_assert_eq!(straight.iter().filter(|found| **found == expected).count(), 1);
        }
    }

    #[test]
    fn the_macros_json_is_serdes_json(fragment in any::fragment()) {
        both_writers_agree(&fragment);
    }

    #[test]
    fn parts_of_the_model_have_one_json_form(
        workload in any::workload(), value in any::value(), client in any::client(), provider in any::auth_provider(),
    ) {
        both_writers_agree(&workload);
        both_writers_agree(&value);
        both_writers_agree(&client);
        both_writers_agree(&provider);
    }

    #[test]
    fn a_manifest_reads_as_it_was_written(manifest in any::manifest()) {
        let text = manifest.to_json(true);
        let read = Manifest::from_json(&text).unwrap();
        prop_assert_eq!(&read, &manifest);
        prop_assert_eq!(read.to_json(true), text);
    }

    #[test]
    fn a_manifest_without_locations_has_no_line(manifest in any::manifest()) {
        let read = Manifest::from_json(&manifest.to_json(false)).unwrap();
        let lines = read.apps.iter().map(|entry| entry.declared_by.line);
        let lines = lines.chain(read.services.iter().map(|entry| entry.declared_by.line));
        let lines = lines.chain(read.clients.iter().map(|entry| entry.declared_by.line));
        let mut lines = lines.chain(read.auth_providers.iter().map(|entry| entry.declared_by.line));
        prop_assert!(lines.all(|line| line.is_none()));
    }

    #[test]
    fn names_read_as_they_print(
        id in any::id(), port in any::port_name(), secret in any::secret_name(), env in any::env_name(),
        capability in any::capability(), volume in any::volume_name(), scheme in any::scheme(),
        label in any::label_key(), linux in any::linux_capability(), ulimit in any::ulimit_name(),
    ) {
        reads_as_it_prints(&id);
        reads_as_it_prints(&port);
        reads_as_it_prints(&secret);
        reads_as_it_prints(&env);
        reads_as_it_prints(&capability);
        reads_as_it_prints(&volume);
        reads_as_it_prints(&scheme);
        reads_as_it_prints(&label);
        reads_as_it_prints(&linux);
        reads_as_it_prints(&ulimit);
    }

    #[test]
    fn amounts_times_and_places_read_as_they_print(
        duration in any::duration(), quantity in any::quantity(), image in any::image(), cron in any::cron(),
        url in any::url_path(), absolute in any::absolute_path(), source in any::source_path(),
        host in any::hostname(), ingress in any::ingress_host(), cidr in any::cidr(),
        (kind, user, key) in (any::kind(), any::user_ids(), any::secret_key()),
    ) {
        reads_as_it_prints(&duration);
        reads_as_it_prints(&quantity);
        reads_as_it_prints(&image);
        reads_as_it_prints(&cron);
        reads_as_it_prints(&url);
        reads_as_it_prints(&absolute);
        reads_as_it_prints(&source);
        reads_as_it_prints(&host);
        reads_as_it_prints(&ingress);
        reads_as_it_prints(&cidr);
        reads_as_it_prints(&kind);
        reads_as_it_prints(&user);
        reads_as_it_prints(&key);
    }

    #[test]
    fn a_template_is_its_parts(template in any::template()) {
        reads_as_it_prints(&template);
        let again: String = template.parts().iter().map(|part| match part {
            Part::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Part::Token(token) => token.to_string(),
        }).collect();
        prop_assert_eq!(again, template.to_string());
    }

    #[test]
    fn a_token_reads_as_it_prints(template in any::template()) {
        for token in template.tokens() {
            let token: Token = token;
            prop_assert_eq!(Template::parse(&token.to_string()).unwrap().tokens(), vec![token]);
        }
    }
}
