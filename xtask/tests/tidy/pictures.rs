//! The pictures in `docs/pictures` that need no run: a thread map is drawn from the text in its lab,
//! and lab 1 from what its sheet shows as its output.
//!
//! A text is the drawing. A character is a cell of a grid: lines and arrows become strokes, and
//! words stay words. A thread stands in a box. Nothing is laid out anew.

use std::fmt::Write as _;
use std::fs;

use scenario::workspace;

use super::{labs, read};

/// The size of a cell, in pixels.
const WIDTH: usize = 8;
const HEIGHT: usize = 24;

const STYLE: &str = "
  :root { --paper: #ffffff; --ink: #1f2328; --box: #f0f3f6; --owner: #0550ae; --line: #57606a }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #161b22; --ink: #e6edf3; --box: #262c36; --owner: #79c0ff; --line: #9198a1 }
  }
  text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: var(--line); text-anchor: middle }
  .thread, .owner { font-weight: bold; fill: var(--ink) }
  rect.thread, rect.owner { fill: var(--box); stroke: var(--line) }
  rect.owner { stroke: var(--owner); stroke-width: 2 }
  .line { stroke: var(--line); stroke-width: 1.5; stroke-linecap: round; fill: none }
  .tip { fill: var(--line) }
";

/// The peers of lab 1, in the order of their columns.
const PEERS: [&str; 3] = ["Peer 1", "Peer 2", "Peer 3"];

/// A thread, and whether it is the one that decides.
type Thread<'a> = (&'a str, &'static str);

/// The strokes of a character, and the tip of an arrow, as paths that begin in a cell's middle.
fn strokes(cell: char) -> Option<(&'static str, &'static str)> {
    Some(match cell {
        '─' => ("lr", ""),
        '│' => ("ud", ""),
        '┌' => ("rd", ""),
        '┐' => ("ld", ""),
        '└' => ("ru", ""),
        '┘' => ("lu", ""),
        '├' => ("udr", ""),
        '┤' => ("udl", ""),
        '┬' => ("lrd", ""),
        '┼' => ("udlr", ""),
        '▶' => ("", "m-4-5 8 5-8 5z"),
        '◀' => ("", "m4-5-8 5 8 5z"),
        '▼' => ("u", "m-5 0 5 10 5-10z"),
        '▲' => ("d", "m-5 0 5-10 5 10z"),
        _ => return None,
    })
}

/// The words of a line with the column of each: two spaces part them, or a stroke.
fn words(line: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut gap = 2;
    for (column, cell) in line.chars().enumerate() {
        match words.last_mut() {
            _ if cell == ' ' => gap += 1,
            _ if strokes(cell).is_some() => gap = 2,
            Some((_, word)) if gap < 2 => {
                word.push_str(&" ".repeat(gap));
                word.push(cell);
                gap = 0;
            }
            _ => {
                words.push((column, cell.to_string()));
                gap = 0;
            }
        }
    }
    words
}

fn draw(title: &str, map: &str, threads: &[Thread]) -> String {
    let (mut lines, mut tips, mut texts) = (String::new(), String::new(), String::new());
    for (row, line) in map.lines().enumerate() {
        let middle = row * HEIGHT + HEIGHT / 2;
        for (column, cell) in line.chars().enumerate() {
            let Some((ways, tip)) = strokes(cell) else { continue };
            let from = format!("M{} {middle}", column * WIDTH + WIDTH / 2);
            for way in ways.chars() {
                let _ = match way {
                    'l' => write!(lines, "{from}h-{}", WIDTH / 2),
                    'r' => write!(lines, "{from}h{}", WIDTH / 2),
                    'u' => write!(lines, "{from}v-{}", HEIGHT / 2),
                    _ => write!(lines, "{from}v{}", HEIGHT / 2),
                };
            }
            if !tip.is_empty() {
                let _ = write!(tips, "{from}{tip}");
            }
        }
        for (column, word) in words(line) {
            let (x, width) = (column * WIDTH, word.chars().count() * WIDTH);
            let thread = threads.iter().find(|(name, _)| word.starts_with(name));
            let class = thread.map_or("", |(_, class)| class);
            if thread.is_some() {
                let (x, y) = (x - WIDTH * 3 / 4, row * HEIGHT + 1);
                let (width, height) = (width + WIDTH * 3 / 2, HEIGHT - 2);
                let _ = writeln!(
                    texts,
                    r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>"#
                );
            }
            let (x, y) = (x + width / 2, middle + 5);
            let _ = writeln!(texts, r#"<text class="{class}" x="{x}" y="{y}">{word}</text>"#);
        }
    }
    let width =
        map.lines().map(|line| line.chars().count() + 2).max().unwrap_or_default() * WIDTH;
    let height = map.lines().count() * HEIGHT;
    let names: Vec<_> = threads.iter().map(|(name, _)| *name).collect();
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width} {}" width="{width}" role="img" aria-labelledby="title description">
<title id="title">{title}</title>
<desc id="description">{}: in boxes. Arrows lead from one to the next, and words on them say what is sent.</desc>
<style>{STYLE}</style>
<rect x="-8" y="-8" width="100%" height="100%" fill="var(--paper)"/>
<path class="line" d="{lines}"/>
<path class="tip" d="{tips}"/>
{texts}</svg>
"#,
        height + 16,
        names.join(", ")
    )
}

/// Puts words over what a row has in these cells.
fn put(row: &mut [char], at: usize, words: &str) {
    for (cell, letter) in row[at..].iter_mut().zip(words.chars()) {
        *cell = letter;
    }
}

/// What a line of lab 1 says, and from which peer to which; a note of a peer leads to itself.
fn said(line: &str) -> (usize, usize, &str) {
    let peer_of = |text: &str| PEERS.iter().position(|name| text.starts_with(name));
    let subject = peer_of(line).expect("a line begins with a peer");
    let words = line[PEERS[subject].len()..].trim_start().trim_start_matches("is ");
    let (said, object) = words.split_at(words.find("Peer ").expect("and names another one"));
    let other = peer_of(object).expect("it is one of the three");
    match object.split_once(": ") {
        Some((_, message)) => (other, subject, message),
        None if said.ends_with("to ") => (subject, subject, words),
        None => (subject, other, said.trim_end_matches(" with ")),
    }
}

/// What lab 1 prints, as such a text: a column for each peer, and a row for each line.
fn sequence(printed: &str) -> String {
    const GAP: usize = 31;
    let lifeline = |peer| 12 + GAP * peer;
    let mut head = vec![' '; lifeline(2) + 12];
    let mut lifelines = head.clone();
    for (peer, name) in PEERS.into_iter().enumerate() {
        put(&mut head, lifeline(peer) - name.len() / 2, name);
        put(&mut lifelines, lifeline(peer), "│");
    }
    let mut rows = vec![head, lifelines.clone()];
    for (from, to, words) in printed.lines().map(said) {
        let mut row = lifelines.clone();
        let words = format!(" {words} ");
        let (left, right) = (lifeline(from.min(to)), lifeline(from.max(to)));
        for cell in &mut row[left..right] {
            *cell = if *cell == '│' { '┼' } else { '─' };
        }
        let middle = if from == to { left } else { left + GAP / 2 };
        if from < to {
            put(&mut row, left, "├");
            put(&mut row, right - 1, "▶");
        } else if to < from {
            put(&mut row, left, "│◀");
            put(&mut row, right, "┤");
        }
        put(&mut row, middle - words.len() / 2, &words);
        rows.push(row);
    }
    rows.push(lifelines);
    let text: Vec<String> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
    text.join("\n")
}

/// Writes a picture that is not as it should be, for the next commit.
fn is_drawn(file: &str, picture: &str) {
    let path = workspace().join("docs/pictures").join(file);
    if fs::read_to_string(&path).is_ok_and(|drawn| drawn == picture) {
        return;
    }
    fs::write(&path, picture).expect("a picture can be written");
    panic!("{} was not as its lab has it, and was drawn anew: commit it", path.display());
}

#[test]
fn every_thread_map_is_drawn_as_its_lab_has_it() {
    for (lab, folder) in labs() {
        let library = read(&folder.join("src/lib.rs"));
        let page: Vec<_> =
            library.lines().filter_map(|line| line.strip_prefix("//!")).collect();
        let mut blocks = page.split(|line| line.starts_with(" ```"));
        let Some(map) = blocks.nth(1) else { continue };
        let map: Vec<_> =
            map.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let threads: Vec<_> = page
            .iter()
            .filter_map(|row| {
                let name = row.strip_prefix(" | `")?.split('`').next()?;
                Some((name, if row.contains("(main)") { "owner" } else { "thread" }))
            })
            .collect();
        let title = format!("The threads of {}", lab.package);
        let picture = draw(&title, &map.join("\n"), &threads);
        is_drawn(&format!("{}-threads.svg", lab.package), &picture);
    }
}

#[test]
fn the_run_of_lab_1_is_drawn_as_its_sheet_has_it() {
    let sheet = read(&workspace().join("pattern-in-memory/README.md"));
    let output =
        sheet.split("## Output\n\n```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let map = sequence(output.expect("the sheet shows a run"));
    is_drawn(
        "pattern-in-memory.svg",
        &draw("What three peers say", &map, &PEERS.map(|p| (p, "thread"))),
    );
}
