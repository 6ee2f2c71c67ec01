//! One pack: compiled once, rendered with any context.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use minijinja::value::{ValueKind, merge_maps};
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::advice;
use crate::context::{self, ContextError};
use crate::engine;
use crate::error::{PackError, RenderError};
use crate::fault::{self, Fault, Malformed};
use crate::format::Format;
use crate::glue;
use crate::load::{Files, lf};
use crate::nearest;
use crate::packs::Origin;
use crate::path::{self, Taken};
use crate::spec::{self, Entry, Located, Spec};

/// What a template's name ends with. Other files of a pack are only carried along.
const TEMPLATE: &str = ".j2";

/// A file that a pack rendered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RenderedFile {
    /// Relative to the output folder, with forward slashes; never leads out of it.
    pub path: String,
    /// UTF-8, LF, one newline at the end.
    pub contents: String,
}

/// A pack whose templates are compiled.
#[derive(Debug)]
pub struct Pack {
    name: String,
    origin: Origin,
    spec: Spec,
    files: Files,
    environments: BTreeMap<Format, Environment<'static>>,
    /// The lists of the context that only files are made of: no template names one.
    lists: BTreeSet<String>,
}

/// One file to render: an entry of `pack.toml` and, with `each`, one element.
struct Job<'a> {
    entry: &'a Entry,
    context: Value,
    /// Where the element is in its list.
    index: usize,
}

/// How many files of one entry are rendered together.
const AT_ONCE: usize = 1024;

impl Pack {
    /// Compiles the templates of `files` for the formats that its `pack.toml`, which says `spec`, names.
    pub(crate) fn compile(name: &str, origin: Origin, spec: Spec, files: Files) -> Result<Self, PackError> {
        let mut pack =
            Self { name: name.to_owned(), origin, spec, files, environments: BTreeMap::new(), lists: BTreeSet::new() };
        pack.check_names()?;
        pack.check_glue()?;
        // Paths are text, whatever the file at the path is.
        let mut formats: BTreeSet<Format> = pack.spec.entries.iter().map(|e| e.format).collect();
        formats.insert(Format::Text);
        for format in formats {
            let environment = pack.environment(format)?;
            pack.environments.insert(format, environment);
        }
        pack.check_expressions()?;
        pack.compile_paths()?;
        pack.lists = pack.lists_of_files();
        Ok(pack)
    }

    /// What `--target` takes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its `pack.toml` says it is.
    pub fn description(&self) -> &str {
        &self.spec.description
    }

    /// In whose terms it wants to be told the plan: what its `pack.toml` says; nothing where there are no views.
    pub fn view(&self) -> &str {
        &self.spec.view
    }

    /// Where it comes from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Its own files, path and text, sorted by path: what a copy of the pack consists of.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_ref()))
    }

    /// Renders every file, sorted by path, and reads each back.
    pub fn render(&self, context: &impl Serialize) -> Result<Vec<RenderedFile>, RenderError> {
        self.render_unless(context, |_| false)
    }

    /// Renders every file, sorted by path, and reads each back unless `passed` says that the same
    /// bytes passed before.
    pub fn render_unless(
        &self,
        context: &impl Serialize,
        passed: impl Fn(&RenderedFile) -> bool + Sync,
    ) -> Result<Vec<RenderedFile>, RenderError> {
        let shared = context::without(context, &self.lists).map_err(|error| invalid(&error))?;
        let mut taken = Taken::default();
        let mut rendered = Vec::new();
        for entry in &self.spec.entries {
            for from in (0..).step_by(AT_ONCE) {
                let jobs = self.jobs(entry, &shared, context, from..from + AT_ONCE)?;
                // In the order of the jobs, so that it is always the same error that is reported.
                for (job, file) in jobs.iter().zip(in_parallel(&jobs, |job| self.file(job, &passed))) {
                    if let Some(file) = file? {
                        self.claim(job, &file.path, &mut taken)?;
                        rendered.push(file);
                    }
                }
                if jobs.len() < AT_ONCE {
                    break;
                }
            }
        }
        rendered.sort();
        Ok(rendered)
    }

    /// The files of an entry for the elements in `range`; the one file of an entry without a list is
    /// for the element 0.
    fn jobs<'a>(
        &self,
        entry: &'a Entry,
        shared: &Value,
        context: &impl Serialize,
        range: Range<usize>,
    ) -> Result<Vec<Job<'a>>, RenderError> {
        let Some(each) = &entry.each else {
            return Ok(vec![Job { entry, context: shared.clone(), index: 0 }]);
        };
        let name = &each.list.text;
        let elements = if self.lists.contains(name) {
            context::elements(context, name, range.clone())
        } else {
            nested(shared, name).map(|list| list.skip(range.start).take(AT_ONCE).collect())
        };
        let elements = elements.map_err(|error| match error {
            ContextError::NotAList => {
                let detail = format!("`each` needs a list, and `{name}` is not one");
                let mut fault = self.fault_in_spec(&each.list, detail, None);
                fault.help = Some("write the dotted path to a list of the context".to_owned());
                RenderError::Template(fault)
            }
            error @ ContextError::Invalid(_) => invalid(&error),
        })?;
        let job = |(index, element)| {
            let bound = Value::from_pairs([(each.name.as_str(), element)]);
            Job { entry, context: merge_maps([shared.clone(), bound]), index }
        };
        Ok((range.start..).zip(elements).map(job).collect())
    }

    /// The file, unless the entry's condition says that there is none.
    fn file(
        &self,
        job: &Job<'_>,
        passed: &impl Fn(&RenderedFile) -> bool,
    ) -> Result<Option<RenderedFile>, RenderError> {
        if !self.wanted(job)? {
            return Ok(None);
        }
        let file = RenderedFile { path: self.path(job)?, contents: self.contents(job)? };
        if !passed(&file) {
            self.read_back(job, &file)?;
        }
        Ok(Some(file))
    }

    fn wanted(&self, job: &Job<'_>) -> Result<bool, RenderError> {
        let Some(when) = &job.entry.when else {
            return Ok(true);
        };
        let value = self
            .text()
            .compile_expression(&when.text)
            .and_then(|expression| expression.eval(job.context.clone()))
            .map_err(|error| self.spec_error(when, job, &error))?;
        if value.is_undefined() {
            let detail = format!("`{}` is undefined", when.text);
            let fault = self.fault_in_spec(when, detail, job.element());
            return Err(RenderError::Template(fault));
        }
        Ok(value.is_true())
    }

    fn path(&self, job: &Job<'_>) -> Result<String, RenderError> {
        let located = &job.entry.path;
        let path = self
            .text()
            .get_template(&path_name(located))
            .and_then(|template| template.render(job.context.clone()))
            .map_err(|error| self.spec_error(located, job, &error))?;
        match path::fault(&path) {
            None => Ok(path),
            Some(wrong) => {
                let detail = format!("the path `{}` {wrong}", path.escape_debug());
                Err(RenderError::Template(self.fault_in_spec(located, detail, job.element())))
            }
        }
    }

    /// Notes that a path is rendered, which no other may be.
    fn claim(&self, job: &Job<'_>, path: &str, taken: &mut Taken) -> Result<(), RenderError> {
        let owner = match job.element() {
            Some(element) => format!("`{}` for {element}", job.entry.template.text),
            None => format!("`{}`", job.entry.template.text),
        };
        taken.claim(path, &owner).map_err(|other| {
            let detail = format!("the path `{path}` is rendered by {other} already");
            RenderError::Template(self.fault_in_spec(&job.entry.path, detail, job.element()))
        })
    }

    fn contents(&self, job: &Job<'_>) -> Result<String, RenderError> {
        let name = &job.entry.template.text;
        let text = self
            .environment_of(job.entry.format)
            .get_template(name)
            .and_then(|template| template.render(job.context.clone()))
            .map_err(|error| {
                let environment = self.environment_of(job.entry.format);
                let mut fault = advice::with(&self.files, environment, name, &self.name, &error, &job.context);
                fault.element = job.element();
                RenderError::Template(Box::new(fault))
            })?;
        Ok(if job.entry.format == Format::Verbatim { text } else { normal(&text) })
    }

    fn read_back(&self, job: &Job<'_>, file: &RenderedFile) -> Result<(), RenderError> {
        job.entry.format.check(&file.contents).map_err(|rejection| {
            RenderError::Malformed(Box::new(Malformed {
                pack: self.name.clone(),
                template: job.entry.template.text.clone(),
                path: file.path.clone(),
                format: job.entry.format,
                element: job.element(),
                line: rejection.line,
                rendered_line: rejection.line.and_then(|line| fault::line(&file.contents, line)),
                detail: rejection.detail,
            }))
        })
    }

    fn environment_of(&self, format: Format) -> &Environment<'static> {
        // Every format of an entry has its environment since `compile`.
        &self.environments[&format]
    }

    fn text(&self) -> &Environment<'static> {
        self.environment_of(Format::Text)
    }

    fn environment(&self, format: Format) -> Result<Environment<'static>, PackError> {
        let mut environment = engine::environment(format);
        for (path, text) in self.templates() {
            environment.add_template_owned(path.to_owned(), text.to_owned()).map_err(|error| {
                let fault = Fault::from_minijinja(&self.name, path, &error);
                PackError::Invalid(Box::new(fault))
            })?;
        }
        Ok(environment)
    }

    fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(TEMPLATE))
    }

    /// Every template that `pack.toml` names is there.
    fn check_names(&self) -> Result<(), PackError> {
        for Entry { template, .. } in &self.spec.entries {
            if self.templates().any(|(path, _)| path == template.text) {
                continue;
            }
            let detail = format!("the pack has no template `{}`", template.text);
            let mut fault = self.fault_in_spec(template, detail, None);
            fault.help = Some(match nearest(&template.text, self.templates().map(|(p, _)| p)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add the file to the pack; its name ends with `{TEMPLATE}`"),
            });
            return Err(PackError::Invalid(fault));
        }
        Ok(())
    }

    /// No template of a YAML file glues a value to something.
    fn check_glue(&self) -> Result<(), PackError> {
        for (path, text) in self.templates().filter(|(path, _)| self.is_yaml(path)) {
            if let Some(glued) = glue::find(text) {
                return Err(PackError::Invalid(Box::new(Fault {
                    pack: self.name.clone(),
                    file: path.to_owned(),
                    line: Some(glued.line),
                    source_line: fault::line(text, glued.line),
                    detail: format!("`{}` is glued to something", glued.expression),
                    expression: Some(glued.expression),
                    help: Some(
                        "every value is written as a scalar of its own, with quotes where it needs them: write the whole as one, `{{ a ~ \":\" ~ b }}`"
                            .to_owned(),
                    ),
                    ..Fault::default()
                })));
            }
        }
        Ok(())
    }

    /// Whether the template at `path` writes YAML: it renders a YAML file, or its name says so, or
    /// the pack renders nothing else.
    fn is_yaml(&self, path: &str) -> bool {
        let mut entries = self.spec.entries.iter().filter(|e| e.template.text == path).peekable();
        if entries.peek().is_some() {
            return entries.any(|entry| entry.format == Format::Yaml);
        }
        Format::from_path(path.trim_end_matches(TEMPLATE)) == Format::Yaml
            || self.spec.entries.iter().all(|entry| entry.format == Format::Yaml)
    }

    /// Compiles the paths of `pack.toml`, so that not every file does.
    fn compile_paths(&mut self) -> Result<(), PackError> {
        let paths: Vec<&Located> = self.spec.entries.iter().map(|entry| &entry.path).collect();
        let Some(text) = self.environments.get_mut(&Format::Text) else { return Ok(()) };
        for path in paths {
            text.add_template_owned(path_name(path), path.text.clone()).map_err(|error| {
                // Each was compiled before, so nothing is left to fail.
                PackError::Invalid(Box::new(Fault::from_minijinja(&self.name, spec::FILE, &error)))
            })?;
        }
        Ok(())
    }

    /// The lists with a file for each element that no template, path or condition names otherwise.
    fn lists_of_files(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for environment in self.environments.values() {
            named.extend(environment.templates().flat_map(|(_, template)| template.undeclared_variables(false)));
        }
        let conditions = self.spec.entries.iter().filter_map(|entry| entry.when.as_ref());
        let conditions = conditions.filter_map(|when| self.text().compile_expression(&when.text).ok());
        named.extend(conditions.flat_map(|condition| condition.undeclared_variables(false)));
        let lists = self.spec.entries.iter().filter_map(|entry| entry.each.as_ref()).map(|each| &each.list.text);
        lists.filter(|list| !list.contains('.') && !named.contains(*list)).cloned().collect()
    }

    /// Every path and every condition of `pack.toml` compiles.
    fn check_expressions(&self) -> Result<(), PackError> {
        for entry in &self.spec.entries {
            let paths = self
                .text()
                .template_from_named_str(spec::FILE, &entry.path.text)
                .err()
                .map(|error| (&entry.path, error));
            let whens = entry.when.as_ref().and_then(|when| {
                let error = self.text().compile_expression(&when.text).err()?;
                Some((when, error))
            });
            if let Some((located, error)) = paths.or(whens) {
                let detail = Fault::from_minijinja(&self.name, spec::FILE, &error).detail;
                return Err(PackError::Invalid(self.fault_in_spec(located, detail, None)));
            }
        }
        Ok(())
    }

    fn spec_error(&self, located: &Located, job: &Job<'_>, error: &minijinja::Error) -> RenderError {
        let inner = advice::with(&self.files, self.text(), spec::FILE, &self.name, error, &job.context);
        let mut fault = self.fault_in_spec(located, inner.detail, job.element());
        fault.expression = inner.expression;
        fault.help = inner.help;
        RenderError::Template(fault)
    }

    fn fault_in_spec(&self, located: &Located, detail: String, element: Option<String>) -> Box<Fault> {
        let toml = self.files.get(spec::FILE).map_or("", AsRef::as_ref);
        Box::new(Fault {
            pack: self.name.clone(),
            file: spec::FILE.to_owned(),
            line: Some(located.line),
            source_line: fault::line(toml, located.line),
            element,
            detail,
            ..Fault::default()
        })
    }
}

impl Job<'_> {
    /// `services[3]` (`db`), the name being what the element calls itself; nothing where there is one
    /// file only.
    fn element(&self) -> Option<String> {
        let each = self.entry.each.as_ref()?;
        let element = self.context.get_attr(&each.name).unwrap_or_default();
        let place = format!("`{}[{}]`", each.list.text, self.index);
        let own = ["id", "name", "metadata.name"]
            .into_iter()
            .filter_map(|path| at(&element, path).ok())
            .chain([element.clone()])
            .find_map(|value| value.as_str().map(ToOwned::to_owned));
        Some(match own {
            Some(own) => format!("{place} (`{own}`)"),
            None => place,
        })
    }
}

/// What is at a dotted path.
fn at(value: &Value, path: &str) -> Result<Value, minijinja::Error> {
    path.split('.').try_fold(value.clone(), |value, key| value.get_attr(key))
}

/// The list at a dotted path.
fn nested(context: &Value, path: &str) -> Result<impl Iterator<Item = Value> + use<>, ContextError> {
    let list = at(context, path).unwrap_or_default();
    if list.kind() != ValueKind::Seq {
        return Err(ContextError::NotAList);
    }
    list.try_iter().map_err(|error| ContextError::Invalid(error.to_string()))
}

fn invalid(error: &ContextError) -> RenderError {
    RenderError::Context { detail: error.to_string() }
}

/// What `work` makes of each item, in their order, on every core there is.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    /// For fewer, starting a thread takes longer than it saves.
    const WORTH_A_THREAD: usize = 64;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(items.len() / WORTH_A_THREAD);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    std::thread::scope(|scope| {
        let work = &work;
        let (own, others) = items.split_at(items.len().div_ceil(threads));
        let each = move |part: &[T]| part.iter().map(work).collect::<Vec<R>>();
        let started: Vec<_> = others.chunks(own.len()).map(|part| scope.spawn(move || each(part))).collect();
        // This thread has a share as well: what it had before and gave up is used again.
        let mut results = each(own);
        for thread in started {
            results.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    })
}

/// Under which name the template of a path is compiled; no file of a pack has it.
fn path_name(path: &Located) -> String {
    format!("{}:{}", spec::FILE, path.text)
}

/// LF, no byte order mark, one newline at the end.
fn normal(text: &str) -> String {
    let mut text = lf(text.trim_start_matches('\u{feff}'));
    text.truncate(text.trim_end_matches('\n').len());
    text.push('\n');
    text
}
