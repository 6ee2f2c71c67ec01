//! A manifest from elsewhere says what it likes: none of it is more than text in a picture.

use cargo_orch::graph::{dot, html, mermaid, svg};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{graph, planned, readers};

fn system(text: &str) -> cargo_orch::plan::Plan {
    let place = json!({"package": text, "file": text, "item": text});
    planned(&json!({
        "schemaVersion": 1,
        "system": "s",
        "apps": [{
            "id": "api", "version": "1", "kind": "worker", "services": ["db", "there"],
            "name": text, "description": text, "declaredBy": place
        }],
        "services": [
            {"id": "db", "kind": "database", "image": "postgres:16", "description": text, "declaredBy": place},
            {"id": "there", "kind": "mail", "deployment": "external", "connection": {"host": text},
                "image": "x:1", "declaredBy": place}
        ]
    }))
}

#[test]
fn nothing_breaks_out_of_xml_and_html() {
    for text in readers::hostile() {
        // What is empty has no line of its own.
        let graph = graph(&system(&format!("x{text}")));
        let (picture, page) = (svg(&graph), html(&graph));
        assert_eq!(elements(&picture), elements(&svg(&graph_of_letters())), "{text:?}");
        assert_eq!(elements(&page), elements(&html(&graph_of_letters())), "{text:?}");
        assert!(picture.chars().all(|one| !one.is_control()
            || one == '\n'
            || one == '\t'
            || one == '\r'
            || one as u32 >= 0x7f));
    }
}

fn graph_of_letters() -> cargo_orch::graph::Graph {
    graph(&system("letters"))
}

/// The names of the elements in a text, in order.
fn elements(text: &str) -> Vec<String> {
    let begins = text.match_indices('<').map(|(at, _)| &text[at + 1..]);
    let name = |rest: &str| rest.split(|one: char| one.is_whitespace() || one == '>').next().unwrap().to_owned();
    begins.map(name).collect()
}

#[test]
fn a_flowchart_has_the_same_lines_whatever_is_written_in_it() {
    let letters = mermaid(&graph_of_letters()).lines().count();
    for text in readers::hostile() {
        let chart = mermaid(&graph(&system(&text)));
        assert_eq!(chart.lines().count(), letters, "{text:?}");
        for line in chart.lines().filter(|line| line.contains('"')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
            let label = line.split('"').nth(1).unwrap().replace("<br/>", "");
            assert!(!label.contains(['<', '>', '`', '[', ']', '{', '}', '&']), "{line}");
        }
    }
}

#[test]
fn graphviz_reads_labels_as_they_were() {
    for text in readers::hostile() {
        let Some(read) = readers::graphviz(&dot(&graph(&system(&text)))) else { return };
        let objects = read["objects"].as_array().unwrap();
        let names: Vec<&str> = objects.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["cluster internal", "cluster external", "api", "db", "there"], "{text:?}");
        assert_eq!(read["edges"].as_array().unwrap().len(), 2, "{text:?}");
    }
}

#[test]
fn no_value_is_in_a_picture() {
    let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
    let plan = planned(&json!({
        "schemaVersion": 1,
        "system": "s",
        "services": [
            {"id": "db", "kind": "database", "image": "postgres:16", "declaredBy": place,
                "env": {"PLAIN": "needle-1", "CHOSEN": {"var": "CHOSEN", "default": "needle-2"}}},
            {"id": "there", "kind": "mail", "deployment": "external", "image": "x:1", "declaredBy": place,
                "connection": {"url": "smtp://needle-3@mail.example:25/?key=needle-4#needle-5"}}
        ]
    }));
    let graph = graph(&plan);
    for text in [svg(&graph), html(&graph), mermaid(&graph), dot(&graph)] {
        assert!(!text.contains("needle") && text.contains("mail.example"), "{text}");
    }
    assert!(html(&graph).contains("<code>CHOSEN</code>"));
}

#[test]
fn a_page_has_nothing_from_outside_and_runs_no_other_script() {
    let page = html(&graph_of_letters());
    for word in ["http:", "https:", " src=", "@import", "url(h", "onclick", "innerHTML", "eval("] {
        let found = page.replace("http://www.w3.org/2000/svg", "").contains(word);
        assert!(!found, "{word}");
    }
    let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let hash = base64(&Sha256::digest(script));
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")), "write sha256-{hash} to SCRIPT_HASH");
}

/// As a browser writes a hash.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).map(|group| {
        let bits = group.iter().chain([0, 0].iter()).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let letters = [18, 12, 6, 0].map(|shift| char::from(LETTERS[bits >> shift & 63]));
        let (text, fill) = (letters[..=group.len()].iter().collect::<String>(), "=".repeat(3 - group.len()));
        text + &fill
    });
    groups.collect()
}
