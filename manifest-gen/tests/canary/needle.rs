//! What is searched for.

use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A random text, and the forms in which somebody who passes it on may write it.
pub(crate) struct Needle {
    pub(crate) text: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Needle {
    /// Lower-case letters and digits, so that a form that escapes or percent-encodes what is special leaves it as it is.
    pub(crate) fn new() -> Self {
        let mut text = String::from("q");
        for _ in 0..2 {
            let _ = write!(text, "{:013x}", RandomState::new().build_hasher().finish() >> 12);
        }
        let bytes = text.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        let turned: String = text.chars().rev().collect();
        let mut forms: Vec<(&str, Vec<u8>)> = [("plain", text.clone()), ("hex", hex), ("percent-encoded", percent)]
            .into_iter()
            .chain([("backwards", turned)])
            .map(|(form, text)| (form, text.into_bytes()))
            .collect();
        // In the middle of a longer text it stands at one of three places in the base64 of that.
        forms.extend((0..3).map(|before| ("base64", base64_inside(bytes, before))));
        Self { text, forms }
    }

    /// The form in which it is there, in upper or lower case.
    pub(crate) fn find(&self, haystack: &[u8]) -> Option<&'static str> {
        let lower = haystack.to_ascii_lowercase();
        let found = |(form, bytes): &&(&'static str, Vec<u8>)| {
            let haystack = if *form == "base64" { haystack } else { lower.as_slice() };
            haystack.windows(bytes.len()).any(|window| window == bytes)
        };
        self.forms.iter().find(found).map(|(form, _)| *form)
    }
}

/// The part of the base64 of a text that is the same whatever stands around it, `before` bytes being in front.
fn base64_inside(bytes: &[u8], before: usize) -> Vec<u8> {
    let padded = [vec![0; before], bytes.to_vec()].concat();
    let whole = base64(&padded);
    // The first group has bytes of what is in front, the last may have some of what comes after.
    let start = if before == 0 { 0 } else { 4 };
    whole[start..padded.len() / 3 * 4].to_vec()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks_exact(3);
    groups
        .flat_map(|group| {
            let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
            [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift) as usize & 63])
        })
        .collect()
}

#[test]
fn each_form_is_found_in_other_text() {
    let needle = Needle::new();
    assert_eq!(needle.find(b"nothing of the kind"), None);
    assert_eq!(needle.find(format!("a{}b", needle.text.to_uppercase()).as_bytes()), Some("plain"));
    for around in ["", "a", "ab", "abc"] {
        let text = format!("{around}{}{around}...", needle.text);
        assert_eq!(needle.find(&base64(text.as_bytes())), Some("base64"), "{around}");
        let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(needle.find(hex.as_bytes()), Some("hex"));
        let percent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(needle.find(percent.as_bytes()), Some("percent-encoded"));
    }
    assert_ne!(needle.text, Needle::new().text);
}
