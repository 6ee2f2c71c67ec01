//! What the path of an attribute means, across modules and crates.

use std::collections::BTreeMap;
use std::rc::Rc;

use orch_attributes::Attribute;

use super::names::{Crate, Scope, Target, Visibility};
use super::tokens::Path;

/// How many names are looked up for one path before it counts as unknown.
const MAX_STEPS: usize = 10_000;

/// Crates that can name each other.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) crates: Vec<Linked>,
}

/// A crate with the crates that it can name.
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) krate: Rc<Crate>,
    pub(super) externs: BTreeMap<String, Extern>,
}

/// What a crate's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extern {
    /// The crate that has the attributes.
    Runtime,
    /// A crate that depends on it.
    Crate(usize),
    /// Procedural macros of a package that depends on it.
    Macros(String),
    /// A crate that has nothing to do with it.
    Foreign,
}

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// One of the attributes.
    Orch(Attribute),
    /// The crate that has them, or a module of it.
    Runtime,
    /// A module, by its crate and its scope.
    Module(usize, usize),
    /// A procedural macro of this package, which depends on orch.
    Macro(String),
    /// Something else.
    Foreign,
    /// Nothing of that name.
    Nothing,
    /// Why that cannot be known.
    Unknown(String),
}

/// A module and an attribute may have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Types,
    Macros,
}

impl World {
    /// What a path means where it stands.
    pub(super) fn resolve(&self, krate: usize, scope: usize, path: &Path, namespace: Namespace) -> Found {
        Query { world: self, open: Vec::new(), steps: 0 }.path(krate, scope, path, namespace)
    }
}

/// A module that asks for a name, which decides what it sees.
type Asker = (usize, usize);

struct Query<'a> {
    world: &'a World,
    /// What is being looked up, since imports may go in circles.
    open: Vec<(usize, usize, String, Namespace)>,
    steps: usize,
}

impl<'a> Query<'a> {
    fn scope(&self, krate: usize, scope: usize) -> &'a Scope {
        &self.world.crates[krate].krate.scopes[scope]
    }

    fn path(&mut self, krate: usize, scope: usize, path: &Path, namespace: Namespace) -> Found {
        let module = self.scope(krate, scope).module;
        let Some((first, rest)) = path.segments.split_first() else {
            return if path.global { Found::Nothing } else { Found::Module(krate, module) };
        };
        let of = |rest: &[String]| if rest.is_empty() { namespace } else { Namespace::Types };
        let mut found = match (path.global, first.as_str()) {
            (true, name) => self.external(krate, name),
            (false, "crate") => Found::Module(krate, 0),
            (false, "self") => Found::Module(krate, module),
            (false, "super") => self.above(krate, module),
            (false, name) => self.lexical(krate, scope, name, of(rest)),
        };
        for (index, name) in rest.iter().enumerate() {
            found = match found {
                Found::Module(krate, module) if name == "super" => self.above(krate, module),
                found => self.member((krate, module), found, name, of(&rest[index + 1..])),
            };
        }
        found
    }

    fn above(&self, krate: usize, module: usize) -> Found {
        self.scope(krate, module).above.map_or(Found::Nothing, |above| Found::Module(krate, above))
    }

    /// A crate by its name.
    fn external(&self, krate: usize, name: &str) -> Found {
        let linked = &self.world.crates[krate];
        if let Some(external) = linked.externs.get(name) {
            return match external {
                Extern::Runtime => Found::Runtime,
                Extern::Crate(index) => Found::Module(*index, 0),
                Extern::Macros(package) => Found::Macro(package.clone()),
                Extern::Foreign => Found::Foreign,
            };
        }
        let alias = linked.krate.externs.iter().find(|(alias, krate)| alias == name && krate != name);
        match (alias, name) {
            (Some((_, of)), _) if of == "self" => Found::Module(krate, 0),
            (Some((_, of)), _) => self.external(krate, of),
            (None, "std" | "core" | "alloc" | "proc_macro" | "test") => Found::Foreign,
            (None, _) => Found::Nothing,
        }
    }

    /// A name as it is understood in a scope, from the inside to the outside.
    fn lexical(&mut self, krate: usize, scope: usize, name: &str, namespace: Namespace) -> Found {
        let (mut unknown, mut next) = (Found::Nothing, Some(scope));
        while let Some(scope) = next {
            let asker = (krate, self.scope(krate, scope).module);
            match self.lookup(asker, krate, scope, name, namespace) {
                Found::Nothing => {}
                found @ Found::Unknown(_) => unknown = found,
                found => return found,
            }
            next = self.scope(krate, scope).around;
        }
        let outside = match namespace {
            Namespace::Types => self.external(krate, name),
            Namespace::Macros => self.macro_use(krate, name),
        };
        if outside == Found::Nothing { unknown } else { outside }
    }

    /// A macro of a crate whose macros are known everywhere.
    fn macro_use(&mut self, krate: usize, name: &str) -> Found {
        let crates = Rc::clone(&self.world.crates[krate].krate);
        for from in &crates.macro_use {
            let from = self.external(krate, from);
            match self.member((krate, 0), from, name, Namespace::Macros) {
                Found::Foreign | Found::Nothing => {}
                found => return found,
            }
        }
        Found::Nothing
    }

    /// A name in what was found for the path before it.
    fn member(&mut self, asker: Asker, within: Found, name: &str, namespace: Namespace) -> Found {
        match (within, namespace) {
            (Found::Module(krate, scope), _) => self.lookup(asker, krate, scope, name, namespace),
            (Found::Runtime, Namespace::Types) => Found::Runtime,
            (Found::Runtime, Namespace::Macros) => Attribute::find(name).map_or(Found::Foreign, Found::Orch),
            (Found::Orch(_), _) => Found::Foreign,
            (within, _) => within,
        }
    }

    /// A name in one scope.
    fn lookup(&mut self, asker: Asker, krate: usize, scope: usize, name: &str, namespace: Namespace) -> Found {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Found::Unknown("its imports are too many to follow".to_owned());
        }
        let key = (krate, scope, name.to_owned(), namespace);
        if self.open.contains(&key) {
            return Found::Nothing;
        }
        self.open.push(key);
        let found = self.look(asker, krate, scope, name, namespace);
        self.open.pop();
        found
    }

    fn look(&mut self, asker: Asker, krate: usize, scope: usize, name: &str, namespace: Namespace) -> Found {
        let here = self.scope(krate, scope);
        let mut unknown = Found::Nothing;
        for binding in here.names.get(name).into_iter().flatten() {
            if !self.sees(asker, krate, here.module, binding.visibility) {
                continue;
            }
            let found = match (&binding.target, namespace) {
                (Target::Import(path), _) => self.path(krate, scope, path, namespace),
                (Target::Module(module), Namespace::Types) => Found::Module(krate, *module),
                (Target::Crate(name), Namespace::Types) if name == "self" => Found::Module(krate, 0),
                (Target::Crate(name), Namespace::Types) => self.external(krate, name),
                (Target::Type, Namespace::Types) => Found::Foreign,
                (_, Namespace::Macros) => Found::Nothing,
            };
            match found {
                Found::Nothing => {}
                found @ Found::Unknown(_) => unknown = found,
                found => return found,
            }
        }
        for (path, visibility) in &here.globs {
            if !self.sees(asker, krate, here.module, *visibility) {
                continue;
            }
            match self.glob((krate, here.module), krate, scope, path, name, namespace) {
                Found::Nothing => {}
                found @ Found::Unknown(_) => unknown = found,
                found => return found,
            }
        }
        match (&here.open, unknown) {
            (Some(name), Found::Nothing) => Found::Unknown(format!("the macro `{name}` may bring the name in")),
            (_, unknown) => unknown,
        }
    }

    /// A name among all those of a module.
    fn glob(
        &mut self,
        asker: Asker,
        krate: usize,
        scope: usize,
        path: &Path,
        name: &str,
        namespace: Namespace,
    ) -> Found {
        match (self.path(krate, scope, path, Namespace::Types), namespace) {
            (Found::Foreign, _) | (Found::Runtime, Namespace::Types) => Found::Nothing,
            (Found::Runtime, Namespace::Macros) => Attribute::find(name).map_or(Found::Nothing, Found::Orch),
            (Found::Nothing, _) => Found::Unknown(format!("it is not known what `use {path}::*` brings in")),
            (found @ Found::Module(..), _) => match self.member(asker, found, name, namespace) {
                Found::Foreign if namespace == Namespace::Macros => Found::Nothing,
                found => found,
            },
            (found, _) => found,
        }
    }

    /// Whether a name in a module is visible to who asks.
    fn sees(&self, (krate, from): Asker, of: usize, module: usize, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Crate => krate == of,
            Visibility::Private => {
                let mut next = (krate == of).then_some(from);
                while let Some(at) = next {
                    if at == module {
                        return true;
                    }
                    next = self.scope(krate, at).above;
                }
                false
            }
        }
    }
}
