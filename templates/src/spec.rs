//! `pack.toml`: which template renders which file.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::error::listed;
use crate::fault::{self, Fault};
use crate::format::Format;
use crate::nearest;
use crate::toml::line_at;

/// The file of a pack that says what it renders.
pub(crate) const FILE: &str = "pack.toml";

const PACK_KEYS: [&str; 3] = ["description", "view", "file"];
const ENTRY_KEYS: [&str; 6] = ["template", "path", "each", "as", "when", "format"];

/// What `pack.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    /// One line for the list of targets.
    pub(crate) description: String,
    /// In whose terms the plan is said to the templates.
    pub(crate) view: String,
    /// What is rendered, in the order written.
    pub(crate) entries: Vec<Entry>,
}

/// One `[[file]]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The template, a file of the pack.
    pub(crate) template: Located,
    /// The output path, itself a template.
    pub(crate) path: Located,
    /// The list with an element for each file, where there are several.
    pub(crate) each: Option<Each>,
    /// The expression that says whether the file is rendered.
    pub(crate) when: Option<Located>,
    /// How values are written into it.
    pub(crate) format: Format,
}

/// `each = "services"` with `as = "service"`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Each {
    /// The dotted path to the list in the context.
    pub(crate) list: Located,
    /// The name of the element at hand.
    pub(crate) name: String,
}

/// A string of `pack.toml` with the line it stands on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Located {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Spec {
    /// Reads the `pack.toml` of `pack`, which names one of `views` if there are any. The first mistake has the others.
    pub(crate) fn parse(pack: &str, source: &str, views: &[&str]) -> Result<Self, Box<Fault>> {
        let reader = Reader { pack, source };
        let document = DeTable::parse(source)
            .map_err(|error| reader.fault(error.span().unwrap_or(0..0), error.message().to_owned(), None))?;
        let mut faults = Vec::new();
        let mut root = reader.known(document.into_inner(), &PACK_KEYS, "a pack", &mut faults);
        // What is missing is likely what was misspelt, which is said already.
        let misspelt = !faults.is_empty();
        let is_asked = |root: &Fields<'_>, key: &str| root.contains_key(key) || !misspelt;
        let (mut description, mut view, mut entries) = (String::new(), String::new(), Vec::new());
        if is_asked(&root, "description") {
            let read = reader.required(&mut root, "description", 0..0, "a pack");
            description = kept(read, &mut faults).map_or(description, |read| read.text);
        }
        if is_asked(&root, "view") {
            view = kept(reader.view(&mut root, views), &mut faults).unwrap_or(view);
        }
        match root.remove("file") {
            Some((span, DeValue::Array(items))) if !items.is_empty() => {
                let read = items.into_iter().map(|item| {
                    reader.entry(item).map_err(|mut fault| {
                        fault.line = fault.line.or(Some(line_at(source, span.start)));
                        fault
                    })
                });
                entries.extend(read.filter_map(|entry| kept(entry, &mut faults)));
            }
            Some((span, _)) => faults.push(*reader.no_entries(span)),
            None if misspelt => {}
            None => faults.push(*reader.no_entries(0..0)),
        }
        faults.sort_by_key(|fault| fault.line);
        let mut faults = faults.into_iter();
        match faults.next() {
            Some(first) => Err(Box::new(Fault { others: faults.collect(), ..first })),
            None => Ok(Self { description, view, entries }),
        }
    }
}

/// What was read, or one mistake more.
fn kept<T>(read: Result<T, Box<Fault>>, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|fault| faults.push(*fault)).ok()
}

/// The keys of a table with their values and places.
type Fields<'a> = BTreeMap<String, (Range<usize>, DeValue<'a>)>;

struct Reader<'a> {
    pack: &'a str,
    source: &'a str,
}

impl<'a> Reader<'a> {
    fn entry(&self, item: Spanned<DeValue<'a>>) -> Result<Entry, Box<Fault>> {
        let span = item.span();
        let DeValue::Table(table) = item.into_inner() else {
            return Err(self.no_entries(span));
        };
        let mut unknown = Vec::new();
        let mut fields = self.known(table, &ENTRY_KEYS, "a `[[file]]`", &mut unknown);
        if let Some(fault) = unknown.into_iter().next() {
            return Err(Box::new(fault));
        }
        let template = self.required(&mut fields, "template", span.clone(), "a `[[file]]`")?;
        let path = self.required(&mut fields, "path", span.clone(), "a `[[file]]`")?;
        let each = self.each(&mut fields, &span)?;
        let when = self.optional(&mut fields, "when")?;
        let format = match self.optional(&mut fields, "format")? {
            Some(name) => self.format(&name)?,
            None => Format::from_path(&path.text),
        };
        Ok(Entry { template, path, each, when, format })
    }

    fn each(&self, fields: &mut Fields<'a>, span: &Range<usize>) -> Result<Option<Each>, Box<Fault>> {
        let list = self.optional(fields, "each")?;
        let name = self.optional(fields, "as")?;
        let missing = |detail: &str, help: &str| self.fault(span.clone(), detail.to_owned(), Some(help.to_owned()));
        match (list, name) {
            (Some(list), Some(name)) if is_name(&name.text) => Ok(Some(Each { list, name: name.text })),
            (Some(_), Some(name)) => Err(self.at_line(
                name.line,
                format!("`{}` is not a name", name.text),
                Some("write a word of letters, digits and underscores: `as = \"service\"`".to_owned()),
            )),
            (Some(_), None) => Err(missing("`each` without `as`", "name the element at hand: `as = \"service\"`")),
            (None, Some(_)) => {
                Err(missing("`as` without `each`", "say which list its element is from: `each = \"services\"`"))
            }
            (None, None) => Ok(None),
        }
    }

    fn format(&self, name: &Located) -> Result<Format, Box<Fault>> {
        Format::from_name(&name.text).ok_or_else(|| {
            self.at_line(
                name.line,
                format!("there is no format `{}`", name.text),
                Some(format!("write one of {}", listed(&Format::NAMES))),
            )
        })
    }

    /// The fields that are known; each of the others is a mistake.
    fn known(&self, table: DeTable<'a>, known: &[&str], of: &str, faults: &mut Vec<Fault>) -> Fields<'a> {
        let mut fields = BTreeMap::new();
        for (key, value) in table {
            if known.contains(&key.get_ref().as_ref()) {
                fields.insert(key.into_inner().into_owned(), (value.span(), value.into_inner()));
            } else {
                faults.push(*self.unknown(&key, known, of));
            }
        }
        fields
    }

    fn view(&self, fields: &mut Fields<'a>, views: &[&str]) -> Result<String, Box<Fault>> {
        let Some(view) = self.optional(fields, "view")? else {
            let help = format!("say in whose terms its templates are told the plan: {}", listed(views));
            let missing = || self.fault(0..0, "a pack needs the key `view`".to_owned(), Some(help));
            return if views.is_empty() { Ok(String::new()) } else { Err(missing()) };
        };
        if views.is_empty() || views.contains(&view.text.as_str()) {
            return Ok(view.text);
        }
        let help = match nearest(&view.text, views.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", listed(views)),
        };
        Err(self.at_line(view.line, format!("there is no view `{}`", view.text), Some(help)))
    }

    fn unknown(&self, key: &Spanned<DeString<'a>>, known: &[&str], of: &str) -> Box<Fault> {
        let name = key.get_ref();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {}", listed(known)),
        };
        self.fault(key.span(), format!("{of} has no key `{name}`"), Some(help))
    }

    fn required(
        &self,
        fields: &mut Fields<'a>,
        key: &str,
        span: Range<usize>,
        of: &str,
    ) -> Result<Located, Box<Fault>> {
        self.optional(fields, key)?.ok_or_else(|| {
            self.fault(span, format!("{of} needs the key `{key}`"), Some(format!("add `{key} = \"…\"`")))
        })
    }

    fn optional(&self, fields: &mut Fields<'a>, key: &str) -> Result<Option<Located>, Box<Fault>> {
        match fields.remove(key) {
            None => Ok(None),
            Some((span, DeValue::String(text))) if !text.trim().is_empty() => {
                Ok(Some(Located { text: text.into_owned(), line: line_at(self.source, span.start) }))
            }
            Some((span, _)) => Err(self.fault(
                span,
                format!("`{key}` is not a string with something in it"),
                Some(format!("write `{key} = \"…\"`")),
            )),
        }
    }

    fn no_entries(&self, span: Range<usize>) -> Box<Fault> {
        self.fault(
            span,
            "a pack renders at least one file".to_owned(),
            Some("add a `[[file]]` with `template` and `path`".to_owned()),
        )
    }

    fn fault(&self, span: Range<usize>, detail: String, help: Option<String>) -> Box<Fault> {
        self.at_line(line_at(self.source, span.start), detail, help)
    }

    fn at_line(&self, line: usize, detail: String, help: Option<String>) -> Box<Fault> {
        Box::new(Fault {
            pack: self.pack.to_owned(),
            file: FILE.to_owned(),
            line: Some(line),
            source_line: fault::line(self.source, line),
            detail,
            help,
            ..Fault::default()
        })
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(source: &str) -> (usize, String, String) {
        let fault = Spec::parse("demo", source, &[]).unwrap_err();
        (fault.line.unwrap(), fault.detail.clone(), fault.help.unwrap_or_default())
    }

    #[test]
    fn a_full_entry_is_read() {
        let spec = Spec::parse(
            "demo",
            r#"description = "Demo"
[[file]]
template = "a.j2"
path = "out/{{ s.id }}.yaml"
each = "plan.services"
as = "s"
when = "s.ports"
format = "text"
"#,
            &[],
        )
        .unwrap();
        assert_eq!(spec.description, "Demo");
        let entry = &spec.entries[0];
        assert_eq!((entry.path.text.as_str(), entry.path.line), ("out/{{ s.id }}.yaml", 4));
        assert_eq!(entry.each.as_ref().unwrap().name, "s");
        assert_eq!(entry.format, Format::Text);
    }

    #[test]
    fn the_format_comes_from_the_extension() {
        for (path, format) in [
            ("compose.yaml", Format::Yaml),
            ("{{ s.id }}.yml", Format::Yaml),
            ("a.json", Format::Json),
            ("a.b/c.toml", Format::Toml),
            ("Dockerfile", Format::Text),
            ("x.yaml/notes", Format::Text),
        ] {
            let source = format!("description = \"d\"\n[[file]]\ntemplate = \"a\"\npath = \"{path}\"\n");
            assert_eq!(Spec::parse("demo", &source, &[]).unwrap().entries[0].format, format, "{path}");
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        assert_eq!(
            rejected("description = \"d\"\n[[file]]\ntemplat = \"a\"\npath = \"b\"\n"),
            (3, "a `[[file]]` has no key `templat`".to_owned(), "did you mean `template`?".to_owned())
        );
        assert_eq!(rejected("descripton = \"d\"\n").2, "did you mean `description`?");
        assert_eq!(rejected("zzz = \"d\"\n").2, "the keys are `description`, `view`, `file`");
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let source = "description = \"d\"\nview = \"compoze\"\n\n[[file]]\ntemplat = \"a\"\n\n\
                      [[file]]\ntemplate = \"a\"\npath = \"b\"\nformat = \"yml\"\n";
        let first = Spec::parse("demo", source, &["compose", "swarm"]).unwrap_err();
        let all: Vec<(usize, &str, &str)> = std::iter::once(&*first)
            .chain(&first.others)
            .map(|fault| (fault.line.unwrap(), fault.detail.as_str(), fault.help.as_deref().unwrap()))
            .collect();
        let formats = format!("write one of {}", listed(&Format::NAMES));
        assert_eq!(
            all,
            [
                (2, "there is no view `compoze`", "did you mean `compose`?"),
                (5, "a `[[file]]` has no key `templat`", "did you mean `template`?"),
                (10, "there is no format `yml`", formats.as_str()),
            ]
        );
        let rest = &source[source.find("[[file]]\ntemplate").unwrap()..].replace("yml", "yaml");
        let missing = Spec::parse("demo", &format!("description = \"d\"\n{rest}"), &["compose"]).unwrap_err();
        assert_eq!((missing.detail.as_str(), missing.others.len()), ("a pack needs the key `view`", 0));
    }

    #[test]
    fn every_mistake_has_a_line_and_a_way_out() {
        let entry = "description = \"d\"\n[[file]]\ntemplate = \"a\"\npath = \"b\"\n";
        for (source, line, detail) in [
            ("description = \"d\"\n", 1, "a pack renders at least one file"),
            ("description = \"d\"\nfile = 1\n", 2, "a pack renders at least one file"),
            ("description = \"d\"\nfile = []\n", 2, "a pack renders at least one file"),
            ("[[file]]\n", 1, "a pack needs the key `description`"),
            ("description = 1\n", 1, "`description` is not a string with something in it"),
            ("description = \"d\"\n[[file]]\npath = \"b\"\n", 2, "a `[[file]]` needs the key `template`"),
            (&format!("{entry}each = \"x\"\n"), 2, "`each` without `as`"),
            (&format!("{entry}as = \"x\"\n"), 2, "`as` without `each`"),
            (&format!("{entry}each = \"x\"\nas = \"a b\"\n"), 6, "`a b` is not a name"),
            (&format!("{entry}format = \"yml\"\n"), 5, "there is no format `yml`"),
        ] {
            let rejected = rejected(source);
            assert_eq!((rejected.0, rejected.1.as_str()), (line, detail), "{source}");
            assert!(!rejected.2.is_empty(), "{source}");
        }
        assert_eq!(rejected("description = \"d\n").0, 1);
    }
}
