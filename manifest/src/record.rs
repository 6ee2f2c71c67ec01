//! One definition for a type of the vocabulary; its JSON writer, its serde and its schema follow.
//!
//! A macro crate cannot afford serde in its tree, so what it writes is produced by [`ToJson`]; the
//! tool reads the same shape through serde. Both come from one list of fields.
//!
//! [`ToJson`]: crate::json::ToJson

/// A struct whose optional fields are left out of JSON when they are empty.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            required { $( $(#[$rmeta:meta])* $req:ident : $rty:ty, )* }
            optional { $( $(#[$ometa:meta])* $opt:ident : $oty:ty, )* }
            $( flatten { $(#[$fmeta:meta])* $flat:ident : $fty:ty } )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            $( $(#[$rmeta])* pub $req: $rty, )*
            $(
                $(#[$ometa])*
                #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::json::ToJson::is_absent"))]
                pub $opt: $oty,
            )*
            $(
                $(#[$fmeta])*
                #[cfg_attr(feature = "serde", serde(flatten))]
                pub $flat: $fty,
            )?
        }

        impl crate::json::Fields for $name {
            fn write_fields(&self, object: &mut crate::json::Object<'_>) {
                $( object.required(stringify!($req), &self.$req); )*
                $( object.optional(stringify!($opt), &self.$opt); )*
                $( crate::json::Fields::write_fields(&self.$flat, object); )?
            }
        }

        impl crate::json::ToJson for $name {
            fn write_json(&self, out: &mut String) {
                crate::json::write_object(out, self);
            }
        }
    };
}

/// A closed set of words.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $name:ident : $what:literal {
            $( $(#[$vmeta:meta])* $variant:ident = $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $( $(#[$vmeta])* #[cfg_attr(feature = "serde", serde(rename = $text))] $variant, )*
        }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const WORDS: &'static [&'static str] = &[$($text),*];

            /// The word as it is written in attributes and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }

        impl crate::FromText for $name {
            const WHAT: &'static str = $what;

            fn from_text(text: &str) -> Result<Self, crate::Invalid> {
                match text {
                    $( $text => Ok(Self::$variant), )*
                    _ => Err(crate::nearest::not_one_of(text, Self::WHAT, Self::WORDS)),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::json::ToJson for $name {
            fn write_json(&self, out: &mut String) {
                crate::json::write_string(out, self.as_str());
            }
        }
    };
}

/// A type that is one validated text, in memory and in JSON.
///
/// `$name::check` says whether a text is one; the type is written next to the invocation. The pattern
/// is for the JSON Schema: every text that is one matches it, and most that are not do not.
macro_rules! text_type {
    ( $(#[$meta:meta])* pub struct $name:ident : $what:literal $( => $pattern:literal )? ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
        $( #[cfg_attr(feature = "schema", schemars(extend("pattern" = $pattern)))] )?
        pub struct $name(String);

        impl $name {
            /// Reads the text.
            pub fn parse(text: &str) -> Result<Self, crate::Invalid> {
                Self::check(text)?;
                Ok(Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_impls!($name, $what);
    };
}

/// What every type that reads from and prints as one text has in common.
macro_rules! text_impls {
    ($name:ident, $what:literal) => {
        impl crate::FromText for $name {
            const WHAT: &'static str = $what;

            fn from_text(text: &str) -> Result<Self, crate::Invalid> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Invalid;

            fn from_str(text: &str) -> Result<Self, crate::Invalid> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::Invalid;

            fn try_from(text: String) -> Result<Self, crate::Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.write_text(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "`{self}`")
            }
        }

        impl crate::json::ToJson for $name {
            fn write_json(&self, out: &mut String) {
                crate::json::write_string(out, &self.to_string());
            }
        }
    };
}

/// How a [`text_type!`] prints: as it is.
macro_rules! prints_as_text {
    ($($name:ident),*) => { $(
        impl $name {
            fn write_text(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}
