//! What is mounted: volumes of a node, memory, and files.

use orch_manifest::model::UserIds;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::secrets::Inside;
use super::text::in_go_template;
use super::{Writer, is_object_name};
use crate::hex::hex;
use crate::plan::{Piece, Volume, Workload};
use crate::target::docker::{self, ConfigMount};
use crate::target::interpolation::escape;

/// Paths that are writable for everybody in every image.
const WRITABLE: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// How much of a hash is in the name of a config, which has at most 64 characters.
const HASH: usize = 10;

/// A mount of a container.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Mount {
    /// `volume` or `tmpfs`.
    kind: &'static str,
    /// The `key` of a volume; `null` for `tmpfs`.
    source: Option<String>,
    /// The path in the container.
    target: String,
    /// Whether it cannot be written to.
    read_only: bool,
    /// Whether it stays empty where the image has files at its path.
    nocopy: bool,
    /// Bytes.
    size: Option<u64>,
}

/// A volume of a node.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct NodeVolume {
    /// Its name in the stack.
    key: String,
    /// Its name on the node, where it is not made from the stack's.
    name: Option<String>,
    /// The options of a file system in memory.
    memory: Option<String>,
}

/// A file that is mounted. It is immutable, so its name has a hash of its content.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Config {
    /// Its name in the stack.
    key: String,
    /// Its name in the swarm.
    name: String,
    /// The file's path, relative to the output folder.
    path: String,
    /// The same for `docker stack`.
    file: String,
    /// What is in it, to the letter; a Go template where `template` says so.
    content: String,
    /// Whether Swarm fills in secrets and variables.
    template: bool,
}

/// The mounts of a workload.
pub(super) fn mounts(workload: &Workload) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = workload.volumes.iter().map(|volume| mount(workload, volume)).collect();
    if let Some(size) = docker::shm_size(workload) {
        let shared = "/dev/shm";
        mounts.retain(|mount| mount.target != shared);
        mounts.push(Mount { size: Some(size), ..memory(shared.to_owned()) });
    }
    mounts
}

fn mount(workload: &Workload, volume: &Volume) -> Mount {
    // A mount is a Go template, its path included.
    let target = escape(&in_go_template(volume.path.as_str()));
    if !volume.persistent && owner(workload, volume).is_none() {
        return memory(target);
    }
    Mount {
        kind: "volume",
        source: Some(key(workload, volume)),
        target,
        read_only: volume.read_only,
        nocopy: !volume.persistent,
        size: None,
    }
}

fn memory(target: String) -> Mount {
    Mount { kind: "tmpfs", source: None, target, read_only: false, nocopy: false, size: None }
}

fn key(workload: &Workload, volume: &Volume) -> String {
    // Ids have no `_`, so no two volumes have one name.
    format!("{}_{}", workload.id, volume.name)
}

/// Whom a file system in memory has to belong to. A mount of the type `tmpfs` belongs to root and has
/// the mode of the folder that the image has at this path, and a stack cannot say otherwise.
fn owner(workload: &Workload, volume: &Volume) -> Option<UserIds> {
    workload.user.filter(|user| user.uid != 0 && !WRITABLE.contains(&volume.path.as_str()))
}

/// The volumes of a workload. One in memory is a volume of each replica, so its name has the slot; its
/// options are immutable, so its name has the owner.
pub(super) fn volumes(workload: &Workload) -> Vec<NodeVolume> {
    let volume = |volume: &Volume| {
        let key = key(workload, volume);
        if volume.persistent {
            return Some(NodeVolume { key, name: None, memory: None });
        }
        let UserIds { uid, gid } = owner(workload, volume)?;
        let gid = gid.unwrap_or(uid);
        Some(NodeVolume {
            key,
            name: Some(format!("{{{{.Service.Name}}}}_{}_{uid}-{gid}_{{{{.Task.Slot}}}}", volume.name)),
            memory: Some(format!("mode=1777,uid={uid},gid={gid}")),
        })
    };
    workload.volumes.iter().filter_map(volume).collect()
}

impl Writer<'_> {
    /// The files of a workload.
    pub(super) fn mount_configs(&mut self, workload: &Workload, inside: &mut Inside) -> Vec<ConfigMount> {
        let mut mounts = Vec::new();
        for file in &workload.files {
            let literal = file.content.as_literal().map(str::to_owned);
            let template = literal.is_none();
            let content = literal.unwrap_or_else(|| self.config_template(workload, &file.content.pieces, inside));
            let key = format!("{}_{}", workload.id, file.name);
            let name = format!("{}_{key}-{}", self.plan.system, hash(&content, template));
            if !is_object_name(&name) {
                let message =
                    format!("`{name}` cannot be the name of a config in Swarm: it has more than 64 characters");
                self.error(message, "give the file, or the service, a shorter name", Some(workload));
            }
            let path = format!("files/{}/{}", workload.id, file.name);
            mounts.push(ConfigMount { source: key.clone(), target: escape(file.path.as_str()) });
            self.configs.push(Config { key, name, file: format!("./{path}"), path, content, template });
        }
        mounts
    }

    /// A Go template that Swarm fills in when a task starts.
    fn config_template(&mut self, workload: &Workload, pieces: &[Piece], inside: &mut Inside) -> String {
        let write = |piece: &Piece| match piece {
            Piece::Literal(text) => in_go_template(text),
            Piece::Secret { .. } => {
                format!("{{{{ secret \"{}\" }}}}", self.file_in_template(workload, piece, inside))
            }
            Piece::Variable { .. } | Piece::HostPort { .. } => {
                format!("{{{{ env \"{}\" }}}}", self.input(workload, piece, inside))
            }
        };
        pieces.iter().map(write).collect()
    }
}

fn hash(content: &str, template: bool) -> String {
    let mut hash = Sha256::new();
    hash.update([u8::from(template)]);
    hash.update(content);
    hex(&hash.finalize()).chars().take(HASH).collect()
}
