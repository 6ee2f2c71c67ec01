//! What the tokens of a template stand for.

use std::collections::BTreeMap;

use orch_manifest::manifest::{DeclaredBy, Manifest};
use orch_manifest::model::{Connection, Deployment, Workload};
use orch_manifest::value::{Fact, Part, SecretRef, Token};
use orch_manifest::{EnvName, Id, Port, PortName, SecretName, Template, Value};

use super::tenants;
use super::topology::Topology;
use super::{Piece, Profile, Text};
use crate::catalog::{Entry, Known, Login};

/// What everything is resolved against.
pub struct Context<'a> {
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The profile.
    pub profile: &'a Profile,
    /// The edges.
    pub topology: &'a Topology,
    /// What is known about the images.
    pub known: &'a Known,
    /// Who is reached somewhere else than under its own name.
    pub places: &'a Places,
}

/// Where things are that are not reached under their own names, such as what runs in containers as a
/// process on the host sees it.
pub type Places = BTreeMap<Id, Place>;

/// Where something is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host.
    pub host: String,
    /// The port there for each of its own.
    pub ports: BTreeMap<Port, Port>,
}

/// From where a template is looked at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Who declares the template: `{host}` is its host.
    pub owner: &'a Id,
    /// Who is given the value: `{app}` is its id.
    pub reader: &'a Id,
}

/// Why a value cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// It names something that is wanted and not there.
    Absent,
    /// Something in it is not known.
    Unknown {
        /// What, as a fragment of a sentence.
        problem: String,
        /// What to write instead.
        help: String,
    },
}

impl Unresolved {
    fn unknown(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Unknown { problem: problem.into(), help: help.into() }
    }
}

/// What is known about a service or an application.
struct Subject<'a> {
    id: &'a Id,
    workload: &'a Workload,
    deployment: Deployment,
    connection: Option<&'a Connection>,
    known: Option<&'a Entry>,
    is_app: bool,
    place: Option<&'a Place>,
}

/// How deep values may name each other.
const DEPTH: usize = 8;

impl<'a> Context<'a> {
    /// Resolves a value of a workload.
    pub fn value(&self, value: &Value, view: View<'_>) -> Result<Text, Unresolved> {
        self.value_at(value, view, 0)
    }

    /// Resolves a template.
    pub fn template(&self, template: &Template, view: View<'_>) -> Result<Text, Unresolved> {
        self.template_at(template, view, 0)
    }

    /// The number under which a port is reached.
    pub fn reached(&self, id: &Id, port: Port) -> Port {
        self.places.get(id).and_then(|place| place.ports.get(&port)).copied().unwrap_or(port)
    }

    /// The declared workload of this id with its place.
    pub fn declared(&self, id: &Id) -> Option<(&'a Workload, &'a DeclaredBy)> {
        let app = self.manifest.app(id).map(|entry| (&entry.app.workload, &entry.declared_by));
        app.or_else(|| self.manifest.service(id).map(|entry| (&entry.service.workload, &entry.declared_by)))
    }

    fn value_at(&self, value: &Value, view: View<'_>, depth: usize) -> Result<Text, Unresolved> {
        Ok(match value {
            Value::Text(text) => Text::literal(text),
            Value::Secret(SecretRef { secret, key }) => {
                Text::piece(Piece::Secret { name: secret.clone(), key: key.clone(), in_url: false })
            }
            Value::Var(var) => Text::piece(Piece::Variable { name: var.var.clone(), default: var.default.clone() }),
            Value::Template(value) => self.template_at(&value.template, view, depth)?,
        })
    }

    fn template_at(&self, template: &Template, view: View<'_>, depth: usize) -> Result<Text, Unresolved> {
        if depth > DEPTH {
            return Err(Unresolved::unknown("values name each other in a circle", "write one of them out"));
        }
        let mut text = Text::default();
        for part in template.parts() {
            match part {
                Part::Text(literal) => text.push(Piece::Literal(literal)),
                Part::Token(token) => text.append(&self.token(&token, view, depth)?),
            }
        }
        text.mark_urls();
        Ok(text)
    }

    fn token(&self, token: &Token, view: View<'_>, depth: usize) -> Result<Text, Unresolved> {
        match token {
            Token::App => Ok(Text::literal(view.reader.as_str())),
            Token::System => Ok(Text::literal(self.manifest.system.as_str())),
            Token::Profile => Ok(Text::literal(self.profile.as_str())),
            Token::Secret(name) => {
                let name = match self.tenant(view) {
                    Some(app) => tenants::secret(name, app)
                        .map_err(|invalid| Unresolved::unknown(invalid.problem, "give the secret a shorter name"))?,
                    None => name.clone(),
                };
                Ok(Text::piece(Piece::Secret { name, key: None, in_url: false }))
            }
            Token::Env(name) => self.env(name, view, depth),
            Token::Own(Fact::User | Fact::Database) if self.tenant(view).is_some() => {
                Ok(Text::literal(tenants::name(view.reader)))
            }
            Token::Own(Fact::Password) if let Some(app) = self.tenant(view) => {
                let text = self.subject(view.owner)?.password(self, depth)?;
                tenants::password(&text, app)
                    .map_err(|invalid| Unresolved::unknown(invalid.problem, "give the secret a shorter name"))
            }
            Token::Own(fact) => self.subject(view.owner)?.fact(fact, self, depth),
            Token::Of(id, fact) => {
                let absent = |who: &Id| self.topology.absent.get(who).is_some_and(|ids| ids.contains(id));
                if absent(view.owner) || absent(view.reader) {
                    return Err(Unresolved::Absent);
                }
                if id != view.owner && ![view.owner, view.reader].iter().any(|who| self.topology.knows(who, id)) {
                    return Err(Unresolved::unknown(
                        format!("`{token}`: `{}` does not use `{id}`", view.owner),
                        format!("write `consumes = [\"{id}\"]`, or `wants` where it may be absent"),
                    ));
                }
                self.subject(id)?.fact(fact, self, depth)
            }
        }
    }

    /// A fact about the view's owner.
    pub fn fact(&self, fact: &Fact, view: View<'_>) -> Result<Text, Unresolved> {
        self.token(&Token::Own(fact.clone()), view, 0)
    }

    /// The application that has something of its own in the service it looks at.
    fn tenant<'b>(&self, view: View<'b>) -> Option<&'b Id> {
        let service = &self.manifest.service(view.owner)?.service;
        // With schemas the applications share a database; only the role is their own.
        (service.tenants.is_some() && self.manifest.app(view.reader).is_some()).then_some(view.reader)
    }

    fn env(&self, name: &EnvName, view: View<'_>, depth: usize) -> Result<Text, Unresolved> {
        let workload = self.subject(view.owner)?.workload;
        let value = workload.env.get(name).ok_or_else(|| {
            Unresolved::unknown(
                format!("`{{env:{name}}}`: `{}` does not set it", view.owner),
                format!("write `env({name} = \"…\")`"),
            )
        })?;
        self.value_at(value, View { owner: view.owner, reader: view.owner }, depth + 1)
    }

    fn subject(&self, id: &Id) -> Result<Subject<'a>, Unresolved> {
        if let Some(entry) = self.manifest.app(id) {
            return Ok(Subject {
                id: &entry.id,
                workload: &entry.app.workload,
                deployment: Deployment::Container,
                connection: None,
                known: None,
                is_app: true,
                place: self.places.get(id),
            });
        }
        let entry = self
            .manifest
            .service(id)
            .ok_or_else(|| Unresolved::unknown(format!("`{id}` is not there"), "correct the id"))?;
        Ok(Subject {
            id: &entry.service.id,
            workload: &entry.service.workload,
            deployment: entry.service.deployment(),
            connection: entry.service.connection.as_ref(),
            known: self.known.get(id).map(AsRef::as_ref),
            is_app: false,
            place: self.places.get(id),
        })
    }
}

impl Subject<'_> {
    fn fact(&self, fact: &Fact, context: &Context<'_>, depth: usize) -> Result<Text, Unresolved> {
        match fact {
            Fact::Id => Ok(Text::literal(self.id.as_str())),
            Fact::Host => self.host(context, depth),
            Fact::Port(name) => {
                self.port(name.as_ref()).map(|port| Text::literal(context.reached(self.id, port.number).to_string()))
            }
            Fact::Scheme => self.scheme(None).map(Text::literal),
            Fact::Url(name) => self.url(name.as_ref(), context, depth),
            Fact::User => match self.login(|login| login.user.as_ref()) {
                Some(user) => context.template_at(user, self.view(), depth + 1),
                None => self.connected(|connection| connection.user.as_ref(), "user", context, depth),
            },
            Fact::Database => match self.login(|login| login.database.as_ref()) {
                Some(database) => context.template_at(database, self.view(), depth + 1),
                None => self.connected(|connection| connection.database.as_ref(), "database", context, depth),
            },
            Fact::Password => self.password(context, depth),
            Fact::HostPort(name) => {
                self.port(Some(name))?;
                Ok(Text::piece(Piece::HostPort { id: self.id.clone(), port: name.clone() }))
            }
        }
    }

    /// What the catalog knows of who logs in to a container.
    fn login<'b>(&'b self, part: impl Fn(&'b Login) -> Option<&'b Template>) -> Option<&'b Template> {
        self.known.filter(|_| self.deployment == Deployment::Container).and_then(|known| part(&known.login))
    }

    /// The password: of a container as the catalog says, of an external service the secret that a container
    /// would have.
    fn password(&self, context: &Context<'_>, depth: usize) -> Result<Text, Unresolved> {
        if let Some(password) = self.login(|login| login.password.as_ref()) {
            return context.template_at(password, self.view(), depth + 1);
        }
        let name = SecretName::parse(&format!("{}-password", self.id)).ok();
        match name.filter(|_| self.deployment == Deployment::External) {
            Some(name) => Ok(Text::piece(Piece::Secret { name, key: None, in_url: false })),
            None => Err(Unresolved::unknown(
                format!("the password of `{}` is not known", self.id),
                "name the secret: `{secret:NAME}`",
            )),
        }
    }

    fn host(&self, context: &Context<'_>, depth: usize) -> Result<Text, Unresolved> {
        match self.deployment {
            Deployment::Container => {
                Ok(Text::literal(self.place.map_or(self.id.as_str(), |place| place.host.as_str())))
            }
            Deployment::External => self.connected(|connection| connection.host.as_ref(), "host", context, depth),
            Deployment::InProcess => Err(Unresolved::unknown(
                format!("`{}` is in the application's own process and has no host", self.id),
                "leave the token out",
            )),
        }
    }

    fn port(&self, name: Option<&PortName>) -> Result<&orch_manifest::model::ContainerPort, Unresolved> {
        let found = match name {
            Some(name) => self.workload.ports.iter().find(|port| port.name.as_ref() == Some(name)),
            None => self.workload.ports.first(),
        };
        found.ok_or_else(|| match name {
            Some(name) => Unresolved::unknown(
                format!("`{}` has no port `{name}`", self.id),
                format!("write `port(…, name = \"{name}\")`"),
            ),
            None => Unresolved::unknown(format!("`{}` has no port", self.id), "write `port = …`"),
        })
    }

    fn scheme(&self, name: Option<&PortName>) -> Result<String, Unresolved> {
        match &self.port(name)?.scheme {
            Some(scheme) => Ok(scheme.to_string()),
            None if self.is_app => Ok("http".to_owned()),
            None => Err(Unresolved::unknown(
                format!("the URL scheme of `{}` is not known", self.id),
                "write it in `port(…, scheme = \"…\")`",
            )),
        }
    }

    fn url(&self, name: Option<&PortName>, context: &Context<'_>, depth: usize) -> Result<Text, Unresolved> {
        if let (Some(url), None) = (self.connection.and_then(|connection| connection.url.as_ref()), name) {
            return context.value_at(url, self.view(), depth + 1);
        }
        let mut text = Text::literal(format!("{}://", self.scheme(name)?));
        text.append(&self.host(context, depth)?);
        text.push(Piece::Literal(format!(":{}", context.reached(self.id, self.port(name)?.number))));
        Ok(text)
    }

    fn connected(
        &self,
        part: impl Fn(&Connection) -> Option<&Value>,
        what: &str,
        context: &Context<'_>,
        depth: usize,
    ) -> Result<Text, Unresolved> {
        match self.connection.and_then(part) {
            Some(value) => context.value_at(value, self.view(), depth + 1),
            None if self.deployment == Deployment::External => Err(Unresolved::unknown(
                format!("the {what} of `{}` is not known", self.id),
                format!("write `{what} = \"…\"`"),
            )),
            None => Err(Unresolved::unknown(
                format!("the {what} of `{}` is not known", self.id),
                "name the variable of its `env` that holds it: `{env:NAME}`",
            )),
        }
    }

    fn view(&self) -> View<'_> {
        View { owner: self.id, reader: self.id }
    }
}
