use super::{Item, amount};

/// How often columns are put in order again, forwards and backwards.
const SWEEPS: usize = 24;

/// What stands in each column, from above: its boxes, and the edges that pass through it. Each column is
/// sorted by where its neighbours stand, again and again, and what crosses least is kept.
pub(super) fn order(columns: &[usize], edges: &[(usize, usize)]) -> Vec<Vec<Item>> {
    let mut web = Web::new(columns, edges);
    let mut best = web.columns.clone();
    let mut least = web.crossings();
    for sweep in 0..SWEEPS {
        if least == 0 {
            break;
        }
        let backwards = sweep % 2 == 1;
        for step in 0..web.columns.len() {
            let column = if backwards { web.columns.len() - 1 - step } else { step };
            web.sort(column, backwards);
        }
        let crossings = web.crossings();
        if crossings < least {
            least = crossings;
            best.clone_from(&web.columns);
        }
    }
    best.into_iter().map(|column| column.into_iter().map(|vertex| web.items[vertex]).collect()).collect()
}

/// Items that are connected with the column before and the column after theirs only.
struct Web {
    items: Vec<Item>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// The items in each column, from above.
    columns: Vec<Vec<usize>>,
    /// Where each item stands in its column.
    position: Vec<usize>,
}

impl Web {
    fn new(columns: &[usize], edges: &[(usize, usize)]) -> Self {
        let count = columns.iter().max().map_or(0, |last| last + 1);
        let mut web = Self {
            items: (0..columns.len()).map(Item::Block).collect(),
            before: vec![Vec::new(); columns.len()],
            after: vec![Vec::new(); columns.len()],
            columns: vec![Vec::new(); count],
            position: vec![0; columns.len()],
        };
        for (block, &column) in columns.iter().enumerate() {
            web.columns[column].push(block);
        }
        for (edge, &(from, to)) in edges.iter().enumerate() {
            let mut last = from;
            for column in columns[from] + 1..columns[to] {
                let passing = web.items.len();
                web.items.push(Item::Passing(edge));
                web.before.push(Vec::new());
                web.after.push(Vec::new());
                web.position.push(0);
                web.columns[column].push(passing);
                web.connect(last, passing);
                last = passing;
            }
            web.connect(last, to);
        }
        for column in 0..count {
            web.number(column);
        }
        web
    }

    fn connect(&mut self, from: usize, to: usize) {
        self.after[from].push(to);
        self.before[to].push(from);
    }

    fn number(&mut self, column: usize) {
        for (position, &vertex) in self.columns[column].iter().enumerate() {
            self.position[vertex] = position;
        }
    }

    /// Sorts a column by the middle of its neighbours; who has none stays where it is.
    fn sort(&mut self, column: usize, backwards: bool) {
        let neighbours = if backwards { &self.after } else { &self.before };
        let mut keyed: Vec<(f64, usize)> = self.columns[column]
            .iter()
            .map(|&vertex| {
                let others = &neighbours[vertex];
                let sum: f64 = others.iter().map(|&other| amount(self.position[other])).sum();
                let key = if others.is_empty() { amount(self.position[vertex]) } else { sum / amount(others.len()) };
                (key, vertex)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.columns[column] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
        self.number(column);
    }

    fn crossings(&self) -> usize {
        self.columns.iter().map(|column| self.crossings_after(column)).sum()
    }

    /// How many pairs of edges cross between a column and the next: the inversions among their ends, counted
    /// with sums over powers of two (P. Fenwick, 1994).
    fn crossings_after(&self, column: &[usize]) -> usize {
        let ends = column.iter().flat_map(|&vertex| {
            let mut ends: Vec<usize> = self.after[vertex].iter().map(|&other| self.position[other]).collect();
            ends.sort_unstable();
            ends
        });
        let ends: Vec<usize> = ends.collect();
        let mut sums = vec![0; ends.iter().max().map_or(0, |last| last + 2)];
        let mut crossings = 0;
        for (seen, &end) in ends.iter().enumerate() {
            let (mut index, mut above) = (end + 1, 0);
            while index > 0 {
                above += sums[index];
                index &= index - 1;
            }
            crossings += seen - above;
            let mut index = end + 1;
            while index < sums.len() {
                sums[index] += 1;
                index += index & index.wrapping_neg();
            }
        }
        crossings
    }
}
