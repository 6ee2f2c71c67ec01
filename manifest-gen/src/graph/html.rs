use std::fmt::Write as _;

use super::markup::Escaped;
use super::model::{Edge, Graph, Node};
use super::svg::linked;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The script's hash, by which the page allows it and no other.
const SCRIPT_HASH: &str = "sha256-FsleiM/eFxN9QEg3v7mC0bBkfY8zySDzyzgqwVfNRXo=";

/// The picture as a page: one file with nothing from outside, with a search, and with the details of a
/// node on a click. What is shown is written into it as text; the script only shows and hides.
pub fn html(graph: &Graph) -> String {
    let title = format!("{} ({})", graph.system, graph.profile);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1><input id=\"search\" type=\"search\" placeholder=\"Search: a name, an image, a crate, a \
         variable\" aria-label=\"Search\"><output id=\"found\"></output></header>\n<main>\n<div id=\"view\">\n",
        title = Escaped(&title)
    );
    page.push_str(&linked(graph, |node| format!("#{}", anchor(node.id.as_str()))));
    page.push_str("</div>\n<aside>\n<p class=\"hint\">A click on a box shows its details.</p>\n");
    for node in &graph.nodes {
        details(&mut page, graph, node);
    }
    let _ = write!(page, "</aside>\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

/// The name of a node's details in the page.
fn anchor(id: &str) -> String {
    format!("node-{id}")
}

fn details(page: &mut String, graph: &Graph, node: &Node) {
    let id = Escaped(node.id.as_str());
    let _ = write!(
        page,
        "<section id=\"{}\" data-id=\"{id}\">\n<h2>{id}</h2>\n<p class=\"kind\">{}, {}</p>\n",
        Escaped(&anchor(node.id.as_str())),
        node.role.as_str(),
        Escaped(&node.kind)
    );
    for text in node.name.iter().chain(&node.description) {
        let _ = writeln!(page, "<p>{}</p>", Escaped(text));
    }
    page.push_str("<dl>\n");
    let edges = |edges: Vec<&Edge>, other: fn(&Edge) -> &str| -> Vec<String> {
        edges.into_iter().map(|edge| reference(other(edge), edge)).collect()
    };
    let from = graph.edges.iter().filter(|edge| edge.from == node.id).collect();
    let to = graph.edges.iter().filter(|edge| edge.to == node.id).collect();
    let networks = graph.areas.iter().filter(|area| area.members.contains(&node.id));
    let image = if node.replicas == 0 { "address" } else { "image" };
    list(page, image, (!node.runs.is_empty()).then(|| text(&node.runs)));
    list(page, "schedule", node.schedule.as_deref().map(text));
    list(page, "replicas", (node.replicas > 1).then(|| node.replicas.to_string()));
    list(page, "public", node.public.iter().map(|one| text(one)));
    list(
        page,
        "ports",
        node.ports.iter().map(|port| {
            let name = port.name.as_ref().map(|name| format!(" ({})", text(name))).unwrap_or_default();
            let published = port.published.as_ref().map(|port| format!(", published on {}", text(port)));
            format!("{}{name}{}", text(&port.number), published.unwrap_or_default())
        }),
    );
    list(page, "uses", edges(from, |edge| edge.to.as_str()));
    list(page, "used by", edges(to, |edge| edge.from.as_str()));
    list(page, "declared by", [text(&node.declared_by)]);
    list(
        page,
        "brought by",
        node.brought_by.iter().map(|path| {
            let hops = path.hops.iter().map(|hop| {
                let features: Vec<String> = hop.features.iter().map(|feature| text(feature)).collect();
                let features =
                    if features.is_empty() { String::new() } else { format!(" (feature {})", features.join(", ")) };
                format!(" → {}{features}", text(&hop.to))
            });
            format!("{}{}", text(path.app.as_str()), hops.collect::<String>())
        }),
    );
    list(page, "networks", networks.map(|area| text(area.network)));
    list(page, "data", node.data.iter().map(|one| text(one)));
    list(
        page,
        "variables",
        node.env.iter().map(|variable| {
            let from = variable.from.as_ref().map(|id| format!(" from {}", text(id.as_str()))).unwrap_or_default();
            format!("<code>{}</code>{from}", text(&variable.name))
        }),
    );
    list(page, "secrets", node.secrets.iter().map(|one| text(one)));
    page.push_str("</dl>\n</section>\n");
}

fn text(text: &str) -> String {
    Escaped(text).to_string()
}

fn reference(id: &str, edge: &Edge) -> String {
    let waits = edge.waits.map(|wait| format!(", {}", wait.describe())).unwrap_or_default();
    format!("<a href=\"#{}\">{}</a>{waits}", text(&anchor(id)), text(id))
}

/// A line of the details; none where there is nothing.
fn list(page: &mut String, name: &str, items: impl IntoIterator<Item = String>) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = write!(page, "<dt>{name}</dt>");
    for item in items {
        let _ = write!(page, "<dd>{item}</dd>");
    }
    page.push('\n');
}
