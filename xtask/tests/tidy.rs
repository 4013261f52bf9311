//! The style rules that a machine can check, so that reviewers can look at the rest.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use grader::labs::Lab;
use grader::markers::regions;
use grader::task::Task;
use grader::walk::files_below;
use scenario::workspace;
use xtask::code::code_lines;
use xtask::delta;
use xtask::size::Crate;

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/pages.rs"]
mod pages;
#[path = "tidy/pictures.rs"]
mod pictures;
use imports::circles;

/// The pure files of labs and of `capnweb`, by name or by folder and name: text, numbers and rules.
const PURE: [&str; 64] = [
    "announce",
    "announcer",
    "backpressure",
    "batch",
    "batch/body",
    "batch/calls",
    "batch/serve",
    "chat_client",
    "chunks",
    "command",
    "config",
    "dials",
    "emoji",
    "error",
    "event",
    "event_order",
    "files",
    "frame",
    "framing",
    "guard",
    "history",
    "http/reader",
    "inbox",
    "intake",
    "interface",
    "limits",
    "lines",
    "mesh",
    "mesh/crossing",
    "message",
    "name",
    "note",
    "outgoing",
    "path",
    "peer",
    "peer_info",
    "private",
    "rate",
    "read",
    "receipts",
    "refusal",
    "reply",
    "report",
    "repr",
    "request",
    "response",
    "role",
    "room",
    "rooms",
    "route",
    "section",
    "session",
    "session/start",
    "settle",
    "slot",
    "story",
    "stub",
    "typing",
    "value",
    "version",
    "wait_budget",
    "wire",
    "write",
    "written",
];

/// The names that may not stand in a pure file.
const WORLD: [&str; 9] = [
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::thread",
    "Instant::now",
    "println!",
    "print!(",
    "stdin()",
    "stdout()",
];

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below `folder` that end in `ending`.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let is_hidden = |name: &str| name.split('/').any(|part| part.starts_with('.'));
    let is_meant = |name: &str| name.ends_with(ending) && !is_hidden(name);
    let found = files_below(folder).filter(|(name, _)| is_meant(name));
    let mut found: Vec<_> = found.map(|(_, path)| path).collect();
    found.sort();
    found
}

/// The names of all threads that are started in a lab's `src`.
fn threads_started(folder: &Path) -> BTreeSet<String> {
    let mut started = BTreeSet::new();
    let of_tests = |file: &PathBuf| file.ends_with("tests.rs");
    for file in files(&folder.join("src"), ".rs").iter().filter(|file| !of_tests(file)) {
        let text = read(file);
        let code = code_lines(&text).join("\n");
        let names = code.split(".name(\"").skip(1).filter_map(|rest| rest.split('"').next());
        started.extend(names.map(str::to_owned));
        if code.contains("ctrlc::set_handler") {
            started.insert("ctrl-c".to_owned());
        }
    }
    started
}

/// All crates of the workspace.
fn crates() -> Vec<Crate> {
    let crates = Crate::all(&workspace()).expect("the crates can be read");
    assert!(crates.iter().any(|one| one.package == "grader"), "the manifest lists the crates");
    crates
}

fn labs() -> Vec<(Lab, PathBuf)> {
    let labs = Lab::all(&workspace()).expect("the labs can be listed");
    labs.into_iter().map(|lab| (lab.clone(), workspace().join(lab.folder))).collect()
}

#[test]
fn every_rust_file_begins_with_the_idea_it_holds() {
    for file in files(&workspace(), ".rs") {
        assert!(read(&file).starts_with("//! "), "{} does not", file.display());
    }
}

#[test]
fn no_file_is_called_utils_common_or_helpers() {
    for file in files(&workspace(), ".rs") {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        assert!(
            !["utils", "util", "common", "helpers"].contains(&&*name),
            "{}",
            file.display()
        );
    }
}

#[test]
fn pure_files_name_no_socket_thread_clock_or_terminal() {
    let folders = labs().into_iter().map(|(_, folder)| folder);
    let mut met = BTreeSet::new();
    for folder in folders.chain([workspace().join("capnweb")]) {
        for file in files(&folder.join("src"), ".rs") {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let parent = file.parent().and_then(Path::file_name).unwrap_or_default();
            let in_parent = format!("{}/{name}", parent.to_string_lossy());
            if !PURE.contains(&&*name) && !PURE.contains(&&*in_parent) {
                continue;
            }
            for line in code_lines(&read(&file)) {
                let named = WORLD.iter().find(|word| line.contains(**word));
                assert!(named.is_none(), "{} names {named:?}: {line}", file.display());
            }
            met.extend([name, in_parent]);
        }
    }
    let gone: Vec<_> = PURE.iter().filter(|name| !met.contains(**name)).collect();
    assert!(gone.is_empty(), "no file is called {gone:?} any more");
}

#[test]
fn every_source_file_is_in_the_tree_of_its_lab_sheet_and_vice_versa() {
    for (_, folder) in labs() {
        let sheet = read(&folder.join("README.md"));
        let tree: BTreeSet<_> = sheet
            .lines()
            .filter(|line| line.contains("── "))
            .filter_map(|line| line.split("── ").nth(1)?.split_whitespace().next())
            .filter_map(|path| path.strip_suffix(".rs"))
            .map(|path| path.rsplit('/').next().unwrap_or(path).to_owned())
            .collect();
        for file in files(&folder.join("src"), ".rs") {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            assert!(tree.contains(&name), "{} is missing on its sheet", file.display());
        }
        let all: BTreeSet<_> = files(&folder, ".rs")
            .iter()
            .filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()))
            .collect();
        for name in &tree {
            assert!(all.contains(name), "{}: there is no {name}.rs", folder.display());
        }
    }
}

/// `just delta A B` prints the line last.
#[test]
fn what_is_new_since_the_last_lab_is_what_delta_prints() {
    let crates = Crate::all(&workspace()).expect("the crates can be read");
    let sources = |lab: &Lab| {
        let found = crates.iter().find(|one| one.package == lab.package);
        &found.expect("a lab is a crate").sources
    };
    for (lab, folder) in labs() {
        let sheet = read(&folder.join("README.md"));
        let Some((_, new)) = sheet.split_once("## What is new since the last lab") else {
            assert_eq!(lab.package, "pattern-in-memory", "the first lab alone has none before");
            continue;
        };
        let new = new.split("\n## ").next().unwrap_or_default();
        let words = new.split_whitespace().collect::<Vec<_>>().join(" ");
        let all = labs();
        let (before, _) = all
            .iter()
            .find(|(other, _)| new.contains(&format!("(../{}/README.md)", other.folder)))
            .unwrap_or_else(|| panic!("{}: name the last lab", folder.display()));
        let line = delta::in_words(sources(before), sources(&lab));
        assert!(words.contains(&line), "{}: {line}", folder.display());
    }
}

#[test]
fn every_thread_that_is_started_is_on_the_thread_map_and_vice_versa() {
    for (_, folder) in labs() {
        let started = threads_started(&folder);
        // A lab may also use the threads of the provided crates, or leave them.
        let provided = ["terminal", "capnweb"];
        let inherited: BTreeSet<_> =
            provided.iter().flat_map(|name| threads_started(&workspace().join(name))).collect();
        let map = read(&folder.join("src/lib.rs"));
        // The main thread has the name of the program.
        let main_thread = read(&folder.join("Cargo.toml"));
        let promised: BTreeSet<_> = map
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
            .filter(|name| !main_thread.contains(&format!("name = \"{name}\"")))
            .filter(|name| !folder.join(format!("src/bin/{name}.rs")).is_file())
            .filter(|name| started.contains(*name) || !inherited.contains(*name))
            .map(str::to_owned)
            .collect();
        if started.is_empty() {
            continue; // One thread needs no map.
        }
        assert_eq!(started, promised, "{}", folder.display());
    }
}

#[test]
fn no_lab_depends_on_another_one_and_no_test_links_its_lab() {
    let all = labs();
    for (lab, folder) in &all {
        let manifest = read(&folder.join("Cargo.toml"));
        let (needs, tests_need) = manifest.split_once("[dev-dependencies]").unwrap_or_default();
        let of_judge = |line: &str| ["grader", "xtask"].iter().any(|one| line.starts_with(one));
        assert!(
            !needs.contains("scenario") && !manifest.lines().any(of_judge),
            "{}: src may not know its judge",
            folder.display()
        );
        for (other, _) in &all {
            let named = |part: &str| part.lines().any(|line| line.starts_with(&other.package));
            assert!(
                !named(needs) && !named(tests_need),
                "{} knows another lab",
                folder.display()
            );
        }
        let library = lab.package.replace('-', "_");
        for file in files(&folder.join("tests"), ".rs") {
            let text = read(&file);
            let linked = text.contains(&format!("use {library}::"))
                || text.contains(&format!(" {library}::"));
            assert!(!linked, "{} links the program it judges", file.display());
        }
    }
    for provided in ["terminal", "capnweb", "scenario", "grader", "xtask"] {
        let manifest = read(&workspace().join(provided).join("Cargo.toml"));
        for (lab, _) in &all {
            assert!(!manifest.contains(&lab.package), "{provided} knows {}", lab.package);
        }
    }
}

#[test]
fn every_file_that_a_page_names_exists() {
    for page in files(&workspace(), ".md") {
        let text = read(&page);
        for (index, quoted) in text.split('`').enumerate() {
            let is_path = quoted.contains('/') && !quoted.contains([' ', '*', '<', '\n', '{']);
            let ending = Path::new(quoted).extension();
            let has_ending = ending.is_some_and(|ending| ending == "rs" || ending == "md");
            if index % 2 == 0 || !is_path || !has_ending {
                continue;
            }
            // From the top, from the page, or from a lab: "each lab has a `...`".
            let mut places = vec![workspace(), page.parent().expect("a folder").to_owned()];
            for (_, folder) in labs() {
                places.extend([folder.join("src"), folder]);
            }
            let exists = places.iter().any(|place| place.join(quoted).is_file());
            assert!(exists, "{} names {quoted}, which is not there", page.display());
        }
    }
}

/// The folder that cargo builds in has another name where `CARGO_TARGET_DIR` is set.
#[test]
fn no_lab_says_where_cargo_builds() {
    for (_, folder) in labs() {
        let pages = files(&folder, ".md").into_iter();
        for page in pages.filter(|page| !page.to_string_lossy().contains("node_modules")) {
            assert!(!read(&page).contains("target/"), "{}: say it otherwise", page.display());
        }
    }
}

/// At Ctrl-C `just`, and the shell that it starts, end with an error after a program that has ended
/// well.
#[test]
fn just_has_nothing_to_add_to_the_last_words_of_a_lab() {
    let recipes = read(&workspace().join("justfile"));
    let (group, quiet) = ("[group('run a lab')]\n", "[no-exit-message]\n");
    let runs = recipes.matches(group).count();
    assert!(runs >= labs().len());
    assert_eq!(recipes.matches(&format!("{group}{quiet}")).count(), runs);
}

#[test]
fn every_task_can_be_read_and_its_files_are_marked() {
    for (lab, _) in labs() {
        let tasks = Task::of(&workspace(), &lab).unwrap_or_else(|error| panic!("{error:#}"));
        for task in tasks {
            let marked = task.files.iter().filter(|file| {
                let text = read(&workspace().join(&lab.folder).join(file));
                let regions = regions(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
                regions.iter().any(|region| region.task == task.id)
            });
            assert_ne!(marked.count(), 0, "no file of {task} has a `LAB:BEGIN {}`", task.id);
        }
    }
}

#[test]
fn no_crate_exceeds_its_budget() {
    let excesses: Vec<_> = crates().iter().flat_map(Crate::excesses).collect();
    assert!(excesses.is_empty(), "\n{}", excesses.join("\n"));
}

#[test]
fn no_files_of_a_crate_import_each_other() {
    let mut found = Vec::new();
    for one in crates() {
        let circles = circles(&one.sources).into_iter();
        found.extend(circles.map(|circle| format!("{}: {circle}", one.package)));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
