//! What `cargo orch up` leaves for an application that is run on the same machine, outside of any
//! container.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::contract;
use crate::environment::Environment;
use crate::parts::SECRETS;

/// The folder of what was launched, in the root of the workspace.
const FOLDER: &str = ".orch";
/// The profile where none is named.
const PROFILE: &str = "local";

/// The variables for the program: it is told about the system, and where the secrets are. They are in
/// `.orch/<profile>/host/<program>.json`, in the innermost folder around the program that has one:
/// around it, since where it was started from may be anybody's.
pub(crate) fn variables(program: &Path, environment: &Environment) -> BTreeMap<String, String> {
    let profile = environment.variable("ORCH_PROFILE").unwrap_or_else(|_| PROFILE.to_owned());
    let name = program.file_stem().and_then(|name| name.to_str()).filter(|_| is_word(&profile));
    let Some(name) = name else { return BTreeMap::new() };
    let file = format!("{name}.json");
    let place = |folder: &Path| folder.join(FOLDER).join(&profile).join("host").join(&file);
    let text = program.ancestors().skip(1).find_map(|folder| environment.file(&place(folder)).ok());
    // Damaged, it is as good as none: the error then is that nothing was told.
    let told: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
    let variables = told.as_ref().and_then(Value::as_object).into_iter().flatten();
    let known = variables.filter(|(name, _)| [contract::VARIABLE, SECRETS].contains(&name.as_str()));
    known.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// It becomes a part of a path.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
