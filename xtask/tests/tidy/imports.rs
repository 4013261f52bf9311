//! Circles of files that import each other: such files can only be understood together.
//!
//! An arrow is a path in code that names an item of another file, wherever `lib.rs` or a parent
//! module re-exports it. `mod child;` is no arrow, `super::Item` is one to the parent's file.
//! `lib.rs` and the programs have no arrows: to name all files is what they are for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use xtask::code::Source;

/// The circles of a crate, as `a.rs -> b.rs -> a.rs`: for each arrow on a circle the shortest one.
pub(crate) fn circles(sources: &[Source]) -> BTreeSet<String> {
    let arrows = arrows(sources);
    let mut circles = BTreeSet::new();
    for (from, all) in &arrows {
        for to in all {
            if let Some(mut circle) = shortest_way(&arrows, to, from) {
                let first = (0..circle.len()).min_by_key(|index| circle[*index]);
                circle.rotate_left(first.unwrap_or_default());
                circle.push(circle[0]);
                circles.insert(circle.join(" -> "));
            }
        }
    }
    circles
}

type Arrows<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn shortest_way<'a>(arrows: &Arrows<'a>, from: &'a str, to: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::from([from]);
    while let Some(way) = ways.pop_front() {
        let end = way[way.len() - 1];
        if end == to {
            return Some(way);
        }
        for next in arrows.get(end).into_iter().flatten() {
            if seen.insert(next) {
                ways.push_back([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

fn arrows(sources: &[Source]) -> Arrows<'_> {
    let mut modules = Modules::new();
    for source in sources {
        let is_program = source.path == "main.rs" || source.path.starts_with("bin/");
        if !is_program {
            modules.insert(module_of(&source.path), Module::read(source));
        }
    }
    let mut arrows = Arrows::new();
    for (name, module) in modules.iter().filter(|(name, _)| !name.is_empty()) {
        let named = module.uses.iter().chain(&module.paths);
        let named = named.filter_map(|(path, _)| resolve(&modules, name, path));
        let others = named.filter(|other| other != name && !other.is_empty());
        arrows.insert(module.file, others.map(|other| modules[&other].file).collect());
    }
    arrows
}

/// The files by their modules: `""` is `lib.rs`, and `rpc/session` is `rpc/session.rs`.
type Modules<'a> = BTreeMap<String, Module<'a>>;

struct Module<'a> {
    file: &'a str,
    /// Its imports and re-exports.
    uses: Vec<Import<'a>>,
    /// All other paths in its code.
    paths: Vec<Import<'a>>,
}

/// A path, and the name by which the file knows its end.
type Import<'a> = (Vec<&'a str>, &'a str);

impl<'a> Module<'a> {
    fn read(source: &'a Source) -> Self {
        let tokens: Vec<_> = source.code.iter().flat_map(|line| tokens(line)).collect();
        let mut module = Self { file: &source.path, uses: Vec::new(), paths: Vec::new() };
        let mut at = 0;
        while at < tokens.len() {
            let before = if at == 0 { "" } else { tokens[at - 1] };
            let is_path = tokens.get(at + 1) == Some(&"::") && before != ".";
            let found = if before == "use" { &mut module.uses } else { &mut module.paths };
            at = if is_path { read_path(&tokens, at, &[], found) } else { at + 1 };
        }
        module
    }
}

/// The file in which the path ends, as far as it is known: the rest are items in that file.
/// None for a path out of the crate.
fn resolve(modules: &Modules, from: &str, path: &[&str]) -> Option<String> {
    let child =
        |at: &str, name: &str| format!("{at}/{name}").trim_start_matches('/').to_owned();
    let is_ours = ["crate", "self", "super"].contains(&path[0]);
    if !is_ours && !modules.contains_key(&child(from, path[0])) {
        return None;
    }
    let mut at = from.to_owned();
    for (index, &name) in path.iter().enumerate() {
        let below = child(&at, name);
        match name {
            "crate" => at.clear(),
            "self" => {}
            "super" => at = at.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned(),
            _ if modules.contains_key(&below) => at = below,
            _ => {
                let uses = modules.get(&at).map_or(&[][..], |module| &module.uses);
                let Some((path_of, _)) = uses.iter().find(|(_, known)| *known == name) else {
                    break;
                };
                let onward = [path_of, &path[index + 1..]].concat();
                return resolve(modules, &at, &onward);
            }
        }
    }
    Some(at)
}

/// The module of a file, which `mod.rs` shares with its folder.
fn module_of(file: &str) -> String {
    let module = file.trim_end_matches(".rs");
    if module == "lib" { String::new() } else { module.trim_end_matches("/mod").to_owned() }
}

/// Words and `::`, and any other character for itself.
fn tokens(line: &str) -> Vec<&str> {
    let mut rest = line.split(" //").next().unwrap_or_default();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if rest.starts_with("::") { 2 } else { word.max(first.len_utf8()) };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Reads what begins at `at`, a path or (in a `use`) a group of paths, and returns where it ends.
fn read_path<'a>(
    tokens: &[&'a str],
    mut at: usize,
    above: &[&'a str],
    found: &mut Vec<Import<'a>>,
) -> usize {
    if tokens[at] == "{" {
        at += 1;
        while tokens.get(at).is_some_and(|token| *token != "}") {
            at = if tokens[at] == "," { at + 1 } else { read_path(tokens, at, above, found) };
        }
        return at + 1;
    }
    let path = [above, &[tokens[at]]].concat();
    match tokens[at + 1..] {
        ["::", _, ..] => return read_path(tokens, at + 2, &path, found),
        ["as", name, ..] => found.push((path, name)),
        _ => found.push((path, tokens[at])),
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(path, text): &(&str, &str)| Source {
            path: (*path).into(),
            code: xtask::code::code_lines(text).into_iter().map(str::to_owned).collect(),
        };
        circles(&files.iter().map(source).collect::<Vec<_>>()).into_iter().collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let a = ("a.rs", "use std::io;\nuse crate::{c::C, b::{self, B}};\n");
        let c = ("c.rs", "use std::io;\n");
        let b = ("b.rs", "fn f() {\n    g(&crate::a::NAME);\n}\n");
        assert_eq!(circles_of(&[a, b, c]), ["a.rs -> b.rs -> a.rs"]);
        let b = (
            "b.rs",
            "/// Not crate::a::NAME.\nfn f() {} // Nor crate::a::NAME.\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n",
        );
        assert!(circles_of(&[a, b, c]).is_empty());
    }

    #[test]
    fn every_circle_is_found_and_reported_once() {
        let a = ("a.rs", "use crate::b;\n");
        let b = ("b.rs", "use crate::c;\n");
        let c = ("c.rs", "use crate::a;\nuse crate::d;\n");
        let d = ("d.rs", "use crate::c;\n");
        assert_eq!(
            circles_of(&[a, b, c, d]),
            ["a.rs -> b.rs -> c.rs -> a.rs", "c.rs -> d.rs -> c.rs"]
        );
    }

    #[test]
    fn a_re_exported_name_leads_to_its_file() {
        let lib = ("lib.rs", "mod event;\nmod peer;\npub use event::Event as News;\n");
        let event = ("event.rs", "use crate::peer::Peer;\n");
        let peer = ("peer.rs", "use crate::News;\n");
        assert_eq!(circles_of(&[lib, event, peer]), ["event.rs -> peer.rs -> event.rs"]);
        let peer = ("peer.rs", "use crate::Other;\n");
        assert!(circles_of(&[lib, event, peer]).is_empty());
    }

    #[test]
    fn a_child_may_name_its_parent_unless_the_parent_names_the_child() {
        let child = ("rpc/stub.rs", "use super::Session;\n");
        assert!(circles_of(&[("rpc.rs", "mod stub;\n"), child]).is_empty());
        let names = ["use self::stub::Stub;", "fn f() { stub::new() }", "pub use stub::Stub;"];
        for named in names {
            let found = circles_of(&[("rpc.rs", named), child]);
            assert_eq!(found, ["rpc.rs -> rpc/stub.rs -> rpc.rs"], "{named}");
        }
        let sibling = ("rpc/batch.rs", "use super::super::rpc::stub;\n");
        let child = ("rpc/stub.rs", "use super::batch::Batch;\n");
        let found = circles_of(&[("rpc/mod.rs", "mod batch;\n"), sibling, child]);
        assert_eq!(found, ["rpc/batch.rs -> rpc/stub.rs -> rpc/batch.rs"]);
    }
}
