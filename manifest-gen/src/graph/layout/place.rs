use std::collections::BTreeMap;

use super::{Block, Item, amount};

/// The room between two boxes in a column, and the room that an edge takes.
const BETWEEN: f64 = 22.0;
const LANE: f64 = 12.0;

/// How often heights are made better, forwards and backwards.
const SWEEPS: usize = 16;

/// The height of the middle of every item of every column. Each wants to be level with its
/// neighbours, an edge that passes more than a box.
pub(super) fn heights(columns: &[Vec<Item>], blocks: &[Block], edges: &[(usize, usize)]) -> Vec<Vec<f64>> {
    let links = links(columns, edges);
    let mut heights: Vec<Vec<f64>> = columns.iter().map(|column| stacked(column, blocks)).collect();
    for sweep in 0..SWEEPS {
        for step in 0..columns.len() {
            let column = if sweep % 2 == 1 { columns.len() - 1 - step } else { step };
            let wanted: Vec<Wish> = columns[column]
                .iter()
                .enumerate()
                .map(|(row, item)| wish(*item, heights[column][row], &links[column][row], &heights))
                .collect();
            heights[column] = closest(&wanted, &offsets(&columns[column], blocks));
        }
    }
    let top = columns.iter().zip(&heights).filter_map(|(column, heights)| {
        column.first().zip(heights.first()).map(|(item, middle)| middle - half(*item, blocks))
    });
    let top = top.fold(f64::INFINITY, f64::min);
    heights.iter().map(|column| column.iter().map(|height| height - top).collect()).collect()
}

/// Where an item stands: its column, and its row in it.
type Seat = (usize, usize);

/// The seats beside each seat.
fn links(columns: &[Vec<Item>], edges: &[(usize, usize)]) -> Vec<Vec<Vec<Seat>>> {
    let mut seats: BTreeMap<usize, Seat> = BTreeMap::new();
    let mut passing: Vec<Vec<Seat>> = vec![Vec::new(); edges.len()];
    for (number, column) in columns.iter().enumerate() {
        for (row, item) in column.iter().enumerate() {
            match *item {
                Item::Block(block) => {
                    seats.insert(block, (number, row));
                }
                Item::Passing(edge) => passing[edge].push((number, row)),
            }
        }
    }
    let mut links: Vec<Vec<Vec<Seat>>> = columns.iter().map(|column| vec![Vec::new(); column.len()]).collect();
    for (&(from, to), passing) in edges.iter().zip(passing) {
        let way: Vec<Seat> = std::iter::once(seats[&from]).chain(passing).chain([seats[&to]]).collect();
        for pair in way.windows(2) {
            links[pair[0].0][pair[0].1].push(pair[1]);
            links[pair[1].0][pair[1].1].push(pair[0]);
        }
    }
    links
}

/// Where an item wants to be, and how much.
struct Wish {
    height: f64,
    weight: f64,
}

fn wish(item: Item, height: f64, links: &[Seat], heights: &[Vec<f64>]) -> Wish {
    if links.is_empty() {
        return Wish { height, weight: 0.1 };
    }
    let sum: f64 = links.iter().map(|&(column, row)| heights[column][row]).sum();
    let weight = if matches!(item, Item::Passing(_)) { 4.0 } else { 1.0 };
    Wish { height: sum / amount(links.len()), weight }
}

fn half(item: Item, blocks: &[Block]) -> f64 {
    match item {
        Item::Block(block) => f64::midpoint(blocks[block].height, BETWEEN),
        Item::Passing(_) => LANE / 2.0,
    }
}

/// The middles of the items of a column when they stand as close as they may.
fn offsets(column: &[Item], blocks: &[Block]) -> Vec<f64> {
    let mut below = 0.0;
    column
        .iter()
        .map(|item| {
            let middle = below + half(*item, blocks);
            below += 2.0 * half(*item, blocks);
            middle
        })
        .collect()
}

/// The same with the middle of the column at 0.
fn stacked(column: &[Item], blocks: &[Block]) -> Vec<f64> {
    let total: f64 = column.iter().map(|item| 2.0 * half(*item, blocks)).sum();
    offsets(column, blocks).into_iter().map(|offset| offset - total / 2.0).collect()
}

/// The heights in the given order and apart from each other that are closest to what is wanted. Beyond
/// their offsets they may only grow, so this is isotonic regression: neighbours in the wrong order are
/// pooled at their mean (M. Ayer et al., 1955).
fn closest(wanted: &[Wish], offsets: &[f64]) -> Vec<f64> {
    struct Pool {
        sum: f64,
        weight: f64,
        members: usize,
    }
    let mut pools: Vec<Pool> = Vec::new();
    for (wish, offset) in wanted.iter().zip(offsets) {
        let mut pool = Pool { sum: (wish.height - offset) * wish.weight, weight: wish.weight, members: 1 };
        while let Some(last) = pools.pop_if(|last| last.sum / last.weight > pool.sum / pool.weight) {
            pool.sum += last.sum;
            pool.weight += last.weight;
            pool.members += last.members;
        }
        pools.push(pool);
    }
    let levels = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.sum / pool.weight, pool.members));
    levels.zip(offsets).map(|(level, offset)| level + offset).collect()
}
