//! How a declaration travels from a macro to the tool: a contract with a number.
//!
//! The macro asks rustc for environment variables that nobody sets. rustc writes each name into the
//! dep-info file of the crate, where the tool finds it, whether or not code is ever generated:
//!
//! ```text
//! ORCH1_<identity>_<index>_<count>_<hex>_<module path>
//! ```
//!
//! `1` is the contract. `hex` is a part of the declaration's JSON, at most [`CHUNK`] digits, since no
//! part of it may contain a `=`, at which cargo would split the name. `identity` tells the parts of
//! one declaration from those of another. The module path comes last, from `module_path!()`, since
//! a macro does not know where its item is.

use std::fmt::{self, Write};

use crate::json::{Fields, Object, ToJson};
use crate::model::{App, AuthProvider, Client, Service};

/// The number of the contract.
pub const CONTRACT: u32 = 1;
/// The most hexadecimal digits in one name.
pub const CHUNK: usize = 8_000;
const PREFIX: &str = "ORCH";

record! {
    /// One attribute on one item.
    pub struct Fragment {
        required {
            /// The item's name.
            item: String,
            /// The source file, relative to the package's folder, with `/`.
            file: String,
            /// The line of the attribute, from 1.
            line: u32,
            /// The column of the attribute, from 1.
            column: u32,
            /// What is declared.
            declaration: Declaration,
        }
        optional {
            /// The module path of the item, as rustc names it; filled in when it is read.
            module: Option<String>,
        }
    }
}

/// What an attribute declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[allow(clippy::large_enum_variant, reason = "there are few of them, and never many at once")]
pub enum Declaration {
    /// `#[service]`
    Service(Service),
    /// `#[app]`
    App(App),
    /// `#[client]`
    Client(Client),
    /// `#[auth_provider]`
    AuthProvider(AuthProvider),
}

impl Fields for Declaration {
    fn write_fields(&self, object: &mut Object<'_>) {
        match self {
            Self::Service(service) => object.required("service", service),
            Self::App(app) => object.required("app", app),
            Self::Client(client) => object.required("client", client),
            Self::AuthProvider(provider) => object.required("auth_provider", provider),
        }
    }
}

impl ToJson for Declaration {
    fn write_json(&self, out: &mut String) {
        crate::json::write_object(out, self);
    }
}

impl Fragment {
    /// The names to ask rustc for, each without the module path that `module_path!()` adds.
    pub fn encode(&self) -> Vec<String> {
        let json = self.to_json();
        let mut hex = String::with_capacity(json.len() * 2);
        for byte in json.bytes() {
            let _ = write!(hex, "{byte:02x}");
        }
        let identity = fnv1a(hex.as_bytes());
        let chunks: Vec<&str> = (0..hex.len()).step_by(CHUNK).map(|at| &hex[at..hex.len().min(at + CHUNK)]).collect();
        let name = |(index, chunk): (usize, &&str)| {
            format!("{PREFIX}{CONTRACT}_{identity:016x}_{index}_{}_{chunk}_", chunks.len())
        };
        chunks.iter().enumerate().map(name).collect()
    }
}

/// FNV-1a, 64 bit, over bytes.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Why names in a dep-info file could not be read as fragments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FragmentError {
    /// The crate was compiled with a macro of another contract.
    Contract {
        /// The contract of the crate.
        found: u32,
    },
    /// A name, or the text it carries, is malformed.
    Malformed {
        /// What is wrong.
        problem: String,
    },
    /// Parts of a declaration are missing.
    Incomplete {
        /// How many parts are there.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
}

impl fmt::Display for FragmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract { found } => write!(
                f,
                "its attributes speak contract {found} and this is a tool for contract {CONTRACT}; use the same version of `orch-runtime` and `cargo-orch`"
            ),
            Self::Malformed { problem } => write!(f, "a fragment is malformed: {problem}"),
            Self::Incomplete { found, expected } => {
                write!(f, "a fragment has {found} of its {expected} parts")
            }
        }
    }
}

impl std::error::Error for FragmentError {}

/// Reads the fragments among the names of environment variables that a crate asked for; the names
/// of other variables are passed over.
///
/// The result is in the order of module, item and text, each fragment once.
#[cfg(feature = "serde")]
pub fn decode<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<Fragment>, FragmentError> {
    use std::collections::BTreeMap;

    // How many parts a declaration has, and those that were found.
    type Found<'a> = (usize, BTreeMap<usize, &'a str>);

    let malformed = |problem: &dyn fmt::Display| FragmentError::Malformed { problem: problem.to_string() };
    let mut declarations: BTreeMap<(&str, &str), Found<'_>> = BTreeMap::new();
    for name in names {
        let Some(part) = Part::parse(name)? else { continue };
        let (count, chunks) =
            declarations.entry((part.module, part.identity)).or_insert_with(|| (part.count, BTreeMap::new()));
        if *count != part.count {
            return Err(malformed(&"its parts disagree on how many they are"));
        }
        chunks.insert(part.index, part.chunk);
    }
    let mut fragments = Vec::new();
    for ((module, identity), (count, chunks)) in declarations {
        if chunks.len() != count || chunks.keys().any(|&index| index >= count) {
            return Err(FragmentError::Incomplete { found: chunks.len(), expected: count });
        }
        let hex: String = chunks.into_values().collect();
        if format!("{:016x}", fnv1a(hex.as_bytes())) != identity {
            return Err(malformed(&"its text is not the one it was made from"));
        }
        let bytes = unhex(&hex).ok_or_else(|| malformed(&"its text is not hexadecimal"))?;
        let mut fragment: Fragment = serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
        fragment.module = Some(module.to_owned());
        fragments.push(fragment);
    }
    fragments.sort_by(|a, b| (&a.module, &a.file, a.line, a.column).cmp(&(&b.module, &b.file, b.line, b.column)));
    Ok(fragments)
}

#[cfg(feature = "serde")]
struct Part<'a> {
    identity: &'a str,
    index: usize,
    count: usize,
    chunk: &'a str,
    module: &'a str,
}

#[cfg(feature = "serde")]
impl<'a> Part<'a> {
    fn parse(name: &'a str) -> Result<Option<Self>, FragmentError> {
        let Some((contract, rest)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else {
            return Ok(None);
        };
        // Another program's variable may begin like ours; only a number makes it a contract.
        let Ok(contract) = contract.parse::<u32>() else { return Ok(None) };
        if contract != CONTRACT {
            return Err(FragmentError::Contract { found: contract });
        }
        let fields: Vec<&str> = rest.splitn(5, '_').collect();
        let part = match fields[..] {
            [identity, index, count, chunk, module] => index
                .parse()
                .ok()
                .zip(count.parse().ok())
                .map(|(index, count)| Self { identity, index, count, chunk, module }),
            _ => None,
        };
        part.map(Some).ok_or_else(|| FragmentError::Malformed { problem: "its name is cut short".to_owned() })
    }
}

#[cfg(feature = "serde")]
fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}
