//! The pages: every link leads somewhere, every page is in the book, and nothing quoted can rot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use scenario::workspace;

use super::{files, labs, read};

/// A fenced block of a page.
struct Block {
    /// The heading that it stands under.
    heading: String,
    /// The last line of text above it.
    above: String,
    /// What stands behind the first fence.
    tag: String,
    lines: Vec<String>,
}

/// A page without its fenced blocks, which stand beside it.
#[derive(Default)]
struct Page {
    path: PathBuf,
    prose: Vec<String>,
    blocks: Vec<Block>,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = read(&path);
        let mut page = Self { path, ..Self::default() };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(tag) = line.strip_prefix("```") else {
                page.prose.push(line.to_owned());
                continue;
            };
            let last = |is_it: fn(&String) -> bool| {
                page.prose.iter().rfind(|line| is_it(line)).cloned().unwrap_or_default()
            };
            let heading = last(|line| line.starts_with('#'));
            let above = last(|line| !line.is_empty());
            let inside = lines.by_ref().take_while(|line| *line != "```").map(str::to_owned);
            let lines = inside.collect();
            page.blocks.push(Block { heading, above, tag: tag.to_owned(), lines });
        }
        page
    }

    fn all() -> Vec<Self> {
        files(&workspace(), ".md").into_iter().map(Self::read).collect()
    }

    /// The targets of all links that do not lead to another site.
    fn links(&self) -> Vec<&str> {
        let parts = self.prose.iter().flat_map(|line| line.split("](").skip(1));
        let targets = parts.filter_map(|part| part.split(')').next());
        targets.filter(|target| !target.starts_with("http")).collect()
    }

    /// The anchors of all headings, as forges and mdBook make them.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.prose.iter().filter(|line| line.starts_with('#'));
        let anchor = |line: &String| {
            let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            words.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
        };
        headings.map(anchor).collect()
    }

    /// Where a link from this page leads: a file, and an anchor in it.
    fn target<'a>(&self, link: &'a str) -> (PathBuf, Option<&'a str>) {
        let (file, anchor) = link.split_once('#').map_or((link, None), |(f, a)| (f, Some(a)));
        if file.is_empty() {
            return (self.path.clone(), anchor);
        }
        let mut path = self.path.parent().expect("a page is in a folder").to_owned();
        for part in Path::new(file).components() {
            match part {
                Component::ParentDir => drop(path.pop()),
                part => path.push(part),
            }
        }
        (path, anchor)
    }
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading() {
    let pages = Page::all();
    let anchors: BTreeMap<_, _> = pages.iter().map(|p| (p.path.clone(), p.anchors())).collect();
    for page in &pages {
        for link in page.links() {
            let (path, anchor) = page.target(link);
            let is_there = match anchor {
                None => path.is_file(),
                Some(anchor) => anchors.get(&path).is_some_and(|all| all.contains(anchor)),
            };
            assert!(is_there, "{}: {link} leads nowhere", page.path.display());
        }
    }
}

#[test]
fn every_page_is_a_chapter_of_the_book() {
    let mut pages = Page::all();
    let summary = pages.iter().position(|page| page.path == workspace().join("SUMMARY.md"));
    let summary = pages.remove(summary.expect("the book has a summary"));
    let chapters: Vec<_> = summary.links().iter().map(|link| summary.target(link).0).collect();
    for page in pages {
        let times = chapters.iter().filter(|chapter| **chapter == page.path).count();
        assert_eq!(times, 1, "{} in SUMMARY.md", page.path.display());
    }
}

#[test]
fn every_block_says_what_it_holds_and_rust_is_compiled() {
    let libraries = files(&workspace(), "lib.rs");
    let documents: Vec<_> = libraries
        .iter()
        .filter(|file| read(file).contains("#![doc = include_str!(\"../README.md\")]"))
        .filter_map(|file| Some(file.parent()?.parent()?.join("README.md")))
        .collect();
    for page in Page::all() {
        for block in &page.blocks {
            let place = format!("{}, below {:?}", page.path.display(), block.above);
            assert!(!block.tag.is_empty(), "{place}: a block is `text`, if nothing else");
            let is_rust = block.tag.starts_with("rust");
            let is_compiled = documents.contains(&page.path) && !block.tag.contains("ignore");
            assert!(
                !is_rust || is_compiled || quoted(block).is_some(),
                "{place}: nothing compiles this"
            );
        }
    }
}

/// The file that a block is taken from: the text above it ends in "from `FILE`:".
fn quoted(block: &Block) -> Option<PathBuf> {
    let (_, file) = block.above.strip_suffix("`:")?.rsplit_once("rom `")?;
    Some(workspace().join(file))
}

/// Not by `{{#include}}`, which a forge would show as it is.
#[test]
fn every_block_that_is_taken_from_a_file_stands_there() {
    let plain = |line: &str| {
        let prefixes = ["//! ", "//!"];
        let prefix = prefixes.into_iter().find(|prefix| line.starts_with(prefix));
        line.strip_prefix(prefix.unwrap_or_default()).unwrap_or(line).to_owned()
    };
    let mut count = 0;
    for page in Page::all() {
        for (block, file) in page.blocks.iter().filter_map(|b| Some((b, quoted(b)?))) {
            let source: Vec<_> = read(&file).lines().map(plain).collect();
            let lines: Vec<_> = block.lines.iter().map(|line| plain(line)).collect();
            let is_there = source.windows(lines.len()).any(|window| window == lines);
            assert!(
                is_there,
                "{}: this is not in {}:\n{}",
                page.path.display(),
                file.display(),
                lines.join("\n")
            );
            count += 1;
        }
    }
    assert_ne!(count, 0, "some pages quote files");
}

/// By a test of the lab: it names the heading.
#[test]
fn every_transcript_is_played() {
    for (_, folder) in labs() {
        let tests: String =
            files(&folder.join("tests"), ".rs").iter().map(|file| read(file)).collect();
        for page in Page::all().iter().filter(|page| page.path.starts_with(&folder)) {
            for block in &page.blocks {
                let is_transcript = block.lines.iter().any(|line| line.starts_with("$ "));
                let is_played = tests.contains(&format!("{:?}", block.heading));
                assert!(
                    !is_transcript || is_played,
                    "{}: no test plays {:?}",
                    page.path.display(),
                    block.heading
                );
            }
        }
    }
}

/// As a browser would find it. Only a link that is clicked may lead to another site.
#[test]
#[ignore = "`just book` has to build it first"]
fn every_address_in_the_built_book_holds() {
    let book = workspace().join("target/book");
    let pages: BTreeMap<_, _> =
        files(&book, ".html").into_iter().map(|path| (path.clone(), read(&path))).collect();
    assert_ne!(pages.len(), 0, "`just book` has built it");
    // The page for a wrong address does not know where it is.
    for (path, text) in pages.iter().filter(|(path, _)| !path.ends_with("404.html")) {
        let page = Page { path: path.clone(), ..Page::default() };
        for tag in text.split('<') {
            let value = |name| tag.split(name).nth(1)?.split('"').next();
            let Some(link) = value(" href=\"").or_else(|| value(" src=\"")) else { continue };
            let place = format!("{}: {link}", path.display());
            if link.contains(':') {
                assert!(tag.starts_with("a "), "{place}");
                continue;
            }
            let (target, anchor) = page.target(link);
            let id = anchor.map(|anchor| format!(" id=\"{anchor}\""));
            assert!(target.is_file(), "{place}");
            assert!(id.is_none_or(|id| pages[&target].contains(&id)), "{place}");
        }
    }
}
