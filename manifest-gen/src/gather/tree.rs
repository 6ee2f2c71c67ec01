//! What belongs to one application: its own dependency graph with its own features, as `cargo tree`
//! resolves it.

use std::collections::{BTreeMap, BTreeSet};

use super::GatherError;
use super::cargo::Cargo;
use super::lockfile::PackageKey;

/// The packages that are linked into one package's targets, each with its features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// More than one set of features is possible only where two packages differ in nothing but
    /// their source.
    pub(super) packages: BTreeMap<PackageKey, BTreeSet<BTreeSet<String>>>,
    /// Who depends on whom.
    pub(super) edges: BTreeMap<PackageKey, BTreeSet<PackageKey>>,
}

impl Tree {
    /// Whether the package is linked with exactly these features.
    pub(super) fn has(&self, package: &PackageKey, features: &BTreeSet<String>) -> bool {
        self.packages.get(package).is_some_and(|sets| sets.contains(features))
    }
}

/// Resolves the graph of one package.
pub(super) fn resolve(cargo: &Cargo, package: &str, applies: &dyn Fn(&str) -> bool) -> Result<Tree, GatherError> {
    let mut command = cargo.command("tree");
    command.args(["-p", package, "-e", "normal", "--prefix", "depth", "-f", "\t{p}\t{f}"]);
    if let Some(target) = &cargo.target {
        command.arg("--target").arg(target);
    }
    cargo.feature_flags(&mut command, applies);
    let output = cargo.capture(command)?;
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

struct Line<'a> {
    depth: usize,
    /// Package and features: what tells one node of the graph from another.
    node: (&'a str, &'a str),
}

/// Reads lines of `DEPTH\tNAME vVERSION (SOURCE)\tFEATURES`. A node's dependencies are listed below
/// it once; where it comes again, the features end in ` (*)`.
fn parse(text: &str) -> Tree {
    let lines = text.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let (depth, package) = (fields.next()?.trim().parse().ok()?, fields.next()?);
        let features = fields.next().unwrap_or_default();
        let strip = |text: &'_ str| text.len() - text.trim_end().trim_end_matches("(*)").trim_end().len();
        Some(Line {
            depth,
            node: (&package[..package.len() - strip(package)], &features[..features.len() - strip(features)]),
        })
    });
    let mut edges: BTreeMap<(&str, &str), BTreeSet<(&str, &str)>> = BTreeMap::new();
    let mut path: Vec<(&str, &str)> = Vec::new();
    let mut root = None;
    for line in lines {
        path.truncate(line.depth);
        match path.last() {
            Some(parent) => {
                edges.entry(*parent).or_default().insert(line.node);
            }
            None => root = root.or(Some(line.node)),
        }
        path.push(line.node);
    }
    let mut tree = Tree::default();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(&str, &str)> = root.into_iter().collect();
    while let Some(node) = open.pop() {
        // What a procedural macro depends on runs in the compiler.
        if is_procedural_macro(&node) || !seen.insert(node) {
            continue;
        }
        let features = node.1.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned).collect();
        tree.packages.entry(key(node)).or_default().insert(features);
        let below: Vec<(&str, &str)> = edges.get(&node).into_iter().flatten().copied().collect();
        let linked = below.iter().filter(|below| !is_procedural_macro(below)).map(|below| key(*below));
        tree.edges.entry(key(node)).or_default().extend(linked);
        open.extend(below);
    }
    tree
}

fn is_procedural_macro(node: &(&str, &str)) -> bool {
    node.0.contains(" (proc-macro)")
}

fn key(node: (&str, &str)) -> PackageKey {
    let mut words = node.0.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    (name, words.next().unwrap_or_default().trim_start_matches('v').to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::parse;

    #[test]
    fn what_only_a_procedural_macro_needs_is_left_out() {
        let text = "0\tapi v0.1.0 (/w/api)\tdefault\n\
                    1\tmacros v1.0.0 (proc-macro)\t\n\
                    2\tsyn v3.0.0\tfull,parsing\n\
                    2\tadapter v0.1.0 (/w/adapter)\ttls\n\
                    3\tdriver v1.0.0\t\n\
                    1\tadapter v0.1.0 (/w/adapter)\ttls (*)\n";
        let tree = parse(text);
        let names: Vec<&str> = tree.packages.keys().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["adapter", "api", "driver"]);
        let tls = BTreeSet::from(["tls".to_owned()]);
        assert!(tree.has(&("adapter".into(), "0.1.0".into()), &tls));
        assert!(!tree.has(&("adapter".into(), "0.1.0".into()), &BTreeSet::new()));
    }
}
