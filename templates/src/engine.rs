//! The template environment of one format.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, filters};

use crate::emit;
use crate::format::Format;

/// An environment without templates, whose `{{ value }}` writes `format`.
///
/// Each format has an environment of its own: a template cannot leave the
/// format by `{% autoescape %}`, since the formatter does not ask for that mode.
pub(crate) fn environment(format: Format) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Errors then know the expression and its place in the line.
    env.set_debug(true);
    env.set_syntax(syntax(format));
    env.set_auto_escape_callback(move |_| match format {
        Format::Text | Format::Verbatim => AutoEscape::None,
        Format::Yaml | Format::Json | Format::Toml => AutoEscape::Custom(format.name().into()),
    });
    env.set_formatter(move |out, _state, value| emit::write(format, out, value));
    if !matches!(format, Format::Text | Format::Verbatim) {
        seal(&mut env);
    }
    if format == Format::Yaml {
        env.add_filter("block", emit::block);
    }
    if format != Format::Json {
        env.add_filter("comment", emit::comment);
    }
    env
}

/// Tags on lines of their own leave nothing behind. The last newline of a template counts, unless the
/// text is somebody else's: then it is only the line end that an editor put there.
fn syntax(format: Format) -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(format != Format::Verbatim)
        .build()
        .unwrap_or_default()
}

/// Takes away every way to write a value as it is.
fn seal(env: &mut Environment<'static>) {
    for name in ["safe", "escape", "e", "tojson"] {
        env.remove_filter(name);
    }
    for (name, filter) in string_filters() {
        env.add_filter(name, emit::values_only(name, filter));
    }
}

/// The built-in filters that make strings out of strings.
///
/// `indent` is not among them: it puts spaces after line breaks, and no
/// emitted value has one.
fn string_filters() -> [(&'static str, Value); 18] {
    [
        ("upper", Value::from_function(filters::upper)),
        ("lower", Value::from_function(filters::lower)),
        ("title", Value::from_function(filters::title)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("replace", Value::from_function(filters::replace)),
        ("reverse", Value::from_function(filters::reverse)),
        ("trim", Value::from_function(filters::trim)),
        ("join", Value::from_function(filters::join)),
        ("split", Value::from_function(filters::split)),
        ("lines", Value::from_function(filters::lines)),
        ("list", Value::from_function(filters::list)),
        ("string", Value::from_function(filters::string)),
        ("first", Value::from_function(filters::first)),
        ("last", Value::from_function(filters::last)),
        ("batch", Value::from_function(filters::batch)),
        ("slice", Value::from_function(filters::slice)),
        ("format", Value::from_function(filters::format)),
        ("sort", Value::from_function(filters::sort)),
    ]
}
