//! Lengths of time.

use std::fmt;

use crate::Invalid;

/// A length of time in whole milliseconds, written like `10s`, `1m30s` or `500ms`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$")))]
pub struct Duration(u64);

const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Duration {
    /// The longest there is: 365 days.
    pub const MAX: Self = Self(365 * 24 * 3_600_000);

    /// A length in seconds, at most [`Duration::MAX`].
    pub const fn from_secs(seconds: u32) -> Self {
        let millis = seconds as u64 * 1_000;
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// Reads numbers with the units `h`, `m`, `s`, `ms`, larger units first, each at most once.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let seconds = bare.chars().all(|c| c.is_ascii_digit()).then(|| format!("{bare}s"));
            Invalid::new(format!("{} is not a duration", crate::invalid::quoted(text))).write_or(
                [bare].into_iter().chain(seconds),
                |text| millis(text).is_some(),
                "numbers with the units h, m, s and ms, such as `10s`, `1m30s` or `500ms`, at most 365 days",
            )
        };
        millis(text).map(Self).ok_or_else(invalid)
    }

    /// Milliseconds.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// Seconds, rounded up, for readers that know no smaller unit.
    pub fn as_secs_ceil(self) -> u64 {
        self.0.div_ceil(1_000)
    }

    fn write_text(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (name, millis) in UNITS {
            if rest >= millis {
                write!(f, "{}{name}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}

fn millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..end])?;
        // Larger units come first, each once.
        if unit < next_unit {
            return None;
        }
        next_unit = unit + 1;
        rest = &rest[end..];
        total = number.checked_mul(UNITS[unit].1)?.checked_add(total)?;
    }
    (!text.is_empty() && total <= Duration::MAX.0).then_some(total)
}

text_impls!(Duration, "a duration");
