use super::*;

/// Boxes of one size in these bands.
fn blocks(bands: &[usize]) -> Vec<Block> {
    bands.iter().map(|&band| Block { width: 100.0, height: 40.0, band }).collect()
}

fn overlaps(layout: &Layout, blocks: &[Block]) -> bool {
    let apart = |a: usize, b: usize| {
        let (p, q) = (layout.blocks[a], layout.blocks[b]);
        p.x + blocks[a].width <= q.x || q.x + blocks[b].width <= p.x || p.y + 40.0 <= q.y || q.y + 40.0 <= p.y
    };
    (0..blocks.len()).any(|a| (0..a).any(|b| !apart(a, b)))
}

#[test]
fn who_uses_stands_before_whom_it_uses() {
    let blocks = blocks(&[0, 0, 0, 1]);
    let layout = layout(&blocks, &[(0, 1), (1, 2), (0, 2), (2, 3)]);
    let x: Vec<f64> = layout.blocks.iter().map(|point| point.x).collect();
    assert!(x.is_sorted_by(|a, b| a < b), "{x:?}");
    assert!(!overlaps(&layout, &blocks));
}

#[test]
fn a_route_leads_from_box_to_box_and_never_through_another() {
    let blocks = blocks(&[0, 0, 0, 0, 0, 0]);
    let edges = [(0, 1), (1, 2), (2, 3), (0, 3), (4, 1), (0, 2), (5, 3)];
    let layout = layout(&blocks, &edges);
    for (&(from, to), route) in edges.iter().zip(&layout.routes) {
        let (first, last) = (route[0], route[route.len() - 1]);
        assert!((first.x - layout.blocks[from].x - 100.0).abs() < 0.1, "{first:?}");
        assert!((last.x - layout.blocks[to].x).abs() < 0.1, "{last:?}");
        for point in &route[1..route.len() - 1] {
            let inside =
                |at: &Point| (at.x - 1.0..at.x + 101.0).contains(&point.x) && (at.y..at.y + 40.0).contains(&point.y);
            assert!(!layout.blocks.iter().any(inside), "{point:?}");
        }
    }
}

#[test]
fn circles_and_ways_back_are_drawn() {
    let blocks = blocks(&[0, 0, 0, 1]);
    let edges = [(0, 1), (1, 2), (2, 0), (3, 0), (0, 3)];
    let layout = layout(&blocks, &edges);
    assert!(!overlaps(&layout, &blocks));
    let back = &layout.routes[3];
    assert!(back[0].x > back[back.len() - 1].x, "{back:?}");
}

#[test]
fn many_that_nobody_connects_fill_a_page() {
    let blocks = blocks(&[0; 60]);
    let layout = layout(&blocks, &[]);
    let width = layout.blocks.iter().map(|point| point.x).fold(0.0, f64::max);
    let height = layout.blocks.iter().map(|point| point.y).fold(0.0, f64::max);
    assert!(width > height && width < 3.0 * height, "{width} × {height}");
    assert!(!overlaps(&layout, &blocks));
}

#[test]
fn a_chain_may_have_any_length() {
    let blocks = blocks(&vec![0; 5_000]);
    let edges: Vec<(usize, usize)> = (1..5_000).map(|block| (block - 1, block)).collect();
    assert_eq!(layout(&blocks, &edges).routes.len(), 4_999);
}

#[test]
fn nothing_has_a_picture() {
    assert!(layout(&[], &[]).blocks.is_empty());
}
