use std::fmt::Write as _;

use super::model::{Edge, Graph, Node, NodeRole};

/// The picture in the [DOT language](https://graphviz.org/doc/info/lang.html) of Graphviz.
pub fn dot(graph: &Graph) -> String {
    let mut text = format!(
        "digraph {} {{\n  rankdir=LR;\n  label={};\n  labelloc=t;\n  fontname=\"sans-serif\";\n  \
         node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n  \
         edge [color=\"#57606a\"];\n",
        quoted(&graph.system),
        label(&[format!("{} ({})", graph.system, graph.profile)]),
    );
    for (depth, area) in graph.areas.iter().enumerate() {
        let name = label(&[format!("network {}", area.network)]);
        let _ = writeln!(text, "{:indent$}subgraph \"cluster {}\" {{", "", area.network, indent = 2 + 2 * depth);
        let _ = writeln!(text, "{:indent$}label={name}; style=dashed; color=\"#8c959f\";", "", indent = 4 + 2 * depth);
    }
    for depth in (0..=graph.areas.len()).rev() {
        for node in graph.nodes.iter().filter(|node| graph.depth(&node.id) == depth) {
            let attributes = attributes(node);
            let name = quoted(node.id.as_str());
            let _ = writeln!(text, "{:indent$}{name} [{attributes}];", "", indent = 2 + 2 * depth);
        }
        if depth > 0 {
            let _ = writeln!(text, "{:depth$}{:depth$}}}", "", "");
        }
    }
    for edge in &graph.edges {
        let (from, to) = (quoted(edge.from.as_str()), quoted(edge.to.as_str()));
        let _ = writeln!(text, "  {from} -> {to}{};", style(edge));
    }
    text.push_str("}\n");
    text
}

fn attributes(node: &Node) -> String {
    let (fill, line, style) = match node.role {
        NodeRole::App => ("#ddf4ff", "#0969da", "rounded,filled"),
        NodeRole::Job => ("#ddf4ff", "#0969da", "rounded,filled,dashed"),
        NodeRole::Service => ("#dafbe1", "#1a7f37", "rounded,filled"),
        NodeRole::External => ("#fff8c5", "#9a6700", "rounded,filled,dashed"),
    };
    let width = if node.public.is_empty() { "" } else { ", penwidth=3" };
    format!("label={}, fillcolor=\"{fill}\", color=\"{line}\", style=\"{style}\"{width}", label(&node.label()))
}

fn style(edge: &Edge) -> &'static str {
    match (edge.uses, edge.waits) {
        (false, _) => " [style=dashed, label=\"after\", fontsize=9]",
        (true, Some(wait)) if !wait.required => " [style=dotted]",
        _ => "",
    }
}

/// A name: within quotes only a quote has a meaning, and a backslash before it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Lines of a label, in which a backslash has a meaning of its own, and a character may be written as
/// HTML writes it.
fn label(lines: &[String]) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push_str("\\n");
        }
        for character in line.chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '&' => text.push_str("&amp;"),
                character if character.is_control() => text.push(' '),
                character => text.push(character),
            }
        }
    }
    format!("\"{text}\"")
}
