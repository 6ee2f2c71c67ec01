use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::model::Check;
use orch_manifest::{ImageRef, did_you_mean};
use serde_json::Value;

use super::failure::Failure;
use crate::catalog::{Catalog, Entry};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::Output;

/// Show what is known about images
///
/// Without an image, all that are known; with one, everything about it. A tag chooses the version. What `orch.toml`
/// says under `[catalog]` is in it, and so are the pages of the folder that it names there.
#[derive(clap::Args)]
pub(super) struct Args {
    /// An image, with a tag or without: `postgres:16-alpine`
    #[arg(value_name = "IMAGE")]
    image: Option<ImageRef>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The configuration whose images are known too; `orch.toml` of this folder without it
    #[arg(long, value_name = "FILE")]
    config: Option<Utf8PathBuf>,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::load(Utf8Path::new("."))?,
    };
    let catalog = config.beneath().catalog;
    let text = match &args.image {
        None => list(&catalog, args.json),
        Some(image) => {
            let entry = catalog.find(image, None).ok_or_else(|| unknown(image, &catalog))?;
            if args.json { json(&entry) } else { describe(image, &entry) }
        }
    };
    output.data(&text)?;
    Ok(Exit::Done)
}

fn unknown(image: &ImageRef, catalog: &Catalog) -> Failure {
    let name = crate::catalog::name(image);
    let help = format!("{}; `[catalog.{name:?}]` in orch.toml adds one", did_you_mean(&name, &catalog.images()));
    Failure::new(Exit::Usage, format!("the catalog does not know the image `{name}`")).help(help)
}

fn json(value: &impl serde::Serialize) -> String {
    // Keys are strings and no number is infinite, so nothing can fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Every image, with what it is called and what it is mostly used as.
fn list(catalog: &Catalog, as_json: bool) -> String {
    let find = |image: &str| Some((image.to_owned(), catalog.find(&image.parse().ok()?, None)?));
    let mut entries: Vec<(String, Entry)> = catalog.images().into_iter().filter_map(find).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    if as_json {
        let all: serde_json::Map<String, Value> = entries
            .into_iter()
            .map(|(image, entry)| (image, serde_json::to_value(entry).unwrap_or_default()))
            .collect();
        return json(&all);
    }
    let width = entries.iter().map(|(image, _)| image.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (image, entry) in &entries {
        let kind = entry.kind.as_ref().map_or("", |kind| kind.as_str());
        let own: Vec<&str> = entry.pages.iter().filter(|page| page.own).map(|page| page.file.as_str()).collect();
        let own = if own.is_empty() { String::new() } else { format!("  ({})", own.join(", ")) };
        let _ = writeln!(text, "{image:width$}  {kind:9}  {}{own}", entry.name.as_deref().unwrap_or(image));
    }
    text
}

fn describe(image: &ImageRef, entry: &Entry) -> String {
    let files: Vec<&str> = entry.pages.iter().map(|page| page.file.as_str()).collect();
    let name = entry.name.as_deref().unwrap_or("an image");
    let mut text = format!("{name} ({image}), from {}\n", files.join(", "));
    let mut line = |title: &str, what: &str| {
        if !what.is_empty() {
            let _ = writeln!(text, "  {title:11} {what}");
        }
    };
    let service = &entry.service;
    for port in &service.ports {
        let name = port.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        line("port", &format!("{}/{}{name}", port.number, port.transport()));
    }
    for volume in &service.volumes {
        let kept = if volume.ephemeral { "not kept".to_owned() } else { size(volume.size.as_ref()) };
        line("volume", &format!("{}, {kept}", volume.path));
    }
    for path in &entry.image.writable {
        line("writable", path.as_str());
    }
    line("user", &service.user.map(|user| user.to_string()).unwrap_or_default());
    line("root", if service.restricted == Some(false) { "stays writable" } else { "" });
    for capability in &service.cap_add {
        line("capability", &capability.to_string());
    }
    line("health", &service.health.as_ref().map(|health| check(&health.check)).unwrap_or_default());
    for (name, value) in &service.env {
        line("env", &format!("{name}={}", plain(&serde_json::to_value(value).unwrap_or_default())));
    }
    for (name, template) in &service.app_env {
        line("app_env", &format!("{name}={}", template.as_str()));
    }
    line("command", &words(&serde_json::to_value(&service.command).unwrap_or_default()));
    line("client", &entry.client.join(" "));
    line("dump", &entry.dump.as_ref().map(|dump| format!("*.{}", dump.extension)).unwrap_or_default());
    line("restore", &entry.restore.as_ref().map(|restore| format!("*.{}", restore.extension)).unwrap_or_default());
    line("tenants", &entry.tenants.keys().cloned().collect::<Vec<_>>().join(", "));
    line("clusters", if entry.clusters { "yes" } else { "no" });
    for (aspect, why) in &entry.none {
        line("none", &format!("{}: {why}", aspect.as_str()));
    }
    line("read for", entry.read_for.as_deref().unwrap_or_default());
    for source in &entry.sources {
        line("source", source);
    }
    text
}

fn size(size: Option<&orch_manifest::Quantity>) -> String {
    size.map_or_else(|| "kept".to_owned(), |size| format!("kept, {size}"))
}

fn check(check: &Check) -> String {
    match check {
        Check::Http(http) => format!("GET {}", http.path),
        Check::Tcp(port) => format!("port {port}"),
        Check::Command(command) => command.join(" "),
        Check::Shell(script) => script.clone(),
        Check::None => "none".to_owned(),
    }
}

/// A value as a person would write it: text, or where it comes from.
fn plain(value: &Value) -> String {
    let of = |key: &str| value.get(key).and_then(Value::as_str);
    match (value.as_str(), of("secret"), of("var"), of("template")) {
        (Some(text), ..) => text.to_owned(),
        (_, Some(secret), ..) => format!("<secret ID-{secret}>"),
        (_, _, Some(variable), _) => format!("${variable}"),
        (.., template) => template.unwrap_or_default().to_owned(),
    }
}

/// Words of a command on one line; of a script the beginning.
fn words(values: &Value) -> String {
    let word = |value: &Value| {
        let text = plain(value);
        match text.trim().split_once('\n') {
            Some((line, _)) => format!("{line} …"),
            None if text.trim().is_empty() => "''".to_owned(),
            None => text,
        }
    };
    values.as_array().into_iter().flatten().map(word).collect::<Vec<_>>().join(" ")
}
