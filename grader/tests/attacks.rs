//! Attacks on the judge, each a submission that is graded in full confinement: none gains a point,
//! each is reported, and none harms the honest submission that is graded after them.
//!
//! | layer | what stops the attack |
//! |---|---|
//! | outside | the tests are another program, and believe only what they see in a terminal |
//! | files | only the files of a task are taken over, whole, and not through links |
//! | build | the compiler reads the tree alone, and has a limit of time and memory |
//! | namespaces | a student's test has a network and process ids of its own |
//! | jail | a program has no environment of ours |
//! | landlock | a program writes no file, reads none of ours, and signals nobody |
//! | seccomp | a program starts no other one, shares no memory, and ends with its test; it calls no server of this machine, and changes no file and no process |
//! | capabilities | a program has none, although it is root in its namespace |
//! | limits | memory, threads and output of a program |
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::thread;

use grader::markers;
use scenario::workspace;
use serde_json::{Value, json};

/// What the answers of lab 1 use.
const PRELUDE: &str = include_str!("attacks/prelude.txt");

const PEER: &str = "pattern-in-memory/src/peer.rs";
const SENDER: &str = "week05-peer-to-peer-basic/src/sender.rs";
const TEST: &str = "week05-peer-to-peer-basic/tests/your_test.rs";

/// The tasks that are graded.
const TASKS: [&str; 3] = ["pattern-in-memory:disconnect", "week05:sender", "week05:t"];

/// Files beside the answer, which stays a stub.
const FILES: [(&str, &str); 9] = [
    ("Cargo.toml", "[lib]\npath = \"src/own.rs\"\n[[test]]\nname = \"own\"\nharness = false"),
    ("build.rs", "fn main() { panic!() }"),
    (".cargo/config.toml", "[build]\nrustc-wrapper = \"true\""),
    ("rust-toolchain.toml", "[toolchain]\npath = \"/tmp\""),
    ("lab.toml", "format = 1"),
    ("src/main.rs", "fn main() {}"),
    ("src/own.rs", ""),
    ("tests/disconnect.rs", "#[test]\nfn strangers_have_nothing_to_close() {}"),
    ("tests/dialogue/mod.rs", ""),
];

/// What the grader knows, and no student may read in a grade.
const SECRETS: [&str; 4] =
    ["the-password-of-the-grader", "root:x:0", "use dialogue::", "connections.remove"];

/// An attack, and what the grade says of it.
struct Attack {
    layer: &'static str,
    name: &'static str,
    report: &'static str,
    answer: &'static str,
}

/// The attacks in a file of this test's folder.
fn attacks(text: &'static str) -> Vec<Attack> {
    let read = |attack: &'static str| {
        let (title, answer) = attack.split_once('\n')?;
        let (layer, rest) = title.split_once(' ')?;
        let (name, report) = rest.split_once(" | ")?;
        Some(Attack { layer, name, report, answer })
    };
    let attacks = text.split("\n\n").skip(1);
    attacks.map(|attack| read(attack).expect("layer name | report")).collect()
}

/// The submissions, and all that was written about them.
struct Class {
    folder: PathBuf,
    attacks: Vec<Attack>,
}

impl Class {
    /// Attackers, graded, with an honest submission at the end. `None` where a program cannot be
    /// confined.
    fn get() -> Option<&'static Self> {
        static CLASS: OnceLock<Option<Class>> = OnceLock::new();
        CLASS.get_or_init(Self::graded).as_ref()
    }

    fn graded() -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attacks");
        let _ = fs::remove_dir_all(&folder);
        let attacks = attacks(include_str!("attacks/disconnect.txt"));
        let mut class = Self { folder, attacks };
        let peer = read(&workspace().join(PEER));
        for Attack { name, answer, .. } in &class.attacks {
            let answer = answer.replace("CLASS", &class.folder.to_string_lossy());
            let text = replaced(&peer, "disconnect", &format!("{PRELUDE}{answer}"));
            class.submits(name, PEER, &text);
        }
        let ignored = |name, report| Attack { layer: "files", name, report, answer: "" };
        for (file, text) in FILES {
            class.submits("brings_files", &format!("pattern-in-memory/{file}"), text);
            class.attacks.push(ignored("brings_files", file));
        }
        class.submits("is_huge", PEER, &(peer.clone() + &"// More of it.\n".repeat(1 << 17)));
        class.submits("links_a_file", "pattern-in-memory/src/own.rs", "");
        class.submits("links_a_folder", "pattern-in-memory/own.rs", "");
        for (name, link) in [("links_a_file", "/peer.rs"), ("links_a_folder", "")] {
            let path = |name| class.folder.join(format!("{name}/pattern-in-memory/src{link}"));
            symlink(path("honest"), path(name)).expect("a link can be made");
        }
        let stays_a_stub = ["is_huge", "links_a_file", "links_a_folder"];
        class.attacks.extend(stays_a_stub.map(|name| ignored(name, "not_started")));
        class.submits("honest", PEER, &peer);
        let mut names: Vec<_> = class.attacks.iter().map(|attack| attack.name).collect();
        names.push("honest");
        names.dedup();

        let mut of_week05 = Vec::new();
        for (task, file, text) in [
            ("sender", SENDER, include_str!("attacks/sender.txt")),
            ("t", TEST, include_str!("attacks/your_test.txt")),
        ] {
            let attacks = self::attacks(text);
            let source = read(&workspace().join(file));
            for Attack { name, answer, .. } in &attacks {
                let answer = answer.replace("CLASS", &class.folder.to_string_lossy());
                let answer = answer.replace("WORKSPACE", &workspace().to_string_lossy());
                class.submits(name, file, &replaced(&source, task, &answer));
            }
            of_week05.push(attacks.iter().map(|attack| attack.name).collect::<Vec<_>>());
            class.attacks.extend(attacks);
        }

        let outputs = thread::scope(|scope| {
            let other = scope.spawn(|| {
                [(TASKS[1], &of_week05[0]), (TASKS[2], &of_week05[1])]
                    .map(|(task, names)| class.grade(task, names))
            });
            let one = class.grade(TASKS[0], &names);
            [one].into_iter().chain(other.join().expect("the grader can be started"))
        });
        for output in outputs {
            let complaint = String::from_utf8_lossy(&output.stderr);
            if complaint.contains("--unconfined") {
                // Not `eprintln!`: cargo hides what a passing test prints with it.
                let notice = "\n##########\n# NOTICE: no attack was tried here: ";
                let _ = writeln!(io::stderr(), "{notice}{complaint}##########");
                return None;
            }
            assert!(output.status.success(), "{complaint}");
        }
        Some(class)
    }

    fn submits(&self, name: &str, file: &str, text: &str) {
        let path = self.folder.join(name).join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    fn grade(&self, task: &str, names: &[&str]) -> Output {
        let mut grade = Command::new(env!("CARGO_BIN_EXE_grader"));
        grade.current_dir(workspace()).env("LAB_SECRET", SECRETS[0]).env("LAB_WAIT", "3");
        grade.args(["grade", "--tasks", task, "--to"]).arg(self.grades_of(task));
        grade.args(names.iter().map(|name| self.folder.join(name)));
        grade.output().expect("the grader can be started")
    }

    fn grades_of(&self, task: &str) -> PathBuf {
        let (_, id) = task.split_once(':').expect("LAB:TASK");
        self.folder.join(format!("grades-{id}"))
    }

    /// The grade of a submission, and all that is said in it.
    fn grade_of(&self, name: &str) -> (Value, String) {
        let grades = TASKS.map(|task| self.grades_of(task));
        let graded = grades.iter().find(|grades| grades.join(name).is_dir());
        let text = read(&graded.expect("it is graded").join(name).join("grade.json"));
        let grade: Value = serde_json::from_str(&text).expect("it is JSON");
        let behaviours = grade["tasks"][0]["behaviours"].as_array().expect("a list");
        let said = behaviours.iter().flat_map(|behaviour| {
            ["status", "message"].map(|part| behaviour[part].as_str().unwrap_or_default())
        });
        let said = format!("{}\n{}", grade["ignored"], said.collect::<Vec<_>>().join("\n"));
        (grade, said)
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `source` with its stub of `task` replaced.
fn replaced(source: &str, task: &str, answer: &str) -> String {
    let stub = markers::stub(source, task).expect("the task is marked");
    let (before, rest) = stub.split_once("// LAB:BEGIN").expect("its begin is");
    let (_, after) = rest.split_once("// LAB:END").expect("its end is");
    format!("{before}{answer}\n// {after}")
}

#[test]
fn no_attack_gains_a_point_and_each_is_reported() {
    let Some(class) = Class::get() else { return };
    let mut wrong = Vec::new();
    for Attack { layer, name, report, .. } in &class.attacks {
        let (grade, said) = class.grade_of(name);
        assert_eq!(grade["confinement"], "full");
        if grade["points"] != 0 || !said.contains(report) {
            let said: String = said.chars().take(1500).collect();
            let points = &grade["points"];
            wrong.push(format!("{name} ({layer}): {points} points, no {report:?} in\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_honest_submission_after_them_has_all_its_points() {
    let Some(class) = Class::get() else { return };
    let (grade, said) = class.grade_of("honest");
    assert_eq!(grade["points"], 20, "{said}");
    assert_eq!(grade["ignored"], json!([]));
}

#[test]
fn nothing_was_written_and_no_grade_tells_what_is_not_the_students() {
    let Some(class) = Class::get() else { return };
    for path in ["target/debug/deps/forged", "/dev/shm/forged", "/tmp/letter-2"] {
        assert!(!workspace().join(path).exists(), "{path}");
    }
    for Attack { name, .. } in &class.attacks {
        let (_, said) = class.grade_of(name);
        for secret in SECRETS {
            assert!(!said.contains(secret), "{name} tells {secret}: {said}");
        }
    }
}
