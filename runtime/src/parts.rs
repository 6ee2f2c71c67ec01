//! Puts a text together from what is told and what is mounted.

use std::fmt::Write;
use std::path::PathBuf;

use crate::contract::{Part, SecretPart};
use crate::environment::Environment;
use crate::error::{Error, Looked, Outcome, Place};

/// The variable that names a folder of secrets.
pub(crate) const SECRETS: &str = "ORCH_SECRETS";
/// Where engines mount them: Compose and Swarm the one, Kubernetes the other.
const MOUNTED: [&str; 2] = ["/run/secrets", "/run/secrets/orch"];

/// The text of these parts.
pub(crate) fn resolve(parts: &[Part], wanted: &str, environment: &Environment) -> Result<String, Error> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Variable { name, default } => {
                let value = variable(name, environment);
                match (value, default) {
                    (Ok(value), _) => text.push_str(&value),
                    (Err(looked), Some(default)) if !is_broken(&looked) => text.push_str(default),
                    (Err(looked), _) => {
                        let part = Some(format!("the variable `{name}`"));
                        return Err(Error::Missing { wanted: wanted.to_owned(), part, looked });
                    }
                }
            }
            Part::Secret(part) => {
                let value = secret(part, environment).map_err(|looked| {
                    let part = Some(format!("the secret `{}`", part.name));
                    Error::Missing { wanted: wanted.to_owned(), part, looked }
                })?;
                if part.url { encode(&value, &mut text) } else { text.push_str(&value) }
            }
        }
    }
    Ok(text)
}

fn is_broken(looked: &[Looked]) -> bool {
    looked.iter().any(|looked| looked.outcome == Outcome::NotUnicode)
}

/// What the deployer chose: supplied under a name of our own, or as it is called.
fn variable(name: &str, environment: &Environment) -> Result<String, Vec<Looked>> {
    first(environment, [format!("ORCH_VARIABLE_{name}"), name.to_owned()].map(Place::Variable))
}

fn secret(part: &SecretPart, environment: &Environment) -> Result<String, Vec<Looked>> {
    let file = match &part.key {
        Some(key) => format!("{}.{key}", part.name),
        None => part.name.clone(),
    };
    // A folder that somebody names goes before those that are usual.
    let named = environment.variable(SECRETS).ok();
    let folders = named.into_iter().chain(MOUNTED.map(str::to_owned));
    let files = folders.map(|folder| Place::File(PathBuf::from(folder).join(&file)));
    first(environment, files.chain(variables(part).map(Place::Variable)))
}

/// The variables that may hold a secret: under the deployer's name, and as Kubernetes has it.
fn variables(part: &SecretPart) -> [String; 2] {
    let key = part.key.as_ref().map(|key| format!("_{key}")).unwrap_or_default();
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = format!("{}{key}", part.name).chars().map(word).collect();
    let ours = format!("ORCH_SECRET_{name}");
    [if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }, ours]
}

/// What is at the first place that has something. One that has something unreadable ends the search.
fn first(environment: &Environment, places: impl IntoIterator<Item = Place>) -> Result<String, Vec<Looked>> {
    let mut looked = Vec::new();
    for place in places {
        let found = match &place {
            Place::Variable(name) => environment.variable(name),
            Place::File(path) => environment.file(path),
            Place::System => Err(Outcome::Absent),
        };
        match found {
            Ok(value) => return Ok(value),
            Err(outcome) => {
                looked.push(Looked { place, outcome });
                if !matches!(outcome, Outcome::Absent | Outcome::Empty) {
                    break;
                }
            }
        }
    }
    Err(looked)
}

/// Writes a text as RFC 3986 wants it in any part of a URL: all but its unreserved characters encoded.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // A string can always be written to.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use orch_manifest::SecretName;

    use super::*;

    #[test]
    fn a_secret_has_the_variable_that_the_targets_give_it() {
        for name in ["postgres-password", "0-day", "x"] {
            let part = SecretPart { name: name.to_owned(), key: None, url: false };
            assert_eq!(variables(&part)[0], SecretName::parse(name).unwrap().variable());
        }
        let part = SecretPart { name: "tls".to_owned(), key: Some("ca.crt".to_owned()), url: false };
        assert_eq!(variables(&part), ["TLS_CA_CRT", "ORCH_SECRET_TLS_CA_CRT"]);
    }

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        let mut out = String::new();
        encode("aZ09-._~ :/?#[]@!$&'()*+,;=%é", &mut out);
        assert_eq!(out, "aZ09-._~%20%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25%C3%A9");
    }
}
