//! Amounts of CPU, memory and storage.

use crate::Invalid;

text_type! {
    /// A Kubernetes quantity (`500m`, `256Mi`, `10Gi`, `1.5`, `1e3`), not negative, below 2^63.
    ///
    /// Source: the Kubernetes API reference, `resource.Quantity`.
    pub struct Quantity : "a quantity"
        => r"^([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$"
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
        if nanos(text).is_some() {
            return Ok(());
        }
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = bare.strip_suffix(['B', 'b']).map(str::to_owned);
        Err(Invalid::new(format!("{} is not a quantity", crate::invalid::quoted(text))).write_or(
            [bare].into_iter().chain(bytes),
            |text| nanos(text).is_some(),
            "a number with a Kubernetes suffix, such as `500m` for half a CPU, `256Mi` or `10Gi`, below 2^63",
        ))
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

/// The value in nano units; what is finer is rounded up, as Kubernetes does.
fn nanos(text: &str) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 30 {
        return None;
    }
    let (unit, shift) = unit(suffix)?;
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // From the last digit to the first: every tenth is carried, and whether anything was lost.
    let (mut tenths, mut inexact) = (0, false);
    for digit in fraction.chars().rev() {
        let carried = unit * u128::from(digit.to_digit(10)?) + tenths;
        inexact |= carried % 10 != 0;
        tenths = carried / 10;
    }
    let value = whole.checked_mul(unit)?.checked_add(tenths)?;
    inexact |= value % shift != 0;
    let value = value / shift + u128::from(inexact);
    (value < (1_u128 << 63) * NANO).then_some(value)
}

/// What a suffix stands for: nano units, and what they are divided by.
fn unit(suffix: &str) -> Option<(u128, u128)> {
    if let Some((_, unit)) = SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Some((*unit, 1));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_u128.pow(exponent.unsigned_abs().min(18));
    match exponent {
        0..=18 => Some((NANO.checked_mul(power)?, 1)),
        -18..=-1 => Some((NANO, power)),
        _ => None,
    }
}
