use super::references::Owner;
use super::workload::REPEATABLE;
use super::{Args, Entry, Reader};
use crate::model::{App, AppKind, Workload};

/// The keys of `#[app]` beyond [`WORKLOAD_KEYS`](super::WORKLOAD_KEYS).
pub const APP_KEYS: &[&str] = &["id", "kind", "bin", "capabilities", "uses", "after", "schedule", "image_of"];

/// Reads `#[app(…)]`.
pub fn app(args: &Args, reader: &mut Reader<'_>) -> App {
    let mut app = App {
        id: None,
        kind: None,
        bin: None,
        capabilities: Vec::new(),
        uses: None,
        after: Vec::new(),
        schedule: None,
        image_of: None,
        workload: Workload::default(),
    };
    apply_app(args, &mut app, reader);
    app
}

/// Applies keys to an application that exists; each key replaces what was there, maps are merged.
pub fn apply_app(args: &Args, app: &mut App, reader: &mut Reader<'_>) {
    reader.no_positional(args, "`#[app]`");
    reader.duplicates(&args.entries, REPEATABLE);
    for entry in &args.entries {
        match entry.key.as_str() {
            "id" => app.id = reader.parsed(entry),
            "kind" => app.kind = reader.parsed(entry),
            "bin" => app.bin = reader.string(entry),
            "capabilities" => app.capabilities = reader.set(entry).unwrap_or_default(),
            "uses" => app.uses = reader.set(entry),
            "after" => app.after = reader.set(entry).unwrap_or_default(),
            "schedule" => app.schedule = reader.parsed(entry),
            "image_of" => app.image_of = reader.parsed(entry),
            _ => {
                if !reader.workload(entry, &mut app.workload) {
                    reader.unknown_key(entry, "app");
                }
            }
        }
    }
    reader.app_combinations(args, app);
    reader.references_to_ports(args, &app.workload);
    reader.scale_with_volumes(args, &app.workload);
    reader.template_references(args, &app.workload, Owner::App);
}

impl Reader<'_> {
    fn app_combinations(&mut self, args: &Args, app: &App) {
        let find = |key: &str| args.entries.iter().find(|entry| entry.key == key);
        let kind = app.kind();
        if kind == AppKind::Cron && app.schedule.is_none() {
            let problem = "`kind = \"cron\"` has no `schedule`";
            self.require(args, "schedule", APP_KEYS, problem, "write `schedule = \"0 3 * * *\"`");
        }
        let mut refuse = |entry: Option<&Entry>, with: &str, help: &str| {
            if let Some(entry) = entry {
                self.report(entry.span, format!("`{}` does not go with {with}", entry.key), help);
            }
        };
        if kind != AppKind::Cron {
            refuse(find("schedule"), &format!("`kind = \"{kind}\"`"), "write `kind = \"cron\"`");
        }
        if matches!(kind, AppKind::Job | AppKind::Cron) {
            for key in ["scale", "replicas", "ingress", "health"] {
                refuse(find(key), &format!("`kind = \"{kind}\"`"), "it runs to its end; leave the key out");
            }
        }
        if app.image_of.is_some() {
            refuse(find("image"), "`image_of`", "keep one of them");
        }
    }
}
