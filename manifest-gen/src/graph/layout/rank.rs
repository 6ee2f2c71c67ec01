use std::collections::BTreeSet;

use super::{Block, amount};

/// The column of each box. Along an edge columns grow, unless it leads back to an earlier band or
/// closes a circle.
pub(super) fn columns(blocks: &[Block], edges: &[(usize, usize)]) -> Vec<usize> {
    let room = room(blocks.len());
    let forward = without_circles(blocks, edges);
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); blocks.len()];
    for &(from, to) in &forward {
        before[to].push(from);
    }
    let sequence = sequence(blocks.len(), &forward);
    let mut columns = vec![0; blocks.len()];
    let mut held: Vec<usize> = Vec::new();
    let bands: BTreeSet<usize> = blocks.iter().map(|block| block.band).collect();
    for band in bands {
        let first = held.len();
        for &block in sequence.iter().filter(|&&block| blocks[block].band == band) {
            let after = before[block].iter().map(|&other| columns[other] + 1).max().unwrap_or(0);
            let mut column = after.max(first);
            while held.get(column).is_some_and(|&held| held >= room) {
                column += 1;
            }
            held.resize(held.len().max(column + 1), 0);
            held[column] += 1;
            columns[block] = column;
        }
    }
    // A column that is left empty, because all before it were full, takes no place.
    let used: Vec<usize> = (0..held.len()).filter(|&column| held[column] > 0).collect();
    columns.into_iter().map(|column| used.binary_search(&column).unwrap_or(column)).collect()
}

/// How many boxes a column holds: such that a page is wider than it is high.
fn room(blocks: usize) -> usize {
    let wanted = (amount(blocks) * 1.6).sqrt().ceil();
    (5..=blocks.max(5)).find(|&room| amount(room) >= wanted).unwrap_or(5)
}

/// The edges turned so that they lead from band to band and in no circle.
fn without_circles(blocks: &[Block], edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let turned: Vec<(usize, usize)> = edges
        .iter()
        .map(|&(from, to)| if blocks[from].band > blocks[to].band { (to, from) } else { (from, to) })
        .collect();
    let left = finished(blocks.len(), &turned);
    turned.into_iter().map(|(from, to)| if left[from] > left[to] { (from, to) } else { (to, from) }).collect()
}

/// When a walk along the edges leaves each box for good: without circles, after all that it leads to.
/// Without recursion, since a chain may have any length.
fn finished(blocks: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let next = neighbours(blocks, edges);
    let (mut left, mut clock) = (vec![0; blocks], 0);
    let mut entered = vec![false; blocks];
    // Who uses and is not used comes first, so that a walk begins where the system does.
    let used: BTreeSet<usize> = edges.iter().map(|&(_, to)| to).collect();
    let starts = (0..blocks).filter(|block| !used.contains(block)).chain(0..blocks);
    for start in starts {
        let mut path = Vec::new();
        if !entered[start] {
            entered[start] = true;
            path.push((start, 0));
        }
        while let Some((block, looked_at)) = path.last_mut() {
            let Some(&other) = next[*block].get(*looked_at) else {
                clock += 1;
                left[*block] = clock;
                path.pop();
                continue;
            };
            *looked_at += 1;
            if !entered[other] {
                entered[other] = true;
                path.push((other, 0));
            }
        }
    }
    left
}

/// All boxes, each after those that lead to it, and by how long the way to it is.
fn sequence(blocks: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let next = neighbours(blocks, edges);
    let mut waiting = vec![0_usize; blocks];
    for &(_, to) in edges {
        waiting[to] += 1;
    }
    // Who stands alone comes last: there is room for it anywhere.
    let (alone, mut open): (Vec<usize>, Vec<usize>) =
        (0..blocks).filter(|&block| waiting[block] == 0).partition(|&block| next[block].is_empty());
    let mut sequence = Vec::with_capacity(blocks);
    while !open.is_empty() {
        let mut following = Vec::new();
        for block in open {
            sequence.push(block);
            for &other in &next[block] {
                waiting[other] -= 1;
                if waiting[other] == 0 {
                    following.push(other);
                }
            }
        }
        open = following;
    }
    sequence.extend(alone);
    sequence
}

fn neighbours(blocks: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); blocks];
    for &(from, to) in edges {
        next[from].push(to);
    }
    next
}
