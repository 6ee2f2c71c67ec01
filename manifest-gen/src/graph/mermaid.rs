use std::fmt::Write as _;

use orch_manifest::Id;

use super::model::{Edge, Graph, Node, NodeRole};

/// The picture as a flowchart of [Mermaid](https://mermaid.js.org/syntax/flowchart.html), which GitHub and
/// GitLab draw in a page of Markdown.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    let name = |id: &Id| graph.position(id).map(|index| format!("n{index}")).unwrap_or_default();
    for (depth, area) in graph.areas.iter().enumerate() {
        let _ = writeln!(
            text,
            "{:indent$}subgraph a{depth}[{}]",
            "",
            quoted(&[format!("network {}", area.network)]),
            indent = 2 + 2 * depth
        );
    }
    for depth in (0..=graph.areas.len()).rev() {
        for node in graph.nodes.iter().filter(|node| graph.depth(&node.id) == depth) {
            let _ = writeln!(text, "{:indent$}{}{}", "", name(&node.id), shape(node), indent = 2 + 2 * depth);
        }
        if depth > 0 {
            let _ = writeln!(text, "{:depth$}{:depth$}end", "", "");
        }
    }
    for edge in &graph.edges {
        let _ = writeln!(text, "  {} {} {}", name(&edge.from), arrow(edge), name(&edge.to));
    }
    text.push_str(CLASSES);
    for node in &graph.nodes {
        let _ = writeln!(text, "  class {} {}", name(&node.id), node.role.as_str());
        if !node.public.is_empty() {
            let _ = writeln!(text, "  class {} public", name(&node.id));
        }
    }
    text
}

/// Colours that are legible on a light and on a dark page.
const CLASSES: &str = "  classDef app fill:#ddf4ff,stroke:#0969da,color:#1f2328
  classDef job fill:#ddf4ff,stroke:#0969da,color:#1f2328,stroke-dasharray:6 3
  classDef service fill:#dafbe1,stroke:#1a7f37,color:#1f2328
  classDef external fill:#fff8c5,stroke:#9a6700,color:#1f2328,stroke-dasharray:6 3
  classDef public stroke-width:3px
";

fn shape(node: &Node) -> String {
    let label = quoted(&node.label());
    match node.role {
        NodeRole::Service => format!("[({label})]"),
        NodeRole::App | NodeRole::External => format!("[{label}]"),
        NodeRole::Job => format!("([{label}])"),
    }
}

fn arrow(edge: &Edge) -> &'static str {
    match (edge.uses, edge.waits) {
        (false, _) => "-. after .->",
        (true, Some(wait)) if !wait.required => "-.->",
        _ => "-->",
    }
}

/// Lines in quotes. Mermaid gives a meaning to `"`, `#`, `` ` `` and to HTML in a label, and takes the
/// number of a character between `#` and `;` for the character.
fn quoted(lines: &[String]) -> String {
    let mut text = String::from("\"");
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push_str("<br/>");
        }
        for character in line.chars() {
            if character.is_alphanumeric() || " .,:-/_()×…".contains(character) {
                text.push(character);
            } else if character.is_control() {
                text.push(' ');
            } else {
                let _ = write!(text, "#{};", u32::from(character));
            }
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_label() {
        let lines = ["a\"]; click b \"javascript:1\"".to_owned(), "<b>#`&\n%%".to_owned()];
        let expected = "\"a#34;#93;#59; click b #34;javascript:1#34;<br/>#60;b#62;#35;#96;#38; #37;#37;\"";
        assert_eq!(quoted(&lines), expected);
    }
}
