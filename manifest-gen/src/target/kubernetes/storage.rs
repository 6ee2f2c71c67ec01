//! Claims and empty folders, and where they are mounted.

use std::collections::BTreeSet;

use orch_manifest::EnvName;
use serde::Serialize;

use super::env::{KeyRef, secret_file};
use super::object::Shared;
use super::{Writer, config, secrets};
use crate::finding::{Code, Finding};
use crate::plan::profile::Base;
use crate::plan::{Piece, Workload};

/// The variable that tells PostgreSQL where its data is.
pub(super) const PGDATA: &str = "PGDATA";
/// Where images of PostgreSQL before 18 keep it.
const POSTGRES_DATA: &str = "/var/lib/postgresql/data";

/// What is claimed where nothing is said about the size.
const SIZE: &str = "10Gi";

/// The name of the volume with the workload's files. A user's own names are shorter than the prefix
/// would allow them to be alike by accident, and a clash is found by the path that is mounted twice.
pub(super) const FILES: &str = "orch-files";
const SECRETS: &str = "orch-secrets";
const SHM: &str = "orch-shm";

/// A claim for storage: an object of its own, or the template of a `StatefulSet`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Claim {
    /// The name of the volume.
    name: String,
    /// In a template they are immutable, so they are a selector's.
    labels: Shared,
    /// The storage class, where one is named.
    storage_class: Option<String>,
    /// The size, as a quantity: `10Gi`.
    size: String,
}

/// A volume of a pod, of one of these kinds.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Volume {
    /// Its name in the pod.
    name: String,
    /// An empty folder, or memory.
    empty_dir: Option<EmptyDir>,
    /// The ConfigMap that has its files.
    config_map: Option<String>,
    /// The claim that it is.
    claim: Option<String>,
    /// Keys of Secrets, as files.
    secrets: Vec<Item>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct EmptyDir {
    /// `Memory`, or the node's disk where there is none.
    medium: Option<&'static str>,
    /// The size up to which it may grow, as a quantity.
    size_limit: Option<String>,
}

/// A key of a Secret as a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Item {
    /// The key.
    secret: KeyRef,
    /// The file in the volume.
    path: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Mount {
    /// The volume's name.
    name: String,
    /// The path in the container.
    path: String,
    /// The one file or folder of the volume that is mounted there; all of it where there is none.
    sub_path: Option<String>,
    /// Whether it cannot be written to.
    read_only: bool,
}

/// The volumes of a pod with the places where they are mounted.
pub(super) struct Storage {
    pub(super) volumes: Vec<Volume>,
    pub(super) mounts: Vec<Mount>,
}

/// The folder in which an image has to keep its data, when that is not the mounted one.
///
/// PostgreSQL demands a folder that is empty and belongs to its user. A claim has a `lost+found` in
/// it and belongs to root, so the server makes a folder of its own inside.
pub(super) fn data_folder(workload: &Workload) -> Option<String> {
    let there = workload.volumes.iter().any(|volume| volume.persistent && volume.path.as_str() == POSTGRES_DATA);
    let said = EnvName::parse(PGDATA).is_ok_and(|name| workload.env.contains_key(&name));
    (there && !said).then(|| format!("{POSTGRES_DATA}/pgdata"))
}

impl Writer<'_> {
    /// Whether persistent volumes last beyond the pod: a test run leaves nothing behind.
    fn keeps_data(&self) -> bool {
        self.plan.profile.base() != Base::Ci
    }

    /// The templates of the claims of a workload that runs all the time.
    pub(super) fn claim_templates(&mut self, workload: &Workload, replicas: u32) -> Vec<Claim> {
        let labels = self.selector(&workload.id);
        let claims = self.claims(workload, &labels);
        for claim in &claims {
            for number in 0..replicas {
                let name = format!("{}-{}-{number}", claim.name, workload.id);
                let place = Some(&workload.declared_by);
                self.names.take("PersistentVolumeClaim", &name, place, &mut self.findings);
            }
        }
        claims
    }

    /// The claims of a job, which are objects of their own.
    pub(super) fn job_claims(&mut self, workload: &Workload) {
        let labels = self.labels(&workload.id);
        for claim in self.claims(workload, &labels) {
            let metadata = self.metadata(workload, &claim_name(workload, &claim.name));
            let file = format!("claim-{}", claim.name);
            let object = self.object(workload, "PersistentVolumeClaim", &file, metadata, claim);
            self.out.claims.push(object);
        }
    }

    fn claims(&self, workload: &Workload, labels: &Shared) -> Vec<Claim> {
        let claim = |volume: &crate::plan::Volume| Claim {
            name: volume.name.to_string(),
            labels: labels.clone(),
            storage_class: volume.storage_class.as_ref().map(ToString::to_string),
            size: volume.size.as_ref().map_or_else(|| SIZE.to_owned(), ToString::to_string),
        };
        let persistent = workload.volumes.iter().filter(|volume| volume.persistent && self.keeps_data());
        persistent.map(claim).collect()
    }

    /// The volumes of a pod and their mounts.
    pub(super) fn storage(&self, workload: &Workload) -> Storage {
        let mut storage = Storage { volumes: Vec::new(), mounts: Vec::new() };
        for volume in &workload.volumes {
            self.data(workload, volume, &mut storage);
        }
        if let Some(size) = &workload.shm_size {
            let memory = EmptyDir { medium: Some("Memory"), size_limit: Some(size.to_string()) };
            storage.volumes.push(Volume { name: SHM.to_owned(), empty_dir: Some(memory), ..Volume::default() });
            storage.mounts.push(Mount {
                name: SHM.to_owned(),
                path: "/dev/shm".to_owned(),
                sub_path: None,
                read_only: false,
            });
        }
        config::mount(workload, &mut storage);
        self.secret_files(workload, &mut storage);
        storage
    }

    fn data(&self, workload: &Workload, volume: &crate::plan::Volume, storage: &mut Storage) {
        let name = volume.name.to_string();
        let claimed = volume.persistent && self.keeps_data();
        if !claimed {
            let size_limit = volume.size.as_ref().map(ToString::to_string);
            let empty_dir = Some(EmptyDir { medium: None, size_limit });
            storage.volumes.push(Volume { name: name.clone(), empty_dir, ..Volume::default() });
        } else if workload.is_job() {
            let claim = Some(claim_name(workload, volume.name.as_str()));
            storage.volumes.push(Volume { name: name.clone(), claim, ..Volume::default() });
        }
        storage.mounts.push(Mount {
            // A folder of the claim, since many programs take the `lost+found` in it for data of theirs.
            sub_path: volume.persistent.then(|| name.clone()),
            name,
            path: volume.path.to_string(),
            read_only: volume.read_only,
        });
    }

    /// Secrets that the image takes as files.
    fn secret_files(&self, workload: &Workload, storage: &mut Storage) {
        let mut items = BTreeSet::new();
        for entry in workload.env.values().filter(|entry| secret_file(entry).is_some()) {
            for piece in &entry.value.pieces {
                if let Piece::Secret { name, key, .. } = piece {
                    let secret = secrets::place(self.plan, name, key.as_ref());
                    items.insert(Item { secret, path: secrets::file_name(name, key.as_ref()) });
                }
            }
        }
        if items.is_empty() {
            return;
        }
        let secrets = items.into_iter().collect();
        storage.volumes.push(Volume { name: SECRETS.to_owned(), secrets, ..Volume::default() });
        storage.mounts.push(Mount {
            name: SECRETS.to_owned(),
            path: secrets::FOLDER.to_owned(),
            sub_path: None,
            read_only: true,
        });
    }

    /// Paths on which two things would be mounted, and data that somebody else than the program owns.
    pub(super) fn check_storage(&mut self, workload: &Workload, storage: &Storage) {
        let id = &workload.id;
        let mut paths = BTreeSet::new();
        for mount in storage.mounts.iter().filter(|mount| !paths.insert(mount.path.as_str())) {
            let mut finding = Finding::new(
                Code::Unrepresentable,
                format!("`{id}` would have two things mounted on `{}`", mount.path),
            );
            finding.severity = crate::finding::Severity::Error;
            self.findings.push(finding.help("take one of them out").at(&workload.declared_by));
        }
        let Some(volume) = workload.volumes.iter().find(|volume| volume.persistent && self.keeps_data()) else {
            return;
        };
        let root = workload.user.is_some_and(|user| user.uid == 0);
        if super::security::fs_group(workload).is_none() && !root {
            let message =
                format!("the volume `{}` of `{id}` belongs to root, and no group is known that may write", volume.name);
            let help = "write `fs_group = …`, or the group in `user = \"999:999\"`";
            self.findings.push(Finding::new(Code::UnknownUser, message).help(help).at(&workload.declared_by));
        }
    }
}

impl Storage {
    /// Adds a file of a ConfigMap.
    pub(super) fn mount_file(&mut self, key: &str, path: &str) {
        self.mounts.push(Mount {
            name: FILES.to_owned(),
            path: path.to_owned(),
            sub_path: Some(key.to_owned()),
            read_only: true,
        });
    }

    /// Adds the volume of a ConfigMap.
    pub(super) fn config_map(&mut self, name: String) {
        self.volumes.push(Volume { name: FILES.to_owned(), config_map: Some(name), ..Volume::default() });
    }
}

fn claim_name(workload: &Workload, volume: &str) -> String {
    format!("{}-{volume}", workload.id)
}
