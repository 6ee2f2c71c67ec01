use std::fmt;

/// Why a text is not a value of some type: what is wrong and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong, as a lower-case fragment without a full stop.
    pub problem: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Invalid {
    /// A problem without advice.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: one_line(problem.into()), help: None }
    }

    /// The same problem with what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(one_line(help.into()));
        self
    }

    /// The same problem with the first candidate that would be good, else with this advice.
    pub(crate) fn write_or(
        self,
        candidates: impl IntoIterator<Item = String>,
        good: impl Fn(&str) -> bool,
        otherwise: &str,
    ) -> Self {
        match candidates.into_iter().find(|candidate| good(candidate)) {
            Some(candidate) => self.help(format!("write `{candidate}`")),
            None => self.help(otherwise),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Invalid {}

/// A message is one line, whatever is quoted in it: a key may have a line break, or what a terminal obeys.
pub(crate) fn one_line(message: String) -> String {
    if !message.contains(char::is_control) {
        return message;
    }
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    message.chars().map(shown).collect()
}

/// A text as a message shows it: in backticks, on one line, and not all of it when it is long.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 100;
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let mut out = String::from("`");
    for c in text.chars().take(SHOWN) {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out.push_str(if text.chars().nth(SHOWN).is_some() { "…`" } else { "`" });
    out
}

/// A type that is read from one piece of text.
pub trait FromText: Sized {
    /// What the text is called in a message, with its article: "a port name".
    const WHAT: &'static str;

    /// Reads the text.
    fn from_text(text: &str) -> Result<Self, Invalid>;
}
