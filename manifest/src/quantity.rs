//! Amounts of CPU, memory and storage.

use crate::Invalid;

text_type! {
    /// A Kubernetes quantity (`500m`, `256Mi`, `10Gi`, `1.5`, `1e3`), not negative, below 2^63.
    ///
    /// Source: the Kubernetes API reference, `resource.Quantity`.
    pub struct Quantity : "a quantity"
}

/// Suffix, and the value it stands for in nano units.
const SUFFIXES: [(&str, u128); 16] = [
    ("", NANO),
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("k", NANO * 1_000),
    ("M", NANO * 1_000_000),
    ("G", NANO * 1_000_000_000),
    ("T", NANO * 1_000_000_000_000),
    ("P", NANO * 1_000_000_000_000_000),
    ("E", NANO * 1_000_000_000_000_000_000),
    ("Ki", NANO << 10),
    ("Mi", NANO << 20),
    ("Gi", NANO << 30),
    ("Ti", NANO << 40),
    ("Pi", NANO << 50),
    ("Ei", NANO << 60),
];
const NANO: u128 = 1_000_000_000;

impl Quantity {
    fn check(text: &str) -> Result<(), Invalid> {
        nanos(text).map(|_| ()).ok_or_else(|| {
            Invalid::new(format!("`{text}` is not a quantity"))
                .help("a number with a Kubernetes suffix, such as `500m` for half a CPU, `256Mi` or `10Gi`")
        })
    }

    /// The value in nano units (one CPU is 10^9, one byte is 10^9).
    pub fn nanos(&self) -> u128 {
        nanos(&self.0).unwrap_or(0)
    }

    /// The value in whole units, rounded up: bytes of memory.
    pub fn units_ceil(&self) -> u128 {
        self.nanos().div_ceil(NANO)
    }
}

prints_as_text!(Quantity);

fn nanos(text: &str) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 30 {
        return None;
    }
    let unit = match suffix.strip_prefix(['e', 'E']) {
        Some(exponent) if !exponent.is_empty() => {
            let exponent: i32 = exponent.parse().ok()?;
            match exponent {
                0..=18 => NANO.checked_mul(10_u128.pow(exponent.unsigned_abs()))?,
                -9..=-1 => NANO / 10_u128.pow(exponent.unsigned_abs()),
                _ => return None,
            }
        }
        _ => SUFFIXES.iter().find(|(name, _)| *name == suffix)?.1,
    };
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut value = whole.checked_mul(unit)?;
    let mut scale = unit;
    for digit in fraction.chars() {
        scale /= 10;
        value = value.checked_add(scale * u128::from(digit.to_digit(10)?))?;
    }
    (value < (1_u128 << 63) * NANO).then_some(value)
}
