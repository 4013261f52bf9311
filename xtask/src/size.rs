//! The verb `size`: the size of each crate, and its budget.
//!
//! A size is a symptom: a lab over its budget wants a simpler design, not shorter lines.

use std::fs;
use std::io;
use std::path::Path;

use grader::labs::{Lab, Misspelt};
use grader::table::{row, table};

use crate::code::Source;

/// The most code lines and README words of a crate, enforced by `tests/tidy.rs`.
struct Budget {
    package: &'static str,
    code: usize,
    words: Option<usize>,
}

const BUDGETS: [Budget; 10] = [
    Budget { package: "pattern-in-memory", code: 450, words: Some(1200) },
    Budget { package: "week05", code: 1150, words: Some(1200) },
    Budget { package: "capability-peers", code: 650, words: Some(1200) },
    Budget { package: "realtime-chat", code: 3300, words: Some(1200) },
    Budget { package: "discovery-chat", code: 2300, words: Some(1200) },
    Budget { package: "terminal", code: 635, words: None },
    Budget { package: "capnweb", code: 3600, words: Some(900) },
    Budget { package: "scenario", code: 1945, words: None },
    Budget { package: "grader", code: 2800, words: None },
    Budget { package: "xtask", code: 510, words: None },
];

/// The files of week05 that a plain message passes through, and their budget together.
const MESSAGE: [&str; 5] = ["config.rs", "call.rs", "listener.rs", "sender.rs", "main.rs"];
const MESSAGE_CODE: usize = 370;

/// A crate of the workspace.
#[derive(Debug)]
pub struct Crate {
    /// Its name in cargo.
    pub package: String,
    /// Its files, without those of its tests.
    pub sources: Vec<Source>,
    folder: String,
    words: usize,
}

/// The name of a count, the count, and the most it may be.
type Count = (&'static str, usize, Option<usize>);

impl Crate {
    /// All members of the workspace, in the order of its manifest.
    pub fn all(workspace: &Path) -> io::Result<Vec<Self>> {
        let read = |Lab { package, folder }| {
            let path = workspace.join(&folder);
            let readme = fs::read_to_string(path.join("README.md")).unwrap_or_default();
            let words = readme.split_whitespace().count();
            Ok(Self { package, sources: Source::all(&path)?, folder, words })
        };
        Lab::members(workspace)?.into_iter().map(read).collect()
    }

    /// One line for each budget that the crate exceeds.
    pub fn excesses(&self) -> Vec<String> {
        let excess = |(what, count, most): Count| {
            let most = most.filter(|most| count > *most)?;
            Some(format!("{}: {count} {what}, at most {most}", self.package))
        };
        self.counts().into_iter().filter_map(excess).collect()
    }

    fn budget(&self) -> Option<&'static Budget> {
        BUDGETS.iter().find(|budget| budget.package == self.package)
    }

    fn counts(&self) -> Vec<Count> {
        let code = self.sources.iter().map(|file| file.code.len()).sum();
        let mut counts = vec![
            ("code lines", code, self.budget().map(|budget| budget.code)),
            ("README words", self.words, self.budget().and_then(|budget| budget.words)),
        ];
        if self.package == "week05" {
            let files = self.sources.iter().filter(|file| MESSAGE.contains(&&*file.path));
            let code = files.map(|file| file.code.len()).sum();
            counts.push(("code lines of a message", code, Some(MESSAGE_CODE)));
        }
        counts
    }
}

/// The crate that a user means by `name`: its package, or its folder.
pub fn find<'a>(all: &'a [Crate], name: &str) -> Result<&'a Crate, Misspelt> {
    let is_meant =
        |one: &&Crate| name == one.package || name.trim_end_matches(['/', '\\']) == one.folder;
    all.iter().find(is_meant).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| one.package.clone()).collect();
        Misspelt::of("crate", name, &names)
    })
}

/// A table with a row for each crate.
pub fn crates(all: &[Crate]) -> String {
    let mut rows = vec![row(&[&"", &"code lines", &"at most", &"README words", &"at most"])];
    for one in all {
        let counts = one.counts().into_iter().take(2);
        let cells = counts.flat_map(|(_, count, most)| [count.to_string(), shown(most)]);
        rows.push([one.package.clone()].into_iter().chain(cells).collect());
    }
    table(&rows)
}

/// A table with a row for each file of a crate, and its sums.
pub fn files(one: &Crate) -> String {
    let mut rows = vec![row(&[&one.package, &"code lines", &"at most"])];
    rows.extend(one.sources.iter().map(|file| row(&[&file.path, &file.code.len()])));
    rows.push(Vec::new());
    let counts = one.counts().into_iter();
    rows.extend(counts.map(|(what, count, most)| row(&[&what, &count, &shown(most)])));
    table(&rows)
}

fn shown(most: Option<usize>) -> String {
    most.map_or("-".to_owned(), |most| most.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week05(code: usize, words: usize) -> Crate {
        let file =
            |path: &str, lines| Source { path: path.into(), code: vec!["f();".into(); lines] };
        Crate {
            package: "week05".into(),
            sources: vec![file("call.rs", 100), file("peer.rs", code - 100)],
            folder: "week05-peer-to-peer-basic".into(),
            words,
        }
    }

    #[test]
    fn a_crate_is_held_to_each_of_its_budgets() {
        assert!(week05(1150, 1200).excesses().is_empty());
        let excesses = week05(1151, 1201).excesses();
        assert_eq!(
            excesses,
            [
                "week05: 1151 code lines, at most 1150",
                "week05: 1201 README words, at most 1200"
            ]
        );
    }

    #[test]
    fn a_file_has_a_row_and_the_sums_come_last() {
        let expected = "\
week05                   code lines  at most
call.rs                         100
peer.rs                         900

code lines                     1000     1150
README words                    700     1200
code lines of a message         100      370
";
        assert_eq!(files(&week05(1000, 700)), expected);
    }

    #[test]
    fn a_crate_has_a_row_with_its_budgets() {
        let expected = "
        code lines  at most  README words  at most
week05        1000     1150           700     1200
";
        assert_eq!(format!("\n{}", crates(&[week05(1000, 700)])), expected);
    }

    #[test]
    fn a_crate_is_called_by_its_package_or_its_folder() {
        let all = [week05(1000, 700)];
        assert!(
            find(&all, "week05").is_ok() && find(&all, "week05-peer-to-peer-basic/").is_ok()
        );
        assert!(find(&all, "week").is_err());
        let complaint = find(&all, "basic").unwrap_err().0;
        assert_eq!(complaint, "there is no crate \"basic\"; the crates are: week05");
    }
}
