use super::Workload;
use crate::{Capability, CronSchedule, Id};

record! {
    /// A program of the workspace.
    pub struct App {
        required {}
        optional {
            /// Its id; the binary's name when absent, always present in a manifest.
            id: Option<Id>,
            /// How it runs; a web application with a port and a worker without one when absent.
            kind: Option<AppKind>,
            /// The binary it is.
            bin: Option<String>,
            /// What it can do.
            capabilities: Vec<Capability>,
            /// The services it uses of those in its dependency graph; all of them when absent.
            uses: Option<Vec<Id>>,
            /// Jobs that must have succeeded before it starts.
            after: Vec<Id>,
            /// When it recurs.
            schedule: Option<CronSchedule>,
            /// The application in whose image it is.
            image_of: Option<Id>,
        }
        flatten {
            /// What it has in common with services.
            workload: Workload
        }
    }
}

impl App {
    /// How it runs.
    pub fn kind(&self) -> AppKind {
        self.kind.unwrap_or(if self.workload.ports.is_empty() { AppKind::Worker } else { AppKind::Web })
    }
}

choice! {
    /// How an application runs.
    pub enum AppKind : "a kind of application" {
        /// It answers requests.
        Web = "web",
        /// It works on its own.
        Worker = "worker",
        /// It runs once and ends.
        Job = "job",
        /// It runs on a schedule.
        Cron = "cron",
    }
}
