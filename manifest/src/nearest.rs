use crate::Invalid;

/// The candidate a person most likely meant, if any is close enough to be worth naming.
///
/// The distance is the optimal string alignment distance over characters, without regard to case;
/// at most a third of the longer word, and at least one, may differ.
///
/// ```
/// assert_eq!(orch_manifest::nearest("imgae", ["image", "id"]), Some("image"));
/// assert_eq!(orch_manifest::nearest("zebra", ["image", "id"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let longer = word.chars().count().max(candidate.chars().count());
            let distance = distance(&word.to_lowercase(), &candidate.to_lowercase());
            (distance <= (longer / 3).max(1)).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// The advice that goes with a word nobody knows: the nearest candidate, else the list of them.
pub fn did_you_mean(word: &str, candidates: &[&str]) -> String {
    if let Some(candidate) = nearest(word, candidates.iter().copied()) {
        return format!("did you mean `{candidate}`?");
    }
    let list: Vec<String> = candidates.iter().map(|c| format!("`{c}`")).collect();
    match list.len() {
        0 => "there are none".to_owned(),
        1 => format!("there is only {}", list[0]),
        _ => format!("one of {}", list.join(", ")),
    }
}

pub(crate) fn not_one_of(text: &str, what: &str, words: &[&str]) -> Invalid {
    Invalid::new(format!("{} is not {what}", crate::invalid::quoted(text))).help(did_you_mean(text, words))
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitute = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitute.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
