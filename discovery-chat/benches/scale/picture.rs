//! The picture: a few panels with logarithmic axes, as one SVG that is light or dark as its reader.

use std::fmt::Write as _;

/// One diagram.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) series: Vec<Series>,
}

/// What is drawn in one colour.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 240.0;
const MARGIN: f64 = 44.0;

const HEAD: &str = r"<title>How far a full mesh carries</title>
<desc>Four diagrams over the number of peers, both axes logarithmic: links, announcements, time and memory of a peer. The table beside this picture has the numbers.</desc>
<style>
svg { --ink: #222; --line: #ccc; --simulated: #1565c0; --real: #c62828; --gossip: #2e7d32; font: 12px sans-serif; fill: var(--ink); }
@media (prefers-color-scheme: dark) { svg { --ink: #ddd; --line: #555; --simulated: #64b5f6; --real: #ef9a9a; --gossip: #81c784; } }
.grid { stroke: var(--line); fill: none; }
.simulated { stroke: var(--simulated); } .real { stroke: var(--real); } .gossip { stroke: var(--gossip); }
path.simulated, path.real, path.gossip { fill: none; stroke-width: 2; }
path.gossip { stroke-dasharray: 5 4; }
circle { fill: none; stroke-width: 2; }
text.simulated, text.real, text.gossip { stroke: none; }
text.simulated { fill: var(--simulated); } text.real { fill: var(--real); } text.gossip { fill: var(--gossip); }
</style>
";

/// Draws the panels, two in a row.
pub(crate) fn svg(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(2);
    let (width, height) = (2.0 * WIDTH, crate::number(rows) * HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n{HEAD}"
    );
    for (at, panel) in panels.iter().enumerate() {
        let (x, y) = (crate::number(at % 2) * WIDTH, crate::number(at / 2) * HEIGHT);
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">\n{}</g>", draw(panel));
    }
    svg + "</svg>\n"
}

fn draw(panel: &Panel) -> String {
    let points = || panel.series.iter().flat_map(|series| &series.points);
    let decades = |value: fn(&(f64, f64)) -> f64| {
        let least = points().map(value).fold(f64::INFINITY, f64::min).log10().floor();
        let most = points().map(value).fold(0.0, f64::max).log10().ceil();
        (least, most.max(least + 1.0))
    };
    let (left, right) = decades(|point| point.0);
    let (bottom, top) = decades(|point| point.1);
    let across =
        |value: f64| MARGIN + (value.log10() - left) / (right - left) * (WIDTH - 1.5 * MARGIN);
    let up = |value: f64| {
        HEIGHT - MARGIN - (value.log10() - bottom) / (top - bottom) * (HEIGHT - 2.0 * MARGIN)
    };
    let mut svg = format!("<text x=\"{MARGIN}\" y=\"16\">{}</text>\n", panel.title);
    for value in powers(left, right) {
        let (x, y, end) = (across(value), HEIGHT - MARGIN, MARGIN);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} {y}V{end}\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            y + 16.0
        );
    }
    for value in powers(bottom, top) {
        let (y, x, end) = (up(value), MARGIN, WIDTH - MARGIN / 2.0);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{x} {y:.1}H{end}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            x - 4.0,
            y + 4.0
        );
    }
    for (at, Series { name, points }) in panel.series.iter().enumerate() {
        let place = |(x, y): &(f64, f64)| format!("{:.1} {:.1}", across(*x), up(*y));
        let places: Vec<_> = points.iter().map(place).collect();
        let _ = writeln!(svg, "<path class=\"{name}\" d=\"M{}\"/>", places.join("L"));
        for (x, y) in points.iter().filter(|_| *name == "real") {
            let _ = writeln!(
                svg,
                "<circle class=\"{name}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                across(*x),
                up(*y)
            );
        }
        let x = MARGIN + 90.0 * crate::number(at);
        let _ = writeln!(svg, "<text class=\"{name}\" x=\"{x}\" y=\"34\">{name}</text>");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">peers</text>",
        WIDTH / 2.0,
        HEIGHT - 8.0
    );
    svg
}

/// The powers of ten between two exponents.
fn powers(from: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..=12)
        .map(move |step| from + f64::from(step))
        .take_while(move |at| *at <= to)
        .map(|at| 10_f64.powf(at))
}
