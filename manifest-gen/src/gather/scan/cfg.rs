//! Conditional compilation: which predicates hold for a crate.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use proc_macro2::{TokenStream, TokenTree};

use super::super::GatherError;
use super::super::cargo::Cargo;
use super::settings::Settings;
use super::tokens::{is_punct, split, text};

/// Whether something is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// Why that cannot be known.
    Unknown(String),
}

impl Verdict {
    /// Both hold.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (unknown @ Self::Unknown(_), _) | (_, unknown @ Self::Unknown(_)) => unknown,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }
}

/// What is the same for every crate: what rustc sets for the platform.
#[derive(Debug)]
pub(super) struct Platform {
    set: BTreeSet<(String, Option<String>)>,
    settings: Settings,
}

/// What differs from crate to crate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions<'a> {
    pub(super) platform: &'a Platform,
    pub(super) features: &'a BTreeSet<String>,
    /// Whether the package has a build script, which may set names of its own.
    pub(super) build_script: bool,
}

/// The names that rustc sets, or that cargo and the tools of Rust do. Other names come from flags and
/// from build scripts.
///
/// Source: The Rust Reference, "Conditional compilation"; rustc's list of well-known names.
const BUILT_IN: &[&str] = &[
    "clippy",
    "debug_assertions",
    "doc",
    "doctest",
    "fmt_debug",
    "miri",
    "overflow_checks",
    "panic",
    "proc_macro",
    "relocation_model",
    "rustfmt",
    "sanitize",
    "sanitizer_cfi_generalize_pointers",
    "sanitizer_cfi_normalize_integers",
    "target_abi",
    "target_arch",
    "target_endian",
    "target_env",
    "target_family",
    "target_feature",
    "target_has_atomic",
    "target_has_atomic_equal_alignment",
    "target_has_atomic_load_store",
    "target_os",
    "target_pointer_width",
    "target_thread_local",
    "target_vendor",
    "test",
    "ub_checks",
    "unix",
    "windows",
];

impl Platform {
    /// Asks rustc, with the flags that cargo would give it.
    pub(super) fn query(cargo: &Cargo, root: &Utf8Path) -> Result<Self, GatherError> {
        let settings = Settings::read(cargo, root);
        let mut arguments: Vec<OsString> = ["--print", "cfg"].map(Into::into).into();
        arguments.extend(flags());
        if let Some(target) = cargo.target.as_ref().or(settings.target.as_ref()) {
            arguments.extend(["--target".into(), target.into()]);
        }
        let mut set: BTreeSet<_> = rustc(cargo, &arguments)?
            .lines()
            .map(|line| match line.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.trim_matches('"').to_owned())),
                None => (line.to_owned(), None),
            })
            .collect();
        if settings.optimized {
            set.remove(&("debug_assertions".to_owned(), None));
        }
        Ok(Self { set, settings })
    }
}

/// What the compiler that cargo would run answers.
pub(super) fn rustc(cargo: &Cargo, arguments: &[OsString]) -> Result<String, GatherError> {
    let beside = cargo.program.with_file_name(format!("rustc{}", std::env::consts::EXE_SUFFIX));
    let beside = (cargo.program.is_absolute() && beside.is_file()).then(|| beside.into_os_string());
    let program = std::env::var_os("RUSTC").or(beside).unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(&program);
    command.current_dir(&cargo.dir).stdin(Stdio::null()).args(arguments);
    let output = Cargo { program: program.into(), ..cargo.clone() }.capture(command)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Flags from the environment; with them cargo ignores those of its configuration.
fn flags() -> Vec<OsString> {
    let variable = |name| std::env::var(name).ok();
    let split = |text: String, at: char| text.split(at).filter(|word| !word.is_empty()).map(OsString::from).collect();
    match (variable("CARGO_ENCODED_RUSTFLAGS"), variable("RUSTFLAGS")) {
        (Some(flags), _) => split(flags, '\u{1f}'),
        (None, Some(flags)) => split(flags, ' '),
        (None, None) => Vec::new(),
    }
}

impl Conditions<'_> {
    /// Evaluates what stands between the parentheses of `cfg(…)`.
    pub(super) fn evaluate(&self, predicate: TokenStream) -> Verdict {
        let tokens: Vec<TokenTree> = predicate.into_iter().collect();
        self.predicate(&tokens)
    }

    /// Evaluates one predicate.
    pub(super) fn predicate(&self, tokens: &[TokenTree]) -> Verdict {
        match tokens {
            [TokenTree::Ident(name)] => match name.to_string().as_str() {
                "true" => Verdict::Yes,
                "false" => Verdict::No,
                name => self.holds(name, None),
            },
            [TokenTree::Ident(name), equals, TokenTree::Literal(literal)] if is_punct(Some(equals), '=') => {
                match text(literal) {
                    Some(value) => self.holds(&name.to_string(), Some(value)),
                    None => unreadable(tokens),
                }
            }
            [TokenTree::Ident(operator), TokenTree::Group(group)] => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut each = split(&inner).into_iter().map(|predicate| self.predicate(predicate));
                match operator.to_string().as_str() {
                    "all" => each.fold(Verdict::Yes, Verdict::and),
                    "any" => each.fold(Verdict::No, |any, one| any.not().and(one.not()).not()),
                    "not" => each.next().map_or_else(|| unreadable(tokens), Verdict::not),
                    _ => unreadable(tokens),
                }
            }
            // `cfg(feature = "a",)`
            [rest @ .., comma] if is_punct(Some(comma), ',') => self.predicate(rest),
            _ => unreadable(tokens),
        }
    }

    fn holds(&self, name: &str, value: Option<String>) -> Verdict {
        let known = |yes| if yes { Verdict::Yes } else { Verdict::No };
        if name == "feature" {
            return known(value.is_some_and(|feature| self.features.contains(&feature)));
        }
        let shown = match &value {
            Some(value) => format!("`cfg({name} = \"{value}\")`"),
            None => format!("`cfg({name})`"),
        };
        let settings = &self.platform.settings;
        if settings.profile.contains(name) {
            return Verdict::Unknown(format!("a profile of cargo decides about {shown}"));
        }
        let set = self.platform.set.contains(&(name.to_owned(), value));
        if set {
            return Verdict::Yes;
        }
        let built_in = BUILT_IN.contains(&name);
        if settings.flags && (!built_in || name == "target_feature") {
            return Verdict::Unknown(format!("flags in cargo's configuration may set {shown}"));
        }
        if self.build_script && !built_in {
            return Verdict::Unknown(format!("its build script may set {shown}"));
        }
        Verdict::No
    }
}

fn unreadable(tokens: &[TokenTree]) -> Verdict {
    let tokens: TokenStream = tokens.iter().cloned().collect();
    Verdict::Unknown(format!("`cfg({tokens})` is not understood"))
}
