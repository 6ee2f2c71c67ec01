//! What templates are given, taken from a value without making all of it theirs at once.
//!
//! A view of ten thousand services is large, and as values of the engine several times as large. A
//! list that only files are made of, one for each element, is therefore left out of what all
//! templates see, and read a part at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use minijinja::Value;
use minijinja::value::{Serde, ValueKind};
use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

/// Why a context cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ContextError {
    /// What is asked for is no list, or is not there.
    NotAList,
    /// The value cannot be serialised, or is neither a struct nor a map.
    Invalid(String),
}

/// Everything but some lists.
pub(crate) fn without(context: &impl Serialize, lists: &BTreeSet<String>) -> Result<Value, ContextError> {
    let mut kept = BTreeMap::new();
    context.serialize(Fields { name: None, visit: Keep { lists, kept: &mut kept } })?;
    Ok(Value::from(kept))
}

/// The elements of one list, those in `range` that there are.
pub(crate) fn elements(context: &impl Serialize, list: &str, range: Range<usize>) -> Result<Vec<Value>, ContextError> {
    let (mut found, mut is_there) = (Vec::new(), false);
    let visit = Elements { list, range, found: &mut found, is_there: &mut is_there };
    context.serialize(Fields { name: None, visit })?;
    if is_there { Ok(found) } else { Err(ContextError::NotAList) }
}

fn value(value: &(impl Serialize + ?Sized)) -> Result<Value, ContextError> {
    let value = Value::from(Serde(value));
    match value.kind() {
        ValueKind::Invalid => Err(ContextError::Invalid(value.to_string())),
        _ => Ok(value),
    }
}

/// What is done with each field of a context.
trait Visit {
    fn field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), ContextError>;
}

struct Keep<'a> {
    lists: &'a BTreeSet<String>,
    kept: &'a mut BTreeMap<String, Value>,
}

impl Visit for Keep<'_> {
    fn field(&mut self, name: &str, field: &(impl Serialize + ?Sized)) -> Result<(), ContextError> {
        if !self.lists.contains(name) {
            self.kept.insert(name.to_owned(), value(field)?);
        }
        Ok(())
    }
}

struct Elements<'a> {
    list: &'a str,
    range: Range<usize>,
    found: &'a mut Vec<Value>,
    is_there: &'a mut bool,
}

impl Visit for Elements<'_> {
    fn field(&mut self, name: &str, field: &(impl Serialize + ?Sized)) -> Result<(), ContextError> {
        if name != self.list {
            return Ok(());
        }
        *self.is_there = true;
        field.serialize(List { index: 0, range: self.range.clone(), found: self.found })
    }
}

/// The fields of a struct or a map.
struct Fields<V> {
    /// The key of the value that comes next, in a map.
    name: Option<String>,
    visit: V,
}

/// The elements of a list.
struct List<'a> {
    index: usize,
    range: Range<usize>,
    found: &'a mut Vec<Value>,
}

impl std::error::Error for ContextError {}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAList => f.write_str("it is no list"),
            Self::Invalid(detail) => f.write_str(detail),
        }
    }
}

impl serde::ser::Error for ContextError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Invalid(message.to_string())
    }
}

/// The methods for what a serializer does not take.
macro_rules! refuse {
    ($error:expr; $($method:ident($($type:ty),*)),* $(,)?) => {
        $(fn $method(self, $(_: $type),*) -> Result<Self::Ok, ContextError> { Err($error) })*
    };
}

/// Everything but the shapes that `Fields` and `List` are about.
macro_rules! refuse_scalars {
    ($error:expr) => {
        refuse! { $error;
            serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
            serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
            serialize_f32(f32), serialize_f64(f64), serialize_char(char), serialize_str(&str),
            serialize_bytes(&[u8]), serialize_none(), serialize_unit_struct(&'static str),
            serialize_unit_variant(&'static str, u32, &'static str),
        }

        type Ok = ();
        type Error = ContextError;
        type SerializeTuple = Impossible<(), ContextError>;
        type SerializeTupleStruct = Impossible<(), ContextError>;
        type SerializeTupleVariant = Impossible<(), ContextError>;
        type SerializeStructVariant = Impossible<(), ContextError>;

        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ContextError> {
            value.serialize(self)
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            value: &T,
        ) -> Result<(), ContextError> {
            value.serialize(self)
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), ContextError> {
            Err($error)
        }

        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, ContextError> {
            Err($error)
        }

        fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, ContextError> {
            Err($error)
        }

        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, ContextError> {
            Err($error)
        }

        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, ContextError> {
            Err($error)
        }
    };
}

fn shapeless() -> ContextError {
    ContextError::Invalid("a context is a struct or a map".to_owned())
}

impl<V: Visit> Serializer for Fields<V> {
    refuse_scalars!(shapeless());

    fn serialize_unit(self) -> Result<(), ContextError> {
        Ok(())
    }

    type SerializeSeq = Impossible<(), ContextError>;
    type SerializeMap = Self;
    type SerializeStruct = Self;

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, ContextError> {
        Err(shapeless())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, ContextError> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, ContextError> {
        Ok(self)
    }
}

impl<V: Visit> SerializeStruct for Fields<V> {
    type Ok = ();
    type Error = ContextError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), ContextError> {
        self.visit.field(name, value)
    }

    fn end(self) -> Result<(), ContextError> {
        Ok(())
    }
}

impl<V: Visit> SerializeMap for Fields<V> {
    type Ok = ();
    type Error = ContextError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ContextError> {
        self.name = Some(value(key)?.to_string());
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ContextError> {
        let name = self.name.take().unwrap_or_default();
        self.visit.field(&name, value)
    }

    fn end(self) -> Result<(), ContextError> {
        Ok(())
    }
}

impl<'a> Serializer for List<'a> {
    refuse_scalars!(ContextError::NotAList);

    fn serialize_unit(self) -> Result<(), ContextError> {
        Err(ContextError::NotAList)
    }

    type SerializeSeq = List<'a>;
    type SerializeMap = Impossible<(), ContextError>;
    type SerializeStruct = Impossible<(), ContextError>;

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, ContextError> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, ContextError> {
        Err(ContextError::NotAList)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, ContextError> {
        Err(ContextError::NotAList)
    }
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = ContextError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), ContextError> {
        if self.range.contains(&self.index) {
            self.found.push(value(element)?);
        }
        self.index += 1;
        Ok(())
    }

    fn end(self) -> Result<(), ContextError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{ContextError, elements, without};

    #[derive(serde::Serialize)]
    struct View {
        banner: &'static str,
        services: Option<Vec<u8>>,
    }

    #[test]
    fn a_list_is_left_out_and_read_in_parts() {
        let view = View { banner: "hello", services: Some(vec![1, 2, 3]) };
        let shared = without(&view, &BTreeSet::from(["services".to_owned()])).unwrap();
        assert_eq!(serde_json::to_value(&shared).unwrap(), json!({ "banner": "hello" }));
        let part = |range| {
            let found = elements(&view, "services", range).unwrap();
            found.iter().map(|value| i64::try_from(value.clone()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!((part(0..2), part(2..4), part(4..6)), (vec![1, 2], vec![3], vec![]));
    }

    #[test]
    fn a_map_is_read_like_a_struct() {
        let view = json!({ "a": [1], "b": { "c": true } });
        assert_eq!(elements(&view, "a", 0..9).unwrap().len(), 1);
        assert_eq!(elements(&view, "b", 0..9).unwrap_err(), ContextError::NotAList);
        assert_eq!(elements(&view, "absent", 0..9).unwrap_err(), ContextError::NotAList);
        let shared = without(&view, &BTreeSet::from(["a".to_owned()])).unwrap();
        assert_eq!(serde_json::to_value(&shared).unwrap(), json!({ "b": { "c": true } }));
    }

    #[test]
    fn what_has_no_fields_is_no_context() {
        for view in [json!(1), json!("text"), json!([1])] {
            assert!(matches!(without(&view, &BTreeSet::new()), Err(ContextError::Invalid(_))), "{view}");
        }
    }
}
