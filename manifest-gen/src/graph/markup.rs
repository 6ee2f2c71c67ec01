use std::fmt::{self, Write as _};

/// A text as the content of an element or the value of a quoted attribute, of XML and of HTML.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // XML 1.0 has no way to write these.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    f.write_char('\u{fffd}')?;
                }
                character => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// A text of one line of at most so many characters.
pub(super) fn brief(text: &str, most: usize) -> String {
    let line = || text.chars().map(|character| if character.is_control() { ' ' } else { character });
    if line().count() <= most {
        return line().collect();
    }
    line().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        assert_eq!(Escaped("<b a='1' c=\"2\">&\u{1b}\u{0}é").to_string(), {
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{fffd}\u{fffd}é"
        });
    }

    #[test]
    fn what_is_too_long_ends_with_dots() {
        assert_eq!(brief("a\nb", 3), "a b");
        assert_eq!(brief("abcd", 3), "ab…");
        assert_eq!(brief("äöüß", 4), "äöüß");
    }
}
