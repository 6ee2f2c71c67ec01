//! Places for boxes, and routes for the edges between them: columns from left to right, in which who
//! uses stands before whom it uses.
//!
//! | module | decides |
//! |---|---|
//! | `rank` | in which column a box stands |
//! | `order` | what stands above what in a column, so that few edges cross |
//! | `place` | at which height, so that edges are straight |
//!
//! The steps are those of K. Sugiyama, S. Tagawa and M. Toda, “Methods for Visual Understanding of
//! Hierarchical System Structures” (1981). A column holds only so many boxes, so that a flat system
//! does not become one long column, and bands keep areas together: the layered layouts that there are as
//! crates know no areas, or set all that is of one rank into one column.

mod order;
mod place;
mod rank;

/// A box to be placed; lengths are in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) width: f64,
    pub(super) height: f64,
    /// All of one band stand before all of the next.
    pub(super) band: usize,
}

/// Where a box is: its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Everything in its place.
#[derive(Debug)]
pub(super) struct Layout {
    /// Of each box, its upper left corner.
    pub(super) blocks: Vec<Point>,
    /// Of each edge, the points that it passes, from its beginning to its end: out of each column and
    /// into the next, at equal height through a column.
    pub(super) routes: Vec<Vec<Point>>,
}

/// What stands in a column: a box, or an edge that passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Block(usize),
    Passing(usize),
}

/// The room between columns, in which edges find their height.
const GAP: f64 = 84.0;

/// Places boxes, with edges from one to another by their indices; none leads from a box to itself.
pub(super) fn layout(blocks: &[Block], edges: &[(usize, usize)]) -> Layout {
    let columns = rank::columns(blocks, edges);
    let forward: Vec<(usize, usize)> =
        edges.iter().map(|&(from, to)| if columns[from] <= columns[to] { (from, to) } else { (to, from) }).collect();
    let items = order::order(&columns, &forward);
    let heights = place::heights(&items, blocks, &forward);
    let (mut left, mut lefts, mut widths) = (0.0, Vec::new(), Vec::new());
    for column in &items {
        let width = column.iter().map(|item| item.width(blocks)).fold(0.0, f64::max);
        lefts.push(left);
        widths.push(width);
        left += width + GAP;
    }
    let mut corners = vec![Point::default(); blocks.len()];
    let mut passings: Vec<Vec<Point>> = vec![Vec::new(); edges.len()];
    for (number, column) in items.iter().enumerate() {
        for (item, &middle) in column.iter().zip(&heights[number]) {
            match *item {
                Item::Block(block) => {
                    let Block { width, height, .. } = blocks[block];
                    let x = lefts[number] + (widths[number] - width) / 2.0;
                    corners[block] = Point { x, y: middle - height / 2.0 };
                }
                Item::Passing(edge) => {
                    passings[edge].push(Point { x: lefts[number], y: middle });
                    passings[edge].push(Point { x: lefts[number] + widths[number], y: middle });
                }
            }
        }
    }
    let routes = routes(blocks, &corners, edges, &forward, passings);
    Layout { blocks: corners, routes }
}

/// The points of each edge. Where several meet at the side of a box, each has a height of its own, in
/// the order in which they come.
fn routes(
    blocks: &[Block],
    corners: &[Point],
    edges: &[(usize, usize)],
    forward: &[(usize, usize)],
    passings: Vec<Vec<Point>>,
) -> Vec<Vec<Point>> {
    let middle = |block: usize| corners[block].y + blocks[block].height / 2.0;
    let mut right: Vec<Vec<(f64, usize)>> = vec![Vec::new(); blocks.len()];
    let mut left: Vec<Vec<(f64, usize)>> = vec![Vec::new(); blocks.len()];
    for (edge, &(from, to)) in forward.iter().enumerate() {
        let next = passings[edge].first().map_or_else(|| middle(to), |point| point.y);
        let last = passings[edge].last().map_or_else(|| middle(from), |point| point.y);
        right[from].push((next, edge));
        left[to].push((last, edge));
    }
    let starts = sides(blocks, corners, right, edges.len(), |block| corners[block].x + blocks[block].width);
    let ends = sides(blocks, corners, left, edges.len(), |block| corners[block].x);
    let mut routes = passings;
    for (edge, route) in routes.iter_mut().enumerate() {
        route.insert(0, starts[edge]);
        route.push(ends[edge]);
        if edges[edge] != forward[edge] {
            route.reverse();
        }
    }
    routes
}

/// Where each edge meets the side of its box.
fn sides(
    blocks: &[Block],
    corners: &[Point],
    meeting: Vec<Vec<(f64, usize)>>,
    edges: usize,
    x: impl Fn(usize) -> f64,
) -> Vec<Point> {
    let mut points = vec![Point::default(); edges];
    for (block, mut meeting) in meeting.into_iter().enumerate() {
        meeting.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let share = (blocks[block].height - 12.0) / amount(meeting.len());
        for (position, (_, edge)) in meeting.into_iter().enumerate() {
            let y = corners[block].y + 6.0 + share * (amount(position) + 0.5);
            points[edge] = Point { x: x(block), y };
        }
    }
    points
}

impl Item {
    fn width(self, blocks: &[Block]) -> f64 {
        match self {
            Self::Block(block) => blocks[block].width,
            Self::Passing(_) => 0.0,
        }
    }
}

/// A count as a length.
fn amount(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests;
