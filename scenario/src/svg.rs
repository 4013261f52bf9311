//! The picture of a scenario as SVG: the columns of the judge's picture, with an arrow for what
//! crosses the wire. Pure text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::picture::{Moment, What, wrapped};

/// How wide a column is, in characters: three of them can still be read on a phone.
const COLUMN: usize = 24;

/// The size of a character, and of the space between columns, in pixels.
const WIDTH: usize = 8;
const HEIGHT: usize = 17;
const SPACE: usize = 16;

const STYLE: &str = "
  :root { --paper: #ffffff; --ink: #1f2328; --typed: #0550ae; --wire: #7d4e00; --line: #d0d7de }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #161b22; --ink: #e6edf3; --typed: #79c0ff; --wire: #e3b341; --line: #3d444d }
  }
  text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: var(--ink); white-space: pre }
  .head { font-weight: bold } .typed { fill: var(--typed) } .wire { fill: var(--wire) }
  line { stroke: var(--line) } .arrow { stroke: var(--wire); marker-end: url(#tip) }
";

/// Draws the whole story.
pub(crate) fn draw(titles: &[String], moments: &[Moment]) -> String {
    let left = |column| SPACE + column * (COLUMN * WIDTH + SPACE);
    let (width, mut y) = (left(titles.len()), 2 * HEIGHT);
    let mut rows = String::new();
    for (column, title) in titles.iter().enumerate() {
        text(&mut rows, left(column), HEIGHT, "head", title);
    }
    let listeners = listeners(moments);
    for moment in moments {
        let (sign, words) = moment.what.drawn();
        let (class, words, to_the_left) = match &moment.what {
            What::Crosses(said) => {
                let said = said.split_once(": ").map_or(&**said, |(_, said)| said);
                ("wire", readable(said), goes_left(moment, &listeners))
            }
            What::Types(_) | What::Presses(_) | What::Runs(_) => ("typed", words, None),
            _ => ("", words, None),
        };
        let x = left(moment.column);
        for line in wrapped(sign, &words, COLUMN).iter().filter(|line| !line.trim().is_empty())
        {
            y += HEIGHT;
            text(&mut rows, x, y, class, line.trim_end());
        }
        if let Some(to_the_left) = to_the_left {
            let ends = (x, x + COLUMN * WIDTH);
            let (from, to) = if to_the_left { (ends.1, ends.0) } else { ends };
            y += HEIGHT / 2;
            let _ = writeln!(
                rows,
                r#"<line class="arrow" x1="{from}" y1="{y}" x2="{to}" y2="{y}"/>"#
            );
        }
    }
    let height = y + HEIGHT;
    for column in 1..titles.len() {
        let x = left(column) - SPACE / 2;
        let _ = writeln!(rows, r#"<line x1="{x}" y1="0" x2="{x}" y2="{height}"/>"#);
    }
    let names = escaped(&titles.join(", "));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title description">
<title id="title">{names}, side by side</title>
<desc id="description">What a real run showed, from top to bottom: a column for each terminal, and arrows for what crossed the wire.</desc>
<style>{STYLE}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="var(--wire)"/></marker></defs>
<rect width="100%" height="100%" fill="var(--paper)"/>
{rows}</svg>
"#
    )
}

fn text(rows: &mut String, x: usize, y: usize, class: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(rows, r#"<text class="{class}" x="{x}" y="{y}">{words}</text>"#);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The text that crossed, if it is text: a WebSocket client sends masked bytes. The lines of HTTP
/// end in two characters, the second of which the wire has made visible.
fn readable(said: &str) -> String {
    let is_text = !said.contains('\u{fffd}');
    if is_text { said.replace("\r\\n", "\n") } else { "(bytes)".to_owned() }
}

/// The ports of a segment: from and to.
fn ports(moment: &Moment) -> Option<(&str, &str)> {
    let What::Crosses(said) = &moment.what else { return None };
    said.split_once(": ")?.0.split_once(" -> ")
}

/// The port on which the program of each column listens: the first one that it tells.
fn listeners(moments: &[Moment]) -> BTreeMap<usize, &str> {
    let used: BTreeSet<_> =
        moments.iter().filter_map(ports).flat_map(|(from, to)| [from, to]).collect();
    let mut listeners = BTreeMap::new();
    for moment in moments {
        let What::Prints(text) = &moment.what else { continue };
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        if let Some(port) = numbers.find(|number| used.contains(number)) {
            listeners.entry(moment.column).or_insert(port);
        }
    }
    listeners
}

/// Whether a segment goes to the column left of the wire, if that is known.
fn goes_left(moment: &Moment, listeners: &BTreeMap<usize, &str>) -> Option<bool> {
    let (from, to) = ports(moment)?;
    let is_left = |port| {
        let mut all = listeners.iter();
        all.find(|(_, told)| **told == port).map(|(column, _)| *column < moment.column)
    };
    is_left(to).or_else(|| is_left(from).map(|from| !from))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_arrow_leads_to_the_terminal_that_tells_the_port_first() {
        let moment = |column, what| Moment { at: Duration::ZERO, column, what };
        let moments = [
            moment(0, What::Prints("Listening on 9001\nConnecting to 9002\n".into())),
            moment(1, What::Crosses("50122 -> 9002: (opens)".into())),
            moment(2, What::Prints("Listening on 9002\n".into())),
            moment(1, What::Crosses("50123 -> 9001: 1 < 2".into())),
            moment(1, What::Crosses("9001 -> 50123: (closes)".into())),
        ];
        let picture = draw(&["one", "wire", "two"].map(str::to_owned), &moments);
        let arrows: Vec<_> =
            picture.lines().filter(|line| line.contains("\"arrow\"")).collect();
        let (left, right) = (SPACE * 2 + COLUMN * WIDTH, SPACE * 2 + COLUMN * WIDTH * 2);
        for (arrow, to) in arrows.iter().zip([right, left, right]) {
            assert!(arrow.contains(&format!("x2=\"{to}\"")), "{picture}");
        }
        assert!(picture.contains("1 &lt; 2</text>"), "{picture}");
    }
}
