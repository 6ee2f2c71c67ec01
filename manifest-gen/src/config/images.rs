//! `[build]`: how the images of applications are made.

use orch_manifest::{ImageRef, did_you_mean};

use super::parse::{Problems, Value, parsed, table, text, unknown};

/// How the images of applications are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// Where a program is compiled.
    pub form: BuildForm,
    /// The image in which it is compiled.
    pub builder: ImageRef,
    /// The image in which it runs.
    pub base: ImageRef,
}

/// Where a program is compiled that an image is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuildForm {
    /// Inside, from the sources.
    #[default]
    Source,
    /// Outside; the program is copied.
    Slim,
}

impl BuildForm {
    /// The words for it.
    pub const WORDS: [&str; 2] = ["source", "slim"];

    /// The form of this name.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Source, Self::Slim].into_iter().find(|form| form.as_str() == word)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => Self::WORDS[0],
            Self::Slim => Self::WORDS[1],
        }
    }
}

/// The image in which programs are compiled, of the same Debian as [`BASE`] for the sake of the C library.
const BUILDER: &str = "rust:1-slim-bookworm";
/// The image in which programs run. It has bash, with which HTTP and TCP health checks ask.
const BASE: &str = "debian:bookworm-slim";

impl Default for BuildOptions {
    fn default() -> Self {
        let image = |text: &str| ImageRef::parse(text).unwrap_or_else(|invalid| unreachable!("{invalid:?}"));
        Self { form: BuildForm::default(), builder: image(BUILDER), base: image(BASE) }
    }
}

/// The keys of `[build]`.
pub(super) const BUILD_KEYS: [&str; 3] = ["form", "builder", "base"];

/// What one part of the document says: each key at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct BuildSection {
    form: Option<BuildForm>,
    builder: Option<ImageRef>,
    base: Option<ImageRef>,
}

impl BuildSection {
    pub(super) fn apply(&self, options: &mut BuildOptions) {
        options.form = self.form.unwrap_or(options.form);
        for (to, from) in [(&mut options.builder, &self.builder), (&mut options.base, &self.base)] {
            if let Some(from) = from {
                to.clone_from(from);
            }
        }
    }

    pub(super) fn read(value: &Value<'_>, problems: &mut Problems) -> Self {
        let mut section = Self::default();
        for (key, value) in table(value, problems) {
            match key.get_ref().as_ref() {
                "form" => section.form = form(value, problems),
                "builder" => section.builder = parsed(value, problems),
                "base" => section.base = parsed(value, problems),
                _ => unknown(key, "`[build]`", &BUILD_KEYS, problems),
            }
        }
        section
    }
}

fn form(value: &Value<'_>, problems: &mut Problems) -> Option<BuildForm> {
    let word = text(value, problems)?;
    let form = BuildForm::find(word);
    if form.is_none() {
        let problem =
            orch_manifest::grammar::Problem::new(value.span().start, format!("`{word}` is no form of an image"));
        problems.push(problem.help(did_you_mean(word, &BuildForm::WORDS)));
    }
    form
}
