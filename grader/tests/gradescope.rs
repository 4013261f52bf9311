//! The autograder for Gradescope, unpacked and run as Gradescope does, but elsewhere and offline.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use scenario::workspace;
use serde_json::Value;
use zip::ZipArchive;

const TASKS: &str = "pattern-in-memory:disconnect";

/// Gradescope's folder, removed at the end.
struct Autograder(PathBuf);

impl Autograder {
    /// Writes the zip file, and unpacks it.
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gradescope-{test}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let autograder = Self(folder);
        let zip = autograder.writes("1.zip");
        ZipArchive::new(File::open(zip).unwrap())
            .unwrap()
            .extract(autograder.0.join("source"))
            .unwrap();
        let copy = autograder.0.join("run_autograder");
        fs::copy(autograder.0.join("source/run_autograder"), copy).unwrap();
        autograder
    }

    /// Writes the zip file.
    fn writes(&self, name: &str) -> PathBuf {
        let zip = self.0.join(name);
        let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"));
        grader
            .current_dir(workspace())
            .args(["gradescope", "--tasks", TASKS, "--to"])
            .arg(&zip);
        let output = grader.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        zip
    }

    /// Runs a script. Returns whether it went well.
    fn runs(&self, script: &str) -> bool {
        let mut command = Command::new(self.0.join(script));
        command.current_dir(&self.0).env("AUTOGRADER", &self.0);
        command.env("CARGO_NET_OFFLINE", "true");
        // Kept from run to run, and apart from the one that other tests are started from.
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("course"));
        command.status().unwrap().success()
    }

    fn submits(&self, name: &str, text: Option<&str>) -> Value {
        let path = self.0.join("submission").join(name);
        let _ = fs::remove_dir_all(self.0.join("submission"));
        let _ = fs::remove_dir_all(self.0.join("results"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let Some(text) = text {
            fs::write(path, text).unwrap();
        }
        assert!(self.runs("run_autograder"));
        self.results()
    }

    fn results(&self) -> Value {
        let text = fs::read_to_string(self.0.join("results/results.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Autograder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_zip_file_has_the_scripts_and_is_the_same_each_time() {
    use std::os::unix::fs::PermissionsExt;
    let autograder = Autograder::new("scripts");
    for script in ["setup.sh", "run_autograder"] {
        let path = autograder.0.join("source").join(script);
        assert_ne!(fs::metadata(&path).unwrap().permissions().mode() & 0o111, 0);
        let text = fs::read_to_string(path).unwrap();
        assert!(
            text.contains(&format!("--tasks \"{TASKS}\"")) && !text.contains("{{"),
            "{text}"
        );
        let mut sh = Command::new("sh");
        let sh = sh.arg("-n").arg(autograder.0.join("source").join(script));
        assert!(sh.status().unwrap().success());
    }
    assert!(autograder.0.join("source/course/Cargo.lock").is_file());
    let (first, second) = (autograder.0.join("1.zip"), autograder.writes("2.zip"));
    assert!(fs::read(first).unwrap() == fs::read(second).unwrap(), "same files, other bytes");
}

#[test]
fn results_are_there_even_if_nothing_can_be_graded() {
    let autograder = Autograder::new("broken");
    fs::write(autograder.0.join("source/course/Cargo.toml"), "damaged").unwrap();
    autograder.runs("run_autograder");
    let results = autograder.results();
    assert_eq!(results["score"], 0);
    assert!(results["output"].as_str().unwrap().starts_with("Not graded: "), "{results}");
}

#[test]
#[ignore = "it builds the grader and a lab once more: `.ci/run` runs it"]
fn a_right_submission_has_all_points_and_a_wrong_one_has_not() {
    let autograder = Autograder::new("graded");
    assert!(autograder.runs("source/setup.sh"));
    let file = "pattern-in-memory/src/peer.rs";
    let right = fs::read_to_string(workspace().join(file)).unwrap();

    let results = autograder.submits(file, Some(&right));
    assert_eq!(results["score"], 20, "{results:#}");
    assert!(results["output"].as_str().unwrap().starts_with("Confinement: "), "{results:#}");

    let end = right.find("// LAB:END disconnect").unwrap();
    let line = right[..end].rfind("self.connections.remove").unwrap();
    let next = line + right[line..].find('\n').unwrap();
    let wrong = format!("{}{}", &right[..line], &right[next..]);
    let results = autograder.submits(file, Some(&wrong));
    let score = results["score"].as_u64().unwrap();
    assert!(score > 0 && score < 20, "{results:#}");
    let failed =
        results["tests"].as_array().unwrap().iter().find(|test| test["status"] == "failed");
    assert!(failed.unwrap()["output"].as_str().unwrap().starts_with("failed\n"), "{results:#}");

    // Handed in without its folder.
    let results = autograder.submits("peer.rs", Some(&right));
    let output = results["output"].as_str().unwrap();
    assert!(
        output.starts_with("Not graded: it has no folder pattern-in-memory"),
        "{results:#}"
    );
    let results = autograder.submits("nothing", None);
    assert_eq!(results["score"], 0);
    assert!(results["tests"].as_array().unwrap().iter().all(|test| test["status"] == "failed"));
}
