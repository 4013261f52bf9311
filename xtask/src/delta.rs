//! The verb `delta`: the difference between a lab and the one before. Their files stand side by
//! side, compared by code lines.

use std::collections::BTreeMap;

use grader::table::{row, table};

use crate::code::Source;

/// A file of either lab, with its code lines: those as before, added, and removed.
struct File<'a> {
    state: &'static str,
    path: &'a str,
    lines: [usize; 3],
}

impl File<'_> {
    fn named(&self) -> String {
        let counts = self.lines.into_iter().zip(["", "+", "\u{2212}"]).skip(1);
        let shown = counts.filter(|(count, _)| *count > 0);
        let shown = shown.map(|(count, sign)| format!("{sign}{count}"));
        // No-break spaces: the counts stay beside their file.
        [format!("`{}`", self.path)].into_iter().chain(shown).collect::<Vec<_>>().join("\u{a0}")
    }
}

/// A table of all files, grouped by what became of the file of the same path. A file in which
/// only comments or blank space have changed is as before.
pub fn between(before: &[Source], after: &[Source]) -> String {
    let files = compared(before, after);
    let mut rows = vec![row(&[&"code lines", &"as before", &"added", &"removed"])];
    for state in ["new", "changed", "as before", "gone"] {
        let group: Vec<_> = files.iter().filter(|file| file.state == state).collect();
        rows.push(summed(&format!("{state} ({})", group.len()), &group));
        rows.extend(group.iter().map(|file| summed(&format!("  {}", file.path), &[file])));
        rows.push(Vec::new());
    }
    rows.push(summed("all", &files.iter().collect::<Vec<_>>()));
    table(&rows)
}

/// The same in one line, which the sheet of the later lab quotes.
pub fn in_words(before: &[Source], after: &[Source]) -> String {
    let files = compared(before, after);
    let [new, changed, gone] = ["new", "changed", "gone"].map(|state| {
        let group = files.iter().filter(|file| file.state == state);
        group.map(|file| format!("`{}`", file.path)).collect::<Vec<_>>()
    });
    let (new, count, gone) = (new.len(), changed.len(), gone.len());
    format!("{new} files are new, {count} changed ({}), {gone} gone", changed.join(", "))
}

/// All files in paragraphs, each with the code lines that came and went.
pub fn in_paragraphs(before: &[Source], after: &[Source]) -> String {
    let files = compared(before, after);
    let paragraph = |state| {
        let group = files.iter().filter(|file| file.state == state);
        let named: Vec<_> = group.map(File::named).collect();
        (!named.is_empty()).then(|| format!("**{state}**: {}\n\n", named.join(", ")))
    };
    ["new", "changed", "as before", "gone"].into_iter().filter_map(paragraph).collect()
}

fn compared<'a>(before: &'a [Source], after: &'a [Source]) -> Vec<File<'a>> {
    let mut pairs: BTreeMap<&str, [Option<&[String]>; 2]> = BTreeMap::new();
    for (side, sources) in [before, after].into_iter().enumerate() {
        for source in sources {
            pairs.entry(&source.path).or_default()[side] = Some(&source.code);
        }
    }
    let compare = |(path, pair): (_, [Option<&[String]>; 2])| {
        let [a, b] = pair.map(Option::unwrap_or_default);
        let state = match pair {
            [None, _] => "new",
            [_, None] => "gone",
            _ if a == b => "as before",
            _ => "changed",
        };
        let kept = kept(a, b);
        File { state, path, lines: [kept, b.len() - kept, a.len() - kept] }
    };
    pairs.into_iter().map(compare).collect()
}

/// The length of the longest common subsequence: how many lines an editor can leave in place.
fn kept(a: &[String], b: &[String]) -> usize {
    let mut best = vec![0; b.len() + 1]; // Of the lines of `a` so far, and of each start of `b`.
    for line in a {
        let mut diagonal = 0;
        for (column, other) in b.iter().enumerate() {
            let above = best[column + 1];
            best[column + 1] =
                if line == other { diagonal + 1 } else { above.max(best[column]) };
            diagonal = above;
        }
    }
    best[b.len()]
}

/// A row with the sums of these files. A zero is left blank.
fn summed(name: &str, files: &[&File]) -> Vec<String> {
    let sum = |column: usize| files.iter().map(|file| file.lines[column]).sum::<usize>();
    let shown = |count| if count == 0 { String::new() } else { format!("{count}") };
    let cells = [0, 1, 2].map(|column| shown(sum(column)));
    [name.to_owned()].into_iter().chain(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn source(path: &str, code: &str) -> Source {
        Source { path: path.into(), code: lines(code) }
    }

    #[test]
    fn as_many_lines_as_possible_are_kept() {
        assert_eq!(kept(&lines("a b c d"), &lines("x b d c y")), 2);
        assert_eq!(kept(&lines("a a b"), &lines("b a a")), 2);
        assert_eq!(kept(&lines("a b a"), &lines("a b a")), 3);
        assert_eq!(kept(&lines("a a"), &lines("a")), 1);
        assert_eq!(kept(&lines("a"), &[]), 0);
    }

    #[test]
    fn files_are_grouped_by_what_became_of_them() {
        let before =
            [source("config.rs", "a"), source("door.rs", "a b"), source("peer.rs", "a b c d")];
        let after =
            [source("config.rs", "a"), source("mesh.rs", "m"), source("peer.rs", "a x c y")];
        let expected = "\
code lines     as before  added  removed
new (1)                       1
  mesh.rs                     1

changed (1)            2      2        2
  peer.rs              2      2        2

as before (1)          1
  config.rs            1

gone (1)                               2
  door.rs                              2

all                    3      3        4
";
        assert_eq!(between(&before, &after), expected);
        let words = "1 files are new, 1 changed (`peer.rs`), 1 gone";
        assert_eq!(in_words(&before, &after), words);
        let paragraphs = "**new**: `mesh.rs`\u{a0}+1\n\n\
                          **changed**: `peer.rs`\u{a0}+2\u{a0}\u{2212}2\n\n\
                          **as before**: `config.rs`\n\n**gone**: `door.rs`\u{a0}\u{2212}2\n\n";
        assert_eq!(in_paragraphs(&before, &after), paragraphs);
    }
}
