//! What belongs to one application: its own dependency graph with its own features, as `cargo tree`
//! resolves it.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use super::GatherError;
use super::cargo::Cargo;
use super::lockfile::PackageKey;

/// The packages that are linked into the targets of one or more packages, each with its features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// There is more than one set of features only where two packages differ in nothing but their
    /// source.
    pub(super) packages: BTreeMap<PackageKey, BTreeSet<BTreeSet<String>>>,
    /// Who depends on whom.
    pub(super) edges: BTreeMap<PackageKey, BTreeSet<PackageKey>>,
    /// How cargo names each: with where it is from, the folder if it was not downloaded.
    pub(super) shown: BTreeMap<PackageKey, BTreeSet<String>>,
}

impl Tree {
    /// The features that the package is linked with; `None` where that cannot be told.
    pub(super) fn features(&self, package: &PackageKey) -> Option<&BTreeSet<String>> {
        let sets = self.packages.get(package)?;
        sets.first().filter(|_| sets.len() == 1)
    }

    /// Whether two packages that are linked have this name and this version.
    pub(super) fn is_ambiguous(&self, package: &PackageKey) -> bool {
        self.shown.get(package).is_some_and(|shown| shown.len() > 1)
    }

    /// The folder of a package that was not downloaded.
    pub(super) fn folder(&self, package: &PackageKey) -> Option<&Utf8Path> {
        // `NAME vVERSION (FOLDER)`; what was downloaded has nothing there, or an address
        let (_, source) = self.shown.get(package)?.first()?.split_once(" (")?;
        let folder = Utf8Path::new(source.strip_suffix(')')?);
        folder.is_absolute().then_some(folder)
    }
}

/// Resolves the graph of one package.
pub(super) fn resolve(cargo: &Cargo, package: &str, applies: &dyn Fn(&str) -> bool) -> Result<Tree, GatherError> {
    print(cargo, &[package], applies).map(|text| parse(&text))
}

/// The graph of packages as cargo prints it, for [`parse`]; of several with the features they have
/// together.
pub(super) fn print(cargo: &Cargo, packages: &[&str], applies: &dyn Fn(&str) -> bool) -> Result<String, GatherError> {
    let mut command = cargo.command("tree");
    // Cargo lists what is below a package where it first comes, though below a procedural macro it is
    // compiled for the host and may have other features. So what is below those must not be listed.
    command.args(["-e", "normal,no-proc-macro", "--prefix", "depth", "-f", "\t{p}\t{f}"]);
    for package in packages {
        command.args(["-p", package]);
    }
    if let Some(target) = &cargo.target {
        command.arg("--target").arg(target);
    }
    cargo.feature_flags(&mut command, applies);
    let output = cargo.capture(command)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

struct Line<'a> {
    depth: usize,
    /// Package and features: what tells one node of the graph from another.
    node: (&'a str, &'a str),
}

/// Reads lines of `DEPTH\tNAME vVERSION (SOURCE)\tFEATURES`. A node's dependencies are listed below
/// it once; where it comes again, the features end in ` (*)`.
pub(super) fn parse(text: &str) -> Tree {
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
    let mut roots = Vec::new();
    for line in lines {
        path.truncate(line.depth);
        match path.last() {
            Some(parent) => {
                edges.entry(*parent).or_default().insert(line.node);
            }
            None => roots.push(line.node),
        }
        path.push(line.node);
    }
    let mut tree = Tree::default();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(&str, &str)> = roots;
    while let Some(node) = open.pop() {
        if !seen.insert(node) {
            continue;
        }
        let features = node.1.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned).collect();
        tree.packages.entry(key(node)).or_default().insert(features);
        tree.shown.entry(key(node)).or_default().insert(node.0.to_owned());
        let below: Vec<(&str, &str)> = edges.get(&node).into_iter().flatten().copied().collect();
        tree.edges.entry(key(node)).or_default().extend(below.iter().map(|below| key(*below)));
        open.extend(below);
    }
    tree
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
    fn a_package_has_its_features_and_what_is_below_it_wherever_it_comes() {
        let text = "0\tapi v0.1.0 (/w/api)\tdefault\n\
                    1\tadapter v0.1.0 (/w/adapter)\ttls,pool\n\
                    2\tdriver v1.0.0\t\n\
                    1\tother v0.1.0 (/w/other)\t\n\
                    2\tadapter v0.1.0 (/w/adapter)\ttls,pool (*)\n";
        let tree = parse(text);
        let key = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(tree.packages.len(), 4);
        let both = BTreeSet::from(["pool".to_owned(), "tls".to_owned()]);
        assert_eq!(tree.features(&key("adapter", "0.1.0")), Some(&both));
        assert_eq!(tree.edges[&key("adapter", "0.1.0")], BTreeSet::from([key("driver", "1.0.0")]));
    }

    #[test]
    fn features_that_cannot_be_told_apart_are_not_told() {
        let text = "0\tapi v0.1.0 (/w/api)\t\n\
                    1\tadapter v0.1.0 (/w/adapter)\ttls\n\
                    1\tadapter v0.1.0 (https://example.com/adapter#1a2b)\t\n";
        assert_eq!(parse(text).features(&("adapter".into(), "0.1.0".into())), None);
    }
}
