//! From what a crate's sources say to what it declares.

use std::collections::BTreeSet;

use orch_attributes::Attribute;
use orch_manifest::fragment::{self, Declaration, Fragment, FragmentError};
use orch_manifest::grammar::Problem;
use proc_macro2::Span;

use super::names::{Candidate, Crate, Doubt, Form, Spot, Target};
use super::resolve::{Found, Namespace, World};

/// What one crate declares.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// As rustc would have written it.
    pub(super) fragments: Vec<Fragment>,
    pub(super) doubts: Vec<Doubt>,
    pub(super) problems: Vec<(Spot, Problem<Span>)>,
}

/// Reads what the crate with this number declares.
pub(super) fn read(world: &World, krate: usize, aliases: &BTreeSet<String>) -> Result<Declared, FragmentError> {
    let mut declared = Declared::default();
    let mut names = Vec::new();
    let source = &world.crates[krate].krate;
    for candidate in &source.candidates {
        match meaning(world, krate, candidate, aliases) {
            Meaning::Orch(attribute) => {
                let module = &source.scopes[candidate.scope].path;
                if let Some(fragment) = declare(attribute, candidate, &mut declared.problems) {
                    names.extend(fragment.encode().into_iter().map(|name| name + module));
                }
            }
            Meaning::Doubt(why) => declared.doubts.push(Doubt { spot: candidate.spot.clone(), why }),
            Meaning::Other => {}
        }
    }
    declared.doubts.extend(source.doubts.iter().cloned());
    // The way of the compiled ones, so that both come out the same and in the same order.
    declared.fragments = fragment::decode(names.iter().map(String::as_str))?;
    Ok(declared)
}

/// The names under which the crates import attributes of orch, other than their own.
pub(super) fn aliases<'a>(crates: impl Iterator<Item = &'a Crate>) -> BTreeSet<String> {
    let names = crates.flat_map(|krate| &krate.scopes).flat_map(|scope| &scope.names);
    let renamed = names.filter(|(name, bindings)| {
        let of = |target: &Target| matches!(target, Target::Import(path) if Attribute::find(path.last()).is_some() && path.last() != *name);
        bindings.iter().any(|binding| of(&binding.target))
    });
    renamed.map(|(name, _)| name.clone()).collect()
}

enum Meaning {
    /// It is one of orch's, and it takes effect.
    Orch(Attribute),
    /// Why it cannot be known.
    Doubt(String),
    /// It is none of orch's.
    Other,
}

fn meaning(world: &World, krate: usize, candidate: &Candidate, aliases: &BTreeSet<String>) -> Meaning {
    let path = &candidate.path;
    let looks_like_one = Attribute::find(path.last()).is_some() || aliases.contains(path.last());
    let (namespace, shown) = match candidate.form {
        Form::Mention { module: true } => (Namespace::Types, format!("`{path}`")),
        Form::Mention { module: false } if !looks_like_one => return Meaning::Other,
        Form::Mention { module: false } => (Namespace::Macros, format!("`{path}`")),
        Form::Attribute { .. } | Form::Hidden => (Namespace::Macros, format!("`#[{path}]`")),
    };
    let is_mention = matches!(candidate.form, Form::Mention { .. });
    let doubt = |why: &str| Meaning::Doubt(format!("{shown}: {why}"));
    match (world.resolve(krate, candidate.scope, path, namespace), &candidate.doubt) {
        (Found::Orch(attribute), None) if matches!(candidate.form, Form::Attribute { .. }) => Meaning::Orch(attribute),
        (Found::Orch(_), why) => doubt(why.as_deref().unwrap_or("it stands where none is expected")),
        (Found::Runtime, Some(why)) if is_mention => doubt(why),
        _ if is_mention => Meaning::Other,
        (Found::Macro(package), _) => {
            doubt(&format!("the procedural macros of `{package}` may write attributes of orch"))
        }
        (Found::Unknown(why), _) if looks_like_one => doubt(&why),
        (Found::Nothing, Some(why)) if looks_like_one => doubt(why),
        // One name alone that nothing imports belongs to a `derive`.
        (Found::Nothing, None) if looks_like_one && path.segments.len() > 1 => doubt("it is not known what that is"),
        _ => Meaning::Other,
    }
}

/// What the attribute declares; nothing when something is wrong with it.
fn declare(attribute: Attribute, candidate: &Candidate, problems: &mut Vec<(Spot, Problem<Span>)>) -> Option<Fragment> {
    let Form::Attribute { args, span, item, place } = &candidate.form else { return None };
    let mut found: Vec<Problem<Span>> = Vec::new();
    if let Some((message, help)) = place.problem() {
        found.push(Problem::new(*span, message).help(help));
    }
    let declaration: Option<Declaration> = attribute.read(args.clone(), item, *span, &mut found);
    let is_right = found.is_empty();
    problems.extend(found.into_iter().map(|problem| {
        // What is missing at the end has no place of its own.
        let span = if problem.span.byte_range().is_empty() { *span } else { problem.span };
        (Spot::new(&candidate.spot.file, span), problem)
    }));
    let Spot { file, line, column } = &candidate.spot;
    let fragment = |declaration| Fragment {
        item: item.clone(),
        file: file.to_string(),
        line: *line,
        column: *column,
        declaration,
        module: None,
    };
    declaration.filter(|_| is_right).map(fragment)
}
