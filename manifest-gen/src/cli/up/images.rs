//! The images of applications, which are made before anything is started.

use super::super::failure::Failure;
use super::super::images::Builder;
use super::{Launch, Setting};
use crate::exit::Exit;
use crate::output::Output;
use crate::target::{self, Image};

impl Setting<'_> {
    /// Builds the images that have to be built, and says which.
    pub(super) fn build(&self, launch: &Launch, output: &mut Output) -> Result<(), Failure> {
        let unbuilt = self.unbuilt(launch)?;
        let Some(cargo) = self.args.source.cargo()?.filter(|_| !unbuilt.is_empty()) else { return Ok(()) };
        let builder = Builder {
            cargo,
            folder: self.folder,
            tool: self.tool,
            packs: self.packs,
            platform: None,
            interrupt: self.interrupt,
        };
        for image in &unbuilt {
            builder
                .build(&launch.plan, image, &image.name)
                .map_err(|failure| failure.or_help("`cargo orch up --no-apps` starts the services alone"))?;
            output.talk(&format!("built `{}` for `{}`", image.name, image.id));
        }
        Ok(())
    }

    /// The images that have to be built: those that are missing, and with `--build` all. One that is missing
    /// and cannot be built here is an error.
    pub(super) fn unbuilt(&self, launch: &Launch) -> Result<Vec<Image>, Failure> {
        let ours = if self.loaded.gathered.is_some() { target::images(&launch.plan) } else { Vec::new() };
        let mut missing = Vec::new();
        for workload in &launch.plan.workloads {
            let name = workload.image.to_string();
            if self.loaded.manifest.app(&workload.id).is_some() && self.tool.image(&name, self.interrupt)?.is_none() {
                missing.push((workload, name));
            }
        }
        let foreign = missing.iter().filter(|(workload, _)| !ours.iter().any(|image| image.name == workload.image));
        let foreign: Vec<String> = foreign.map(|(workload, name)| format!("`{name}` for `{}`", workload.id)).collect();
        if !foreign.is_empty() {
            return Err(refused(&foreign));
        }
        let needed =
            |image: &Image| self.args.build || missing.iter().any(|(workload, _)| workload.image == image.name);
        Ok(ours.into_iter().filter(needed).collect())
    }
}

/// The images of applications are made here, so nobody is asked for one that is missing.
fn refused(missing: &[String]) -> Failure {
    let what = if missing.len() == 1 { "there is no image" } else { "there are no images" };
    Failure::new(Exit::Findings, format!("{what} {}", missing.join(", "))).help(
        "build and tag each under this name, or pull it; `cargo orch up --no-apps` starts the services alone, and `cargo orch run` an application on the host",
    )
}
