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
/// The view that a pack is given when it names none.
const PLAN: &str = "plan";
const ENTRY_KEYS: [&str; 6] = ["template", "path", "each", "as", "when", "format"];

/// What `pack.toml` says.
#[derive(Debug, PartialEq)]
pub(crate) struct Spec {
    /// One line for the list of targets.
    pub(crate) description: String,
    /// In whose terms the plan is said to the templates.
    pub(crate) view: String,
    /// What is rendered, in the order written.
    pub(crate) entries: Vec<Entry>,
}

/// One `[[file]]`.
#[derive(Debug, PartialEq)]
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
#[derive(Debug, PartialEq)]
pub(crate) struct Each {
    /// The dotted path to the list in the context.
    pub(crate) list: Located,
    /// The name of the element at hand.
    pub(crate) name: String,
}

/// A string of `pack.toml` with the line it stands on.
#[derive(Debug, PartialEq)]
pub(crate) struct Located {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Spec {
    /// Reads the `pack.toml` of `pack`.
    pub(crate) fn parse(pack: &str, source: &str) -> Result<Self, Box<Fault>> {
        let reader = Reader { pack, source };
        let document = DeTable::parse(source)
            .map_err(|error| reader.fault(error.span().unwrap_or(0..0), error.message().to_owned(), None))?;
        let mut root = reader.fields(document.into_inner(), &PACK_KEYS, "a pack")?;
        let description = reader.required(&mut root, "description", 0..0, "a pack")?.text;
        let view = reader.optional(&mut root, "view")?.map_or_else(|| PLAN.to_owned(), |view| view.text);
        let entries = match root.remove("file") {
            Some((span, DeValue::Array(items))) if !items.is_empty() => items
                .into_iter()
                .map(|item| {
                    reader.entry(item).map_err(|mut fault| {
                        fault.line = fault.line.or(Some(line_at(source, span.start)));
                        fault
                    })
                })
                .collect::<Result<_, _>>()?,
            Some((span, _)) => return Err(reader.no_entries(span)),
            None => return Err(reader.no_entries(0..0)),
        };
        Ok(Self { description, view, entries })
    }
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
        let mut fields = self.fields(table, &ENTRY_KEYS, "a `[[file]]`")?;
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

    fn fields(&self, table: DeTable<'a>, known: &[&str], of: &str) -> Result<Fields<'a>, Box<Fault>> {
        let mut fields = BTreeMap::new();
        for (key, value) in table {
            if !known.contains(&key.get_ref().as_ref()) {
                return Err(self.unknown(&key, known, of));
            }
            fields.insert(key.into_inner().into_owned(), (value.span(), value.into_inner()));
        }
        Ok(fields)
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
        let fault = Spec::parse("demo", source).unwrap_err();
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
            assert_eq!(Spec::parse("demo", &source).unwrap().entries[0].format, format, "{path}");
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
