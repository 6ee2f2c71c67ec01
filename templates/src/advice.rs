//! What to write instead, where a template fails on a name.

use minijinja::{Environment, Error, ErrorKind, Value};

use crate::engine::Callable;
use crate::error::listed;
use crate::fault::{self, Fault};
use crate::load::Files;
use crate::meant::{self, Undefined};
use crate::nearest;

/// What minijinja says about `file`, with what to write instead.
pub(crate) fn with(
    files: &Files,
    environment: &Environment<'_>,
    file: &str,
    pack: &str,
    error: &Error,
    context: &Value,
) -> Fault {
    let mut fault = Fault::from_minijinja(pack, file, error);
    let source = files.get(&fault.file).map_or("", AsRef::as_ref);
    fault.source_line = fault.source_line.or_else(|| fault::line(source, fault.line?));
    let help = match fault::innermost(error).kind() {
        ErrorKind::UnknownFilter => unknown(&fault, &Callable::Filter.names(environment), "filters"),
        ErrorKind::UnknownTest => unknown(&fault, &Callable::Test.names(environment), "tests"),
        ErrorKind::UnknownFunction => {
            let macros = files.values().flat_map(|text| meant::macros(text));
            let names: Vec<&str> = Callable::Function.names(environment).into_iter().chain(macros).collect();
            unknown(&fault, &names, "functions and macros")
        }
        ErrorKind::UnknownMethod => Some(method(&fault.detail, &Callable::Filter.names(environment))),
        _ => undefined(&fault, source, context),
    };
    fault.help = fault.help.or(help);
    fault
}

/// About the name in "there is no filter `name`".
fn unknown(fault: &Fault, names: &[&str], what: &str) -> Option<String> {
    let name = fault.detail.split('`').nth(1)?;
    Some(match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the {what} are {}", listed(names)),
    })
}

/// About "string has no method named split".
fn method(detail: &str, filters: &[&str]) -> String {
    let name = detail.rsplit(' ').next().unwrap_or_default();
    match nearest(name, filters.iter().copied()) {
        Some(near) => format!("values have no methods; is the filter meant, `value | {near}`?"),
        None => format!("values have no methods; the filters are {}", listed(filters)),
    }
}

/// About an expression that is undefined, or a value of which nothing else is known.
fn undefined(fault: &Fault, source: &str, context: &Value) -> Option<String> {
    if fault.detail == ErrorKind::UndefinedError.to_string() {
        return Some(
            "an argument that a macro is not given is undefined: give it, or write `{% macro name(argument=\"\") %}`"
                .to_owned(),
        );
    }
    let expression = fault.expression.as_deref().filter(|_| fault.detail.contains("` is undefined"))?;
    let start: usize = source.split_inclusive('\n').take(fault.line?.saturating_sub(1)).map(str::len).sum();
    let line = source[start..].lines().next().unwrap_or_default();
    let end = start + line.find(expression).unwrap_or(line.len());
    let meant = Undefined { expression, before: &source[..end], context }.meant()?;
    Some(format!("did you mean `{meant}`?"))
}
