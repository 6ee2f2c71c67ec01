use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use orch_templates::{PackError, Packs};

use super::failure::Failure;
use crate::config::Config;
use crate::target::{self, TargetError};

/// Where packs of one's own are.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Templates {
    /// Folder of packs that add to the built-in ones or override them file by file, whatever `[templates]` of orch.toml
    /// says
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

impl Templates {
    /// The packs there are: the built-in ones, and those of the flag's folder, else of the one that the configuration
    /// names.
    pub(super) fn packs(&self, config: &Config) -> Result<Packs, Failure> {
        Ok(target::packs(self.existing(config)?.as_deref())?)
    }

    /// The packs there are with a folder of one's own, and what is wrong with those that are broken, by their names.
    pub(super) fn sound(folder: &Path) -> Result<(Packs, BTreeMap<String, PackError>), Failure> {
        Ok(Packs::with_sound_overrides(folder, &target::VIEWS).map_err(TargetError::from)?)
    }

    /// The flags that say the same on another command line.
    pub(super) fn flags(&self) -> Vec<OsString> {
        self.templates.iter().flat_map(|folder| ["--templates".into(), folder.into()]).collect()
    }

    /// The folder, which has to be there.
    pub(super) fn existing(&self, config: &Config) -> Result<Option<PathBuf>, Failure> {
        match &self.templates {
            Some(folder) => Ok(Some(folder.clone())),
            None => Ok(config.templates()?.map(Into::into)),
        }
    }

    /// The folder itself, which need not be there yet.
    pub(super) fn folder(&self, config: &Config) -> Option<PathBuf> {
        self.templates.clone().or_else(|| config.templates_folder().map(Into::into))
    }
}
