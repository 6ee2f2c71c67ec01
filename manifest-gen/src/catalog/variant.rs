//! For which images of a family something differs.

use orch_manifest::ImageRef;
use orch_manifest::model::Kind;
use serde::Deserialize;

/// The keys that say for which images a variant is.
pub(crate) const VARIANT_KEYS: [&str; 5] = ["images", "tags", "from", "below", "kinds"];

/// Which images of a family a variant is about; everything that is said has to hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Which {
    /// One of these images.
    images: Option<Vec<String>>,
    /// A word of the tag, with a number behind it or none: `alpine` is in `16-alpine3.20`.
    tags: Option<Vec<String>>,
    /// The version of the tag is this one or a later one.
    from: Option<String>,
    /// The version of the tag is an earlier one.
    below: Option<String>,
    /// The service is of one of these kinds.
    kinds: Option<Vec<Kind>>,
}

/// What a variant is chosen by.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) image: &'a ImageRef,
    /// The image's name, as a page has it.
    pub(super) name: &'a str,
    /// The kind of the service.
    pub(super) kind: Option<&'a Kind>,
}

impl Which {
    /// Whether it is about this one.
    pub(super) fn is(&self, subject: Subject<'_>) -> bool {
        let Subject { image, name, kind } = subject;
        let tag = image.tag().unwrap_or_default();
        let of = |list: &Option<Vec<String>>, is: &dyn Fn(&str) -> bool| {
            list.as_ref().is_none_or(|list| list.iter().any(|item| is(item)))
        };
        // What says no version is the latest.
        let at_least = |bound: &str| version(tag).is_none_or(|version| Some(version) >= self::version(bound));
        of(&self.images, &|image| image == name)
            && self.kinds.as_ref().is_none_or(|kinds| kind.is_some_and(|kind| kinds.contains(kind)))
            && of(&self.tags, &|word| has_word(tag, word))
            && self.from.as_deref().is_none_or(at_least)
            && self.below.as_deref().is_none_or(|bound| !at_least(bound))
    }
}

fn has_word(tag: &str, word: &str) -> bool {
    tag.split(['-', '.', '_', '+'])
        .any(|part| part.strip_prefix(word).is_some_and(|rest| rest.chars().all(|letter| letter.is_ascii_digit())))
}

/// The numbers with which a tag begins, behind letters such as `v` and `pg`: `v2.10.3-alpine` is 2, 10
/// and 3.
fn version(tag: &str) -> Option<Vec<u64>> {
    let numbers = tag.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let end = numbers.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(numbers.len());
    let parts: Vec<u64> = numbers[..end].split('.').map_while(|part| part.parse().ok()).collect();
    (!parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use orch_manifest::model::Kind;

    use super::{Subject, Which, version};

    fn is(which: &str, image: &str) -> bool {
        let which: Which = toml::from_str(which).unwrap();
        let image = image.parse().unwrap();
        which.is(Subject { image: &image, name: &super::super::name(&image), kind: Kind::parse("cache").ok().as_ref() })
    }

    #[test]
    fn a_version_is_the_numbers_at_the_beginning() {
        assert_eq!(version("16"), Some(vec![16]));
        assert_eq!(version("v2.10.3-alpine"), Some(vec![2, 10, 3]));
        assert_eq!(version("pg17-bookworm"), Some(vec![17]));
        assert_eq!(version("alpine"), None);
        assert_eq!(version(""), None);
    }

    #[test]
    fn a_bound_is_compared_number_by_number() {
        assert!(is("from = '2.10'", "x:2.10"));
        assert!(is("from = '2.10'", "x:2.10.1"));
        assert!(!is("from = '2.10'", "x:2.9"));
        assert!(is("below = '18'", "x:17.5-alpine"));
        assert!(!is("below = '18'", "x:18"));
        assert!(is("from = '18'", "x:latest") && is("from = '18'", "x"), "the latest");
        assert!(!is("below = '18'", "x:alpine"));
    }

    #[test]
    fn a_word_of_a_tag_may_have_a_number() {
        for tag in ["alpine", "16-alpine", "16.4-alpine3.20"] {
            assert!(is("tags = ['alpine']", &format!("x:{tag}")), "{tag}");
        }
        assert!(!is("tags = ['alpine']", "x:16-alpinesque"));
        assert!(!is("tags = ['alpine']", "x:16"));
        assert!(is("kinds = ['cache']", "x:1") && !is("kinds = ['database']", "x:1"));
        assert!(is("images = ['a/b']", "a/b:1") && !is("images = ['a/b']", "a/c:1"));
    }
}
