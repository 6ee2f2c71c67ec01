//! Writing JSON without serde, for the macros.
//!
//! The shape is the one serde reads and writes for the same types: camelCase keys, fields in the
//! order of their definition, nothing for what is empty. A test compares the two.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A value that has a JSON form.
pub trait ToJson {
    /// Appends the JSON form.
    fn write_json(&self, out: &mut String);

    /// Whether an optional field with this value is left out.
    fn is_absent(&self) -> bool {
        false
    }

    /// The JSON form.
    fn to_json(&self) -> String
    where
        Self: Sized,
    {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }
}

/// The fields of an object.
pub trait Fields {
    /// Appends the fields.
    fn write_fields(&self, object: &mut Object<'_>);
}

/// An object that is being written.
pub struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl Object<'_> {
    /// Appends a field that is always written; a name in `snake_case` is written in camelCase.
    pub fn required(&mut self, name: &str, value: &dyn ToJson) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        write_string(self.out, &camel(name));
        self.out.push(':');
        value.write_json(self.out);
    }

    /// Appends a field unless it is empty.
    pub fn optional(&mut self, name: &str, value: &dyn ToJson) {
        if !value.is_absent() {
            self.required(name, value);
        }
    }
}

/// Appends an object with these fields.
pub fn write_object(out: &mut String, fields: &dyn Fields) {
    out.push('{');
    fields.write_fields(&mut Object { out, empty: true });
    out.push('}');
}

/// Appends a JSON string (RFC 8259, section 7).
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

impl ToJson for String {
    fn write_json(&self, out: &mut String) {
        write_string(out, self);
    }
}

impl ToJson for bool {
    fn write_json(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }

    fn is_absent(&self) -> bool {
        !self
    }
}

macro_rules! number_to_json {
    ($($number:ty),*) => { $(
        impl ToJson for $number {
            fn write_json(&self, out: &mut String) {
                let _ = write!(out, "{self}");
            }
        }
    )* };
}
number_to_json!(u16, u32, u64);

impl<T: ToJson> ToJson for Option<T> {
    fn write_json(&self, out: &mut String) {
        match self {
            Some(value) => value.write_json(out),
            None => out.push_str("null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write_json(&self, out: &mut String) {
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.write_json(out);
        }
        out.push(']');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K: ToString, T: ToJson> ToJson for BTreeMap<K, T> {
    fn write_json(&self, out: &mut String) {
        out.push('{');
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_string(out, &key.to_string());
            out.push(':');
            value.write_json(out);
        }
        out.push('}');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
