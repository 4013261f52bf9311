//! The verb `report`, tried on a lab of its own: one page, complete, and harmless.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LAB: &str = r#"
format = 1

[[task]]
id = "a"
title = "A & B"
suite = "a"
files = ["src/main.rs"]

[[task]]
id = "b"
title = "Hidden"
needs = ["a"]
suite = "b"
files = ["src/main.rs"]
show = "names"
"#;

const A: &str = r#"//! Task a.

/// It passes.
///
/// Points: 1
/// Hint: Why? | Because of <that>.
#[test]
fn passes() {
    eprintln!("time | peer 1\n{}", std::env::var("LAB_PICTURE").unwrap());
}

/// It says "no" to `Vec<u8>`.
///
/// Points: 2
#[test]
fn fails() {
    panic!("expected <script>alert(1)</script>\u{1b}[2J");
}
"#;

const B: &str = r#"//! Task b.

/// It is hidden.
///
/// Points: 4
/// Hint: A secret? | Yes.
#[test]
fn fails() {
    panic!("the secret");
}
"#;

/// A workspace with one lab, removed when it is dropped.
struct Course(PathBuf);

impl Course {
    fn new() -> Self {
        let package = format!("grader-report-{}", std::process::id());
        let course = Self(std::env::temp_dir().join(&package));
        let manifest = format!("[package]\nname = \"{package}\"\nedition = \"2024\"\n");
        for (file, text) in [
            ("Cargo.toml", "[workspace]\nmembers = [\"lab\"]\n"),
            ("lab/Cargo.toml", &manifest),
            ("lab/README.md", ""),
            ("lab/lab.toml", LAB),
            ("lab/src/main.rs", "fn main() {}\n"),
            ("lab/tests/a.rs", A),
            ("lab/tests/b.rs", B),
        ] {
            let path = course.0.join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            fs::write(path, text).expect("it can be written");
        }
        course
    }

    fn reports(&self, to: &Path) -> String {
        let mut report = Command::new(env!("CARGO_BIN_EXE_grader"));
        report.current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join("target"));
        let output = report.args(["report", "--to"]).arg(to).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(to).expect("the page is there")
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_page_has_all_that_may_be_shown_and_obeys_nothing_in_it() {
    let course = Course::new();
    let page = course.reports(&course.0.join("new folder/report.html"));
    for part in [
        "a: A &amp; B</td><td>1 of 2</td><td>1 of 3</td>",
        "<td>total</td><td>1 of 3</td><td>1 of 7</td>",
        "<b>passed</b>It passes. (1 point)",
        "<pre tabindex=\"0\">time | peer 1\nalways</pre>",
        "<summary>Hint: Why?</summary>Because of &lt;that&gt;.",
        "<b>wrong</b>It says &quot;no&quot; to `Vec&lt;u8&gt;`. (2 points)",
        "expected &lt;script&gt;alert(1)&lt;/script&gt;\u{FFFD}[2J</pre>",
        "needs a, which fails: begin there",
        "<b>wrong</b>It is hidden. (4 points)",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for absent in ["secret", "<script", "http", "\u{1b}"] {
        assert!(!page.contains(absent), "{absent}: {page}");
    }
}
