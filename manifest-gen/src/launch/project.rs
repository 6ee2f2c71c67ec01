//! The name under which an engine knows this checkout's system.
//!
//! `<system>-<profile>`, unless that is another checkout's: then with the first free number behind it.
//! Containers, volumes and networks carry the checkout's path as a label, by which it is told who has
//! a name.

use std::path::Path;

use crate::engine::compose::PROJECT_LABEL;
use crate::engine::{EngineError, Interrupt, Tool, labelled};

/// The label that names the checkout.
pub const LABEL: &str = "dev.orch.checkout";

/// How many checkouts of one system there may be on a machine.
const LIMIT: u32 = 100;

/// Who has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody.
    Nobody,
    /// This checkout.
    This,
    /// Another checkout, or whoever started something under this name by hand.
    Other,
}

/// Whether Compose takes this for the name of a project.
pub fn is_name(text: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) && text.chars().all(good)
}

/// Who has a name on an engine.
pub fn owner(tool: &Tool, name: &str, checkout: &Path, interrupt: &Interrupt) -> Result<Owner, EngineError> {
    let mut found = Owner::Nobody;
    let checkout = checkout.to_string_lossy();
    for sort in ["container", "volume", "network"] {
        let project = (PROJECT_LABEL, name);
        if labelled(tool.command(), sort, &[project], interrupt)?.is_empty() {
            continue;
        }
        if !labelled(tool.command(), sort, &[project, (LABEL, &checkout)], interrupt)?.is_empty() {
            return Ok(Owner::This);
        }
        found = Owner::Other;
    }
    Ok(found)
}

/// The first of `plain`, `plain-2`, `plain-3` and so on that no other checkout has.
pub fn choose<E>(plain: &str, mut owner: impl FnMut(&str) -> Result<Owner, E>) -> Result<String, E> {
    for number in 1..LIMIT {
        let name = if number == 1 { plain.to_owned() } else { format!("{plain}-{number}") };
        if owner(&name)? != Owner::Other {
            return Ok(name);
        }
    }
    Ok(format!("{plain}-{LIMIT}"))
}

#[cfg(test)]
mod tests {
    use super::{Owner, choose, is_name};

    #[test]
    fn the_first_name_that_no_other_has_is_taken() {
        let chosen = |owners: &[(&str, Owner)]| {
            let owner = |name: &str| owners.iter().find(|(other, _)| *other == name).map_or(Owner::Nobody, |(_, o)| *o);
            choose::<()>("shop-local", |name| Ok(owner(name))).unwrap()
        };
        assert_eq!(chosen(&[]), "shop-local");
        assert_eq!(chosen(&[("shop-local", Owner::This)]), "shop-local");
        assert_eq!(chosen(&[("shop-local", Owner::Other)]), "shop-local-2");
        assert_eq!(chosen(&[("shop-local", Owner::Other), ("shop-local-2", Owner::This)]), "shop-local-2");
    }

    #[test]
    fn names_are_composes() {
        assert!(is_name("shop-local-2"));
        for bad in ["", "-f", "Shop", "shop local", "shöp"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
