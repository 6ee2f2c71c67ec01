//! Every edge of the plan is in the picture and nothing else, in each of its formats.

use std::collections::BTreeSet;

use cargo_orch::graph::{Graph, NodeRole, dot, html, mermaid, svg};
use cargo_orch::plan::Plan;
use cargo_orch::target::Compose;
use serde_json::Value;

use super::{graph, plans, readers};

type Pair = (String, String);

/// What the plan says: who talks with whom, and who waits for whom.
fn expected(plan: &Plan) -> BTreeSet<Pair> {
    let of = |from: &orch_manifest::Id, to: &orch_manifest::Id| (from.to_string(), to.to_string());
    let talks = plan.workloads.iter().flat_map(|one| one.talks_to.iter().map(|to| of(&one.id, to)));
    let waits = plan.workloads.iter().flat_map(|one| one.dependencies.iter().map(|to| of(&one.id, &to.id)));
    talks.chain(waits).filter(|(from, to)| from != to).collect()
}

/// What stands in a line between two texts, of every line that begins with the first.
fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    line.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn sorted(mut pairs: Vec<Pair>) -> Vec<Pair> {
    pairs.sort();
    pairs
}

#[test]
fn the_graph_is_the_plan() {
    let mut seen = 0;
    for plan in plans() {
        let graph = graph(&plan);
        let edges: Vec<Pair> = graph.edges.iter().map(|edge| (edge.from.to_string(), edge.to.to_string())).collect();
        assert_eq!(edges, expected(&plan).into_iter().collect::<Vec<_>>(), "{} {}", plan.system, plan.profile);
        seen += edges.len();
        for edge in &graph.edges {
            let from = plan.workload(&edge.from).unwrap();
            assert_eq!(edge.uses, from.talks_to.contains(&edge.to));
            let wait = from.dependencies.iter().find(|dependency| dependency.id == edge.to);
            assert_eq!(edge.waits.map(|wait| (wait.condition, wait.required)), wait.map(|w| (w.condition, w.required)));
        }
        let ids: BTreeSet<&orch_manifest::Id> = graph.nodes.iter().map(|node| &node.id).collect();
        let planned = plan.workloads.iter().map(|one| &one.id).chain(plan.externals.iter().map(|one| &one.id));
        assert_eq!(ids, planned.collect());
        assert_eq!(ids.len(), graph.nodes.len());
        for node in graph.nodes.iter().filter(|node| node.role != NodeRole::External) {
            assert_eq!(!node.public.is_empty(), plan.workload(&node.id).unwrap().is_public(), "{}", node.id);
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn areas_are_the_networks_of_compose_each_within_the_one_before() {
    for plan in plans() {
        let graph = graph(&plan);
        let compose = serde_json::to_value(Compose::new(&plan).0).unwrap();
        for service in compose["services"].as_array().unwrap() {
            let Some(node) = graph.nodes.iter().find(|node| service["id"] == node.id.as_str()) else { continue };
            let networks: BTreeSet<&str> =
                service["networks"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
            let areas = graph.areas.iter().filter(|area| area.members.contains(&node.id));
            assert_eq!(areas.map(|area| area.network).collect::<BTreeSet<_>>(), networks, "{}", node.id);
        }
        assert!(graph.areas.windows(2).all(|pair| pair[0].members.is_superset(&pair[1].members)));
    }
}

#[test]
fn each_format_draws_each_edge_once() {
    for plan in plans() {
        let graph = graph(&plan);
        let expected: Vec<Pair> = expected(&plan).into_iter().collect();
        for text in [svg(&graph), html(&graph)] {
            let pair = |line: &str| {
                let end = |name| Some(between(line, &format!("data-{name}=\""), "\"")?.to_owned());
                Some((end("from")?, end("to")?))
            };
            assert_eq!(sorted(text.lines().filter_map(pair).collect()), expected);
            let boxes = text.lines().filter(|line| line.contains("<g class=\"node ")).count();
            assert_eq!(boxes, graph.nodes.len());
        }
        assert_eq!(sorted(arrows(&mermaid(&graph), &graph)), expected);
    }
}

/// The edges of a flowchart, by the names that its boxes have.
fn arrows(text: &str, graph: &Graph) -> Vec<Pair> {
    let id = |name: &str| -> Option<String> {
        let index = name.strip_prefix('n')?.parse::<usize>().ok()?;
        Some(graph.nodes[index].id.to_string())
    };
    let pair = |line: &str| -> Option<Pair> {
        let line = line.trim();
        let (from, to) =
            ["-->", "-.->", "-. after .->"].iter().find_map(|arrow| line.split_once(&format!(" {arrow} ")))?;
        Some((id(from)?, id(to)?))
    };
    text.lines().filter_map(pair).collect()
}

#[test]
fn graphviz_reads_the_same() {
    for plan in plans() {
        let graph = graph(&plan);
        let Some(read) = readers::graphviz(&dot(&graph)) else { return };
        let objects = read["objects"].as_array().unwrap();
        let name = |index: &Value| objects[usize::try_from(index.as_u64().unwrap()).unwrap()]["name"].as_str().unwrap();
        let edges = read["edges"].as_array().into_iter().flatten();
        let edges = edges.map(|edge| (name(&edge["tail"]).to_owned(), name(&edge["head"]).to_owned())).collect();
        assert_eq!(sorted(edges), expected(&plan).into_iter().collect::<Vec<_>>());
        for area in &graph.areas {
            let cluster = objects.iter().find(|one| one["name"] == format!("cluster {}", area.network)).unwrap();
            let members: BTreeSet<&str> = cluster["nodes"].as_array().unwrap().iter().map(name).collect();
            assert_eq!(members, area.members.iter().map(orch_manifest::Id::as_str).collect());
        }
    }
}
