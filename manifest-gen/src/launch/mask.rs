//! Hides the values of secrets in what others print.

use crate::plan::Plan;

use super::environment::Vault;
use super::secrets;

/// What stands in the place of a secret.
const HIDDEN: &str = "<secret>";

/// How long a value has to be, in bytes, to be looked for: a shorter one is in words of every kind.
const SHORTEST: usize = 4;

/// The values that are known here, the longest first.
#[derive(Clone, Default)]
pub struct Mask(Vec<String>);

impl Mask {
    /// The values of a plan's secrets, as far as they can be read here.
    pub fn of(plan: &Plan, vault: &Vault, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let used = secrets::of_plan(plan);
        let values = used.keys().filter_map(|secret| vault.read(secret, environment).ok().flatten());
        Self::new(values.map(|value| value.expose().to_owned()))
    }

    fn new(values: impl Iterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.filter(|value| value.len() >= SHORTEST).collect();
        // One may be a part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), HIDDEN))
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn every_occurrence_is_hidden_and_the_longer_one_first() {
        let mask = Mask::new(["hunter", "hunter22", "a"].map(str::to_owned).into_iter());
        assert_eq!(mask.hide("a hunter22 and hunter; hunterhunter"), "a <secret> and <secret>; <secret><secret>");
    }
}
