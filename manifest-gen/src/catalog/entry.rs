//! What is known about one image.

use std::collections::BTreeMap;

use orch_manifest::grammar::{self, Problem, Reader};
use orch_manifest::model::{Kind, Service, Tenancy, Workload};
use orch_manifest::{AbsolutePath, EnvName, Id, ImageRef, Template};
use serde::{Deserialize, Serialize};

use super::page::{FileFacts, Page, Said};
use super::variant::Subject;
use crate::config::{Mistake, replace_lists};

/// What is known about an image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The pages that say it, each over those before it.
    pub pages: Vec<PageFile>,
    /// What it is called.
    pub name: Option<String>,
    /// What it is mostly used as.
    pub kind: Option<Kind>,
    /// The tag that it was read for.
    pub read_for: Option<String>,
    /// From where it was read, as URLs.
    pub sources: Vec<String>,
    /// What is in the image.
    pub image: Image,
    /// What a service of the image is unless it says otherwise. The names of secrets are those behind
    /// the service's id: `password` is the secret `<id>-password`.
    pub service: Workload,
    /// Who logs in, and with what.
    pub login: Login,
    /// Variables that have a form which names a file with the value, and that form.
    pub file_env: BTreeMap<EnvName, EnvName>,
    /// Variables that stand in for another: where one of them is stated, that one is not set.
    pub instead: BTreeMap<EnvName, Vec<EnvName>>,
    /// How each application gets something of its own.
    pub tenants: BTreeMap<String, Tenants>,
    /// Whether several of them are one, run as is said here: each replica of another has data of its own.
    pub clusters: bool,
    /// The client, with its arguments: it runs in the container of a service and takes the user, the
    /// password and the database from that container's environment. Empty where there is none.
    pub client: Vec<String>,
    /// Writes all data of a service to standard output.
    pub dump: Option<Stream>,
    /// Reads what `dump` wrote from standard input.
    pub restore: Option<Stream>,
    /// What there is none of, with why.
    pub none: BTreeMap<Aspect, String>,
}

/// Something that most images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Data that is kept.
    Data,
    /// A password without which nobody gets in.
    Password,
    /// Variables that name a file with the value.
    FileEnv,
    /// A client in the image.
    Client,
    /// A way to stream all data out.
    Dump,
    /// A way to stream it in.
    Restore,
    /// Something of its own for each application.
    Tenants,
}

impl Aspect {
    /// The words for it in a page.
    pub const WORDS: [&str; 7] = ["data", "password", "file_env", "client", "dump", "restore", "tenants"];
    /// All of them, in the order of their words.
    pub const ALL: [Self; 7] =
        [Self::Data, Self::Password, Self::FileEnv, Self::Client, Self::Dump, Self::Restore, Self::Tenants];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// Where a page is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageFile {
    /// The file: of the catalog, or as `orch.toml` names it, which may have pages itself.
    pub file: String,
    /// Whether it is one's own.
    pub own: bool,
}

/// What is in an image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Whether there is a shell in it.
    pub shell: bool,
    /// Its entry point, when it runs its arguments and a shell can come before it.
    pub entrypoint: Vec<String>,
    /// Its own arguments, which it runs when it is given none.
    pub command: Vec<String>,
    /// Folders that its program writes to and nobody keeps.
    pub writable: Vec<AbsolutePath>,
}

/// Who logs in to a service, and with what.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// The user.
    pub user: Option<Template>,
    /// The password.
    pub password: Option<Template>,
    /// The database.
    pub database: Option<Template>,
}

/// A command in the container of a service that writes its data to standard output, or reads it from
/// standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// The command in exec form.
    pub command: Vec<String>,
    /// What the name of a file with the data ends in, without a dot.
    pub extension: String,
}

/// How a service gives each application something of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    /// A POSIX shell script for the image. `$TENANTS` is a list of names, and the password of each
    /// is in `$TENANT_PASSWORD_<name>`. Running it again changes nothing.
    pub script: String,
    /// Its environment, from the view of the service.
    pub env: BTreeMap<EnvName, Template>,
}

impl Entry {
    /// Nothing known about an image yet.
    pub(super) fn new(image: &ImageRef) -> Self {
        Self {
            pages: Vec::new(),
            name: None,
            kind: None,
            read_for: None,
            sources: Vec::new(),
            image: Image { shell: true, entrypoint: Vec::new(), command: Vec::new(), writable: Vec::new() },
            service: Workload { image: Some(image.clone()), ..Workload::default() },
            login: Login::default(),
            file_env: BTreeMap::new(),
            instead: BTreeMap::new(),
            tenants: BTreeMap::new(),
            clusters: false,
            client: Vec::new(),
            dump: None,
            restore: None,
            none: BTreeMap::new(),
        }
    }

    /// Whether something is known of it.
    pub fn has(&self, aspect: Aspect) -> bool {
        match aspect {
            Aspect::Data => self.service.volumes.iter().any(|volume| !volume.ephemeral),
            Aspect::Password => self.login.password.is_some(),
            Aspect::FileEnv => !self.file_env.is_empty(),
            Aspect::Client => !self.client.is_empty(),
            Aspect::Dump => self.dump.is_some(),
            Aspect::Restore => self.restore.is_some(),
            Aspect::Tenants => !self.tenants.is_empty(),
        }
    }

    /// Adds what a page says about an image, and what those of its variants say that it is one of.
    pub(super) fn add(&mut self, page: &Page, subject: Subject<'_>, mistakes: &mut Vec<Mistake>) {
        self.pages.push(PageFile { file: page.file().to_owned(), own: page.is_own() });
        let mut problems = Vec::new();
        for said in page.said_of(subject) {
            self.say(said, &mut problems);
        }
        for mistake in page.source().mistakes(problems) {
            // Several images may be told the same.
            if !mistakes.contains(&mistake) {
                mistakes.push(mistake);
            }
        }
    }

    /// Whether a page of one's own says something.
    pub fn is_own(&self) -> bool {
        self.pages.iter().any(|page| page.own)
    }

    /// What is said later wins: lists replace, maps are merged.
    fn say(&mut self, said: &Said, problems: &mut Vec<Problem<usize>>) {
        let facts = &said.facts;
        set(&mut self.name, facts.name.as_ref());
        set(&mut self.kind, facts.kind.as_ref());
        set(&mut self.read_for, facts.read_for.as_ref());
        self.sources.extend(facts.sources.iter().cloned());
        replace(&mut self.image.shell, facts.image.shell.as_ref());
        replace(&mut self.image.entrypoint, facts.image.entrypoint.as_ref());
        replace(&mut self.image.command, facts.image.command.as_ref());
        replace(&mut self.image.writable, facts.image.writable.as_ref());
        set(&mut self.login.user, facts.login.user.as_ref());
        set(&mut self.login.password, facts.login.password.as_ref());
        set(&mut self.login.database, facts.login.database.as_ref());
        self.file_env.extend(facts.file_env.clone());
        self.instead.extend(facts.instead.clone());
        self.tenants.extend(facts.tenants.clone());
        replace(&mut self.clusters, facts.clusters.as_ref());
        replace(&mut self.client, facts.client.as_ref());
        set(&mut self.dump, facts.dump.as_ref());
        set(&mut self.restore, facts.restore.as_ref());
        self.none.extend(facts.none.clone());
        replace_lists(&said.service, &mut self.service);
        let Some(mut service) = stand_in(std::mem::take(&mut self.service)) else { return };
        grammar::apply_service(&said.service, &mut service, &mut Reader::new(problems));
        self.service = service.workload;
        if let Some(files) = &facts.file {
            self.service.files = files.iter().filter_map(FileFacts::model).collect();
        }
        // A page may add what one beneath it says there is none of.
        let stated = Aspect::ALL.into_iter().filter(|aspect| self.has(*aspect));
        for aspect in stated.collect::<Vec<_>>() {
            self.none.remove(&aspect);
        }
    }

    /// How it gives each application something of its own.
    pub fn tenants(&self, tenancy: Tenancy) -> Option<&Tenants> {
        self.tenants.get(tenancy.as_str())
    }
}

/// A service of which only what it has in common with applications matters.
fn stand_in(workload: Workload) -> Option<Service> {
    Some(Service {
        id: Id::parse("x").ok()?,
        kind: Kind::parse("other").ok()?,
        derived_id: false,
        code: None,
        deployment: None,
        connection: None,
        tenants: None,
        workload,
    })
}

fn set<T: Clone>(place: &mut Option<T>, value: Option<&T>) {
    if let Some(value) = value {
        *place = Some(value.clone());
    }
}

fn replace<T: Clone>(place: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}
