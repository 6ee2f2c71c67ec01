use std::path::PathBuf;

use orch_templates::Packs;

use super::failure::Failure;
use crate::config::Config;
use crate::target;

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
        let folder = match &self.templates {
            Some(folder) => Some(folder.clone()),
            None => config.templates()?.map(Into::into),
        };
        Ok(target::packs(folder.as_deref())?)
    }

    /// The folder itself, which need not be there yet.
    pub(super) fn folder(&self, config: &Config) -> Option<PathBuf> {
        self.templates.clone().or_else(|| config.templates_folder().map(Into::into))
    }
}
