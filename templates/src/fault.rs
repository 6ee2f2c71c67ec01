//! Where in a pack something is wrong, and what.

use std::fmt;

use crate::emit::Unwritable;
use crate::format::Format;

/// What is wrong in one place of a pack, and where that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// The pack.
    pub pack: String,
    /// The file of the pack: a template or `pack.toml`.
    pub file: String,
    /// The line in that file, counted from 1.
    pub line: Option<usize>,
    /// The source of that line, without the white space around it.
    pub source_line: Option<String>,
    /// The expression or statement that failed, as it is written.
    pub expression: Option<String>,
    /// The element at hand where a file is rendered for each of several: `services[3]` (`db`).
    pub element: Option<String>,
    /// What is wrong.
    pub detail: String,
    /// What to write instead.
    pub help: Option<String>,
    /// What else is wrong in the same file, in the order of its lines.
    pub others: Vec<Fault>,
}

impl Fault {
    /// The line of source that it is about, with its number: `12 | image: {{ service.imgae }}`.
    pub fn excerpt(&self) -> Option<String> {
        excerpt(self.line, self.source_line.as_deref())
    }

    /// What minijinja says about `file`, in our words.
    pub(crate) fn from_minijinja(pack: &str, file: &str, error: &minijinja::Error) -> Self {
        let error = innermost(error);
        let unwritable = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Unwritable>());
        let source = error.template_source();
        let fault = Self {
            pack: pack.to_owned(),
            file: error.name().unwrap_or(file).to_owned(),
            line: error.line(),
            source_line: source.and_then(|text| line(text, error.line()?)),
            expression: source.and_then(|text| text.get(error.range()?)).map(|text| text.trim().to_owned()),
            element: None,
            detail: error.detail().map_or_else(|| error.kind().to_string(), sentence),
            help: unwritable.map(|unwritable| unwritable.help.to_owned()),
            others: Vec::new(),
        };
        match error.detail().and_then(Undefined::read) {
            Some(undefined) => fault.about(&undefined),
            None => fault,
        }
    }

    /// The same about an expression that is undefined, at its own place.
    fn about(mut self, undefined: &Undefined<'_>) -> Self {
        let Undefined { expression, place, lead } = undefined;
        self.detail = format!("`{expression}` is undefined");
        if let Some(lead) = lead {
            self.detail = format!("{lead}: {}", self.detail);
        }
        if let Some((file, line)) = place {
            let user = format!("line {} of `{}`", self.line.unwrap_or_default(), self.file);
            self.detail = format!("{}, and {user} needs it", self.detail);
            self.file = file.map_or(self.file, str::to_owned);
            self.line = Some(*line);
            self.source_line = None;
        }
        self.expression = Some((*expression).to_owned());
        self
    }
}

/// What minijinja says of an expression that is undefined: "`s.image` is undefined", with what that
/// hinders before it in words, and behind it where it stands, if that is not where it is used.
struct Undefined<'a> {
    expression: &'a str,
    lead: Option<&'a str>,
    /// The template, if it is another one, and the line.
    place: Option<(Option<&'a str>, usize)>,
}

impl<'a> Undefined<'a> {
    fn read(detail: &'a str) -> Option<Self> {
        let (before, after) = detail.rsplit_once("` is undefined")?;
        let (lead, expression) = match before.strip_prefix('`') {
            Some(expression) => (None, expression),
            None => before.rsplit_once(" (`").map(|(lead, expression)| (Some(lead), expression))?,
        };
        let from = after.split_once("from ").map(|(_, from)| from.trim_end_matches(')'));
        let place = from.and_then(|from| match from.strip_prefix("line ") {
            Some(line) => Some((None, line.parse().ok()?)),
            None => from.rsplit_once(':').and_then(|(file, line)| Some((Some(file), line.parse().ok()?))),
        });
        Some(Self { expression, lead, place })
    }
}

/// What failed in the template that was included, not that an include failed.
pub(crate) fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<minijinja::Error>())
        .map_or(error, innermost)
}

/// minijinja quotes names in several ways or not at all; only the obvious is brought in line.
fn sentence(detail: &str) -> String {
    for kind in ["filter", "test", "function"] {
        if let Some(name) = detail.strip_prefix(kind).and_then(|rest| rest.trim().strip_suffix(" is unknown")) {
            return format!("there is no {kind} `{name}`");
        }
    }
    match detail.strip_suffix(" is unknown") {
        Some(name) => format!("there is no function `{name}`"),
        None => detail.replace('\'', "`"),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of pack `{}`", self.file, self.pack)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(element) = &self.element {
            write!(f, ", for {element}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// A rendered file that its format does not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The pack.
    pub pack: String,
    /// The template that rendered it.
    pub template: String,
    /// The path of the rendered file.
    pub path: String,
    /// What it should have been.
    pub format: Format,
    /// The element at hand where a file is rendered for each of several.
    pub element: Option<String>,
    /// The line in the rendered file, counted from 1.
    pub line: Option<usize>,
    /// That line, as it was rendered, without the white space around it.
    pub rendered_line: Option<String>,
    /// What the reader of the format says.
    pub detail: String,
}

impl Malformed {
    /// The rendered line that it is about, with its number.
    pub fn excerpt(&self) -> Option<String> {
        excerpt(self.line, self.rendered_line.as_deref())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of pack `{}`", self.template, self.pack)?;
        if let Some(element) = &self.element {
            write!(f, ", for {element},")?;
        }
        write!(f, " renders invalid {} in `{}`", self.format, self.path)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// What the reader of a format says against a document.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) line: Option<usize>,
    pub(crate) detail: String,
}

/// The line of `text` with a number counted from 1, without the white space around it.
pub(crate) fn line(text: &str, number: usize) -> Option<String> {
    text.lines().nth(number.checked_sub(1)?).map(|line| line.trim().to_owned())
}

fn excerpt(line: Option<usize>, text: Option<&str>) -> Option<String> {
    Some(format!("{} | {}", line?, text?))
}
