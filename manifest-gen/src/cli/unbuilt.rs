//! The images of applications, which are made before anything is started.

use super::failure::Failure;
use super::images::Builder;
use super::selection::Loaded;
use crate::engine::{Interrupt, Kind};
use crate::exit::Exit;
use crate::output::Output;
use crate::plan::Plan;
use crate::target::{self, Image};

/// What is to be started from images of this workspace, on an engine of this machine.
pub(super) struct Applications<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) plan: &'a Plan,
    pub(super) engine: Kind,
    pub(super) interrupt: &'a Interrupt,
    /// What is to be done without images, for who cannot build them; may be nothing.
    pub(super) instead: &'a str,
}

impl Applications<'_> {
    /// The images that have to be built: those that are missing, or all of them. One that is missing and cannot
    /// be built here is an error.
    pub(super) fn unbuilt(&self, all: bool) -> Result<Vec<Image>, Failure> {
        let ours = if self.loaded.gathered.is_some() { target::images(self.plan) } else { Vec::new() };
        let mut missing = Vec::new();
        for workload in &self.plan.workloads {
            let name = workload.image.to_string();
            if self.loaded.manifest.app(&workload.id).is_some() && self.engine.image(&name, self.interrupt)?.is_none() {
                missing.push((workload, name));
            }
        }
        let foreign = missing.iter().filter(|(workload, _)| !ours.iter().any(|image| image.name == workload.image));
        let foreign: Vec<String> = foreign.map(|(workload, name)| format!("`{name}` for `{}`", workload.id)).collect();
        if !foreign.is_empty() {
            return Err(self.refused(&foreign));
        }
        let needed = |image: &Image| all || missing.iter().any(|(workload, _)| workload.image == image.name);
        Ok(ours.into_iter().filter(needed).collect())
    }

    /// Builds images, and says which.
    pub(super) fn build(&self, images: &[Image], builder: &Builder<'_>, output: &mut Output) -> Result<(), Failure> {
        for image in images {
            builder.build(self.plan, image, &image.name).map_err(|failure| match self.instead {
                "" => failure,
                instead => failure.or_help(instead),
            })?;
            output.talk(&format!("built `{}` for `{}`", image.name, image.id));
        }
        Ok(())
    }

    /// The images of applications are made here, so nobody is asked for one that is missing.
    fn refused(&self, missing: &[String]) -> Failure {
        let what = if missing.len() == 1 { "there is no image" } else { "there are no images" };
        let join = if self.instead.is_empty() { "" } else { "; " };
        Failure::new(Exit::Findings, format!("{what} {}", missing.join(", "))).help(format!(
            "`cargo orch build` builds those of a workspace; build and tag others under this name, or pull them{join}{}",
            self.instead
        ))
    }
}
