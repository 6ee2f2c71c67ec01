use std::fmt::Write as _;

use super::layout::{Block, Layout, Point, layout};
use super::markup::Escaped;
use super::model::{Edge, Graph, Node};

/// How the picture is coloured, with a light and a dark background.
const STYLE: &str = include_str!("picture.css");

/// The picture as a file of its own: SVG 1.1, with nothing from outside and no script in it.
pub fn svg(graph: &Graph) -> String {
    Drawing::new(graph).svg("", |_| None)
}

/// The same within a page, where each box leads to the details of its node.
pub(super) fn linked(graph: &Graph, link: impl Fn(&Node) -> String) -> String {
    Drawing::new(graph).svg(" id=\"picture\"", |node| Some(link(node)))
}

/// The font's size is 13 and 11 pixels; no letter of what is written in boxes is wider than this on
/// average, whatever font without serifs is there.
const LETTER: f64 = 7.9;
const SMALL_LETTER: f64 = 6.9;
const LINE_HEIGHT: f64 = 16.0;
/// The room between an area and what is in it, and above for its name.
const PADDING: f64 = 20.0;
const HEADING: f64 = 32.0;
const MARGIN: f64 = 24.0;
const TITLE: f64 = 40.0;
const LEGEND: f64 = 34.0;

struct Drawing<'a> {
    graph: &'a Graph,
    texts: Vec<Vec<String>>,
    blocks: Vec<Block>,
    layout: Layout,
    /// Where the boxes begin in the picture.
    shift: Point,
}

impl<'a> Drawing<'a> {
    fn new(graph: &'a Graph) -> Self {
        let texts: Vec<Vec<String>> = graph.nodes.iter().map(Node::label).collect();
        let depths = graph.areas.len();
        let blocks: Vec<Block> = graph
            .nodes
            .iter()
            .zip(&texts)
            .map(|(node, texts)| block(texts, depths - graph.depth(&node.id).min(depths)))
            .collect();
        let edges: Vec<(usize, usize)> =
            graph.edges.iter().filter_map(|edge| graph.position(&edge.from).zip(graph.position(&edge.to))).collect();
        let layout = layout(&blocks, &edges);
        let around = f64::from(u8::try_from(depths).unwrap_or(u8::MAX));
        let shift = Point { x: MARGIN + around * PADDING, y: TITLE + MARGIN + around * (PADDING + HEADING) - PADDING };
        Self { graph, texts, blocks, layout, shift }
    }

    fn svg(&self, attributes: &str, link: impl Fn(&Node) -> Option<String>) -> String {
        let bounds = self.bounds(|_| true).unwrap_or_default();
        let width = (bounds.right + self.shift.x).max(420.0);
        let height = bounds.bottom + self.shift.x + LEGEND;
        let title = format!("{} ({})", self.graph.system, self.graph.profile);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"{attributes} width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
             <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto-start-reverse\"><path class=\"tip\" d=\"M0,0.5 L8,4 L0,7.5 z\"/></marker></defs>\n\
             <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n\
             <text class=\"title\" x=\"{MARGIN}\" y=\"{TITLE}\">{title}</text>\n",
            title = Escaped(&title)
        );
        self.areas(&mut svg);
        for (edge, route) in self.graph.edges.iter().zip(&self.layout.routes) {
            self.edge(&mut svg, edge, route);
        }
        for (index, node) in self.graph.nodes.iter().enumerate() {
            self.node(&mut svg, index, link(node).as_deref());
        }
        legend(&mut svg, height - LEGEND / 2.0);
        svg.push_str("</svg>\n");
        svg
    }

    /// The rectangle around some of the nodes, before it is moved to its place.
    fn bounds(&self, wanted: impl Fn(&Node) -> bool) -> Option<Bounds> {
        let nodes = self.graph.nodes.iter().enumerate().filter(|(_, node)| wanted(node));
        nodes.map(|(index, _)| self.around(index)).reduce(Bounds::and)
    }

    fn around(&self, index: usize) -> Bounds {
        let (corner, block) = (self.layout.blocks[index], self.blocks[index]);
        let (left, top) = (corner.x + self.shift.x, corner.y + self.shift.y);
        Bounds { left, top, right: left + block.width, bottom: top + block.height }
    }

    fn areas(&self, svg: &mut String) {
        // The first has all others within it.
        for (area, within) in self.graph.areas.iter().zip((0..self.graph.areas.len()).rev()) {
            let Some(bounds) = self.bounds(|node| area.members.contains(&node.id)) else { continue };
            let more = f64::from(u8::try_from(within).unwrap_or(u8::MAX));
            let padding = PADDING * (more + 1.0);
            let above = (PADDING + HEADING) * (more + 1.0) - PADDING;
            let (x, y) = (bounds.left - padding, bounds.top - above);
            let _ = writeln!(
                svg,
                "<rect class=\"area\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"10\"/>\n\
                 <text class=\"area-name\" x=\"{:.1}\" y=\"{:.1}\">network {}</text>",
                bounds.right - bounds.left + 2.0 * padding,
                bounds.bottom - bounds.top + above + padding,
                x + 12.0,
                y + 18.0,
                Escaped(area.network)
            );
        }
    }

    fn edge(&self, svg: &mut String, edge: &Edge, route: &[Point]) {
        let class = match (edge.uses, edge.waits) {
            (false, _) => "edge after",
            (true, Some(wait)) if !wait.required => "edge optional",
            _ => "edge",
        };
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" data-from=\"{}\" data-to=\"{}\" d=\"{}\" marker-end=\"url(#arrow)\">\
             <title>{} → {}{}</title></path>",
            Escaped(edge.from.as_str()),
            Escaped(edge.to.as_str()),
            self.curve(route),
            Escaped(edge.from.as_str()),
            Escaped(edge.to.as_str()),
            edge.waits.map(|wait| format!(": {}", wait.describe())).unwrap_or_default(),
        );
    }

    /// A curve that is level wherever it enters or leaves a column.
    fn curve(&self, route: &[Point]) -> String {
        let at = |point: &Point| (point.x + self.shift.x, point.y + self.shift.y);
        let mut path = String::new();
        if let Some((x, y)) = route.first().map(at) {
            let _ = write!(path, "M{x:.1},{y:.1}");
        }
        for pair in route.windows(2) {
            let ((x, y), (to_x, to_y)) = (at(&pair[0]), at(&pair[1]));
            let middle = f64::midpoint(x, to_x);
            let _ = write!(path, " C{middle:.1},{y:.1} {middle:.1},{to_y:.1} {to_x:.1},{to_y:.1}");
        }
        path
    }

    fn node(&self, svg: &mut String, index: usize, link: Option<&str>) {
        let (node, bounds, block) = (&self.graph.nodes[index], self.around(index), self.blocks[index]);
        let public = if node.public.is_empty() { "" } else { " public" };
        if let Some(link) = link {
            let _ = write!(svg, "<a href=\"{}\">", Escaped(link));
        }
        let _ = writeln!(
            svg,
            "<g class=\"node {}{public}\" data-id=\"{}\"><title>{}</title>\
             <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"7\"/>",
            node.role.as_str(),
            Escaped(node.id.as_str()),
            Escaped(&tooltip(node)),
            bounds.left,
            bounds.top,
            block.width,
            block.height
        );
        for (line, text) in self.texts[index].iter().enumerate() {
            let class = match line {
                0 => "id",
                _ if !node.public.is_empty() && line + 1 == self.texts[index].len() => "reach",
                _ => "line",
            };
            let line = f64::from(u8::try_from(line).unwrap_or(u8::MAX));
            let (x, y) = (bounds.left + 12.0, bounds.top + 20.0 + LINE_HEIGHT * line);
            let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", Escaped(text));
        }
        svg.push_str("</g>");
        svg.push_str(if link.is_some() { "</a>\n" } else { "\n" });
    }
}

#[derive(Clone, Copy, Default)]
struct Bounds {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Bounds {
    fn and(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

fn tooltip(node: &Node) -> String {
    let mut lines = vec![node.name.clone().unwrap_or_else(|| node.id.to_string())];
    lines.extend(node.description.clone());
    lines.extend((!node.runs.is_empty()).then(|| node.runs.clone()));
    lines.push(format!("declared by {}", node.declared_by));
    lines.push(format!("in {}", node.origin()));
    if !node.public.is_empty() {
        lines.push(format!("public: {}", node.public.join(", ")));
    }
    lines.join("\n")
}

fn block(texts: &[String], band: usize) -> Block {
    let width = |line: &String, letter: f64| letter * line.chars().map(|_| 1.0).sum::<f64>();
    let first = texts.first().map_or(0.0, |line| width(line, LETTER));
    let widest = texts.iter().skip(1).map(|line| width(line, SMALL_LETTER)).fold(first, f64::max);
    let height = texts.iter().map(|_| LINE_HEIGHT).sum::<f64>() + 14.0;
    Block { width: (widest + 26.0).max(96.0), height, band }
}

fn legend(svg: &mut String, y: f64) {
    let mut x = MARGIN;
    for (class, label, width) in [
        ("edge", "uses", 86.0),
        ("edge optional", "uses, and starts without it", 222.0),
        ("edge after", "starts after it", 130.0),
    ] {
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{x},{y} h34\" marker-end=\"url(#arrow)\"/>\
             <text class=\"line\" x=\"{}\" y=\"{}\">{label}</text>",
            x + 42.0,
            y + 4.0
        );
        x += width;
    }
}
