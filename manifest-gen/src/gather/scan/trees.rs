//! Which crates belong to which application.

use super::super::apps::Chosen;
use super::super::cargo::Cargo;
use super::super::tree::{self, Tree};
use super::super::workspace::Member;
use super::super::{GatherError, Reading};

/// The graph of each application, and that of all of them together where other packages belong to
/// the system: those have the features that all of them switch on.
pub(super) fn resolve(
    cargo: &Cargo,
    chosen: &Chosen<'_>,
    reading: &Reading,
) -> Result<(Vec<Tree>, Option<Tree>), GatherError> {
    // Of a single package cargo itself says what is wrong with the name of a feature.
    let only = chosen.packages.len() == 1;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = chosen.candidates.len().div_ceil(workers).max(1);
    let run = |member: &&Member| {
        let accepts = |feature: &str| only || member.accepts(feature);
        tree::resolve(&with_features(cargo, member, reading), &member.spec(), &accepts)
    };
    // `cargo tree` takes no lock while it runs.
    std::thread::scope(|scope| {
        let threads: Vec<_> = chosen
            .candidates
            .chunks(share)
            .map(|members| scope.spawn(move || members.iter().map(run).collect::<Result<Vec<Tree>, _>>()))
            .collect();
        let common = if chosen.extra.is_empty() { None } else { Some(together(cargo, chosen, reading)) };
        let mut trees = Vec::new();
        for thread in threads {
            trees.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok((trees, common.transpose()?))
    })
}

/// Cargo with the features of one member.
fn with_features(cargo: &Cargo, member: &Member, reading: &Reading) -> Cargo {
    let Some(features) = reading.features.get(&member.key.0) else { return cargo.clone() };
    Cargo {
        features: features.iter().filter(|feature| *feature != "default").cloned().collect(),
        all_features: false,
        no_default_features: !features.contains("default"),
        ..cargo.clone()
    }
}

fn together(cargo: &Cargo, chosen: &Chosen<'_>, reading: &Reading) -> Result<Tree, GatherError> {
    let own = reading.features.iter().flat_map(|(package, features)| {
        let others = features.iter().filter(|feature| *feature != "default");
        others.map(move |feature| format!("{package}/{feature}"))
    });
    let features = cargo.features.iter().cloned().chain(own).collect();
    let packages: Vec<&str> = chosen.packages.iter().map(String::as_str).collect();
    let text = tree::print(&Cargo { features, ..cargo.clone() }, &packages, &|_| true)?;
    Ok(tree::parse(&text))
}
