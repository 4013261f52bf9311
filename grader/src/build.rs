//! Builds with cargo, and finds the programs that it has built.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use scenario::Program;
use scenario::child::{Child, End};
use serde_json::Value;

/// The longest build of a submission.
const PATIENCE: Duration = Duration::from_mins(2);

/// The most bytes that cargo may say, and the most of an error that is shown.
const MOST: usize = 8 << 20;
const MOST_OF_ERROR: usize = 8 << 10;

const QUIETLY: [&str; 2] = ["--quiet", "--message-format=json"];

/// The files that cargo has built, by name.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The test programs.
    pub tests: BTreeMap<String, PathBuf>,
    /// The lab's own programs.
    pub programs: BTreeMap<String, PathBuf>,
}

/// The cargo that has started this program, in this workspace.
pub fn cargo(workspace: &Path) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(workspace);
    command
}

/// Runs cargo with these arguments, quietly. The error is the first one of the compiler, or else
/// what cargo says.
pub fn build(workspace: &Path, arguments: &[&str]) -> Result<Built, String> {
    let mut cargo = cargo(workspace);
    cargo.args(arguments).args(QUIETLY);
    let output = cargo.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    let [printed, complained] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    read(output.status.success(), &printed, complained)
}

/// Runs cargo in a tree with files of a submission, offline: it ends after a while, and `jail`,
/// which is this program, keeps it from all files but the tree's.
pub(crate) fn build_submission(
    tree: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
    jail: Option<&Path>,
) -> Result<Built, String> {
    let command = cargo(tree);
    let cargo = command.get_program().to_string_lossy();
    let target = tree.join("target").display().to_string();
    let everywhere = ["--offline", "--target-dir", &target];
    let arguments = [arguments, &everywhere, &QUIETLY].concat();
    let words = jail.map(|jail| {
        [jail.to_string_lossy(), "jail".into(), "--build".into(), tree.to_string_lossy()]
    });
    let words: Vec<_> = words.iter().flatten().chain([&cargo]).map(|word| &**word).collect();
    let program = Program::exactly(&words).in_folder(tree);
    let started = Child::start(&program, &arguments, environment, |_| ());
    let mut started = started.map_err(|error| format!("cannot start {cargo}: {error}"))?;
    let said = started.outcome(Instant::now() + PATIENCE, MOST);
    match said.end {
        End::Exited(status) => read(status.success(), &said.printed, said.complained),
        End::TimedOut => Err(format!("The build has not ended in {PATIENCE:?}.\n")),
        End::TooMuch => Err("The compiler prints without end.\n".into()),
    }
}

/// Reads what cargo has said.
fn read(success: bool, printed: &str, mut complained: String) -> Result<Built, String> {
    let messages = printed.lines().filter_map(|line| serde_json::from_str(line).ok());
    let messages: Vec<Value> = messages.collect();
    if !success {
        let is_error = |message: &&Value| message["message"]["level"] == "error";
        let first = messages.iter().find(is_error);
        if let Some(rendered) = first.and_then(|error| error["message"]["rendered"].as_str()) {
            rendered.clone_into(&mut complained);
        }
        // SIGXCPU, which the jail's limit sends.
        if complained.contains("(signal: 24") {
            complained = "The compiler has used all of its CPU time.\n".into();
        }
        complained.truncate(complained.floor_char_boundary(MOST_OF_ERROR));
        return Err(complained);
    }
    let mut built = Built::default();
    for message in messages {
        let target = &message["target"];
        let path = message["executable"].as_str().map(PathBuf::from);
        let Some((name, path)) = target["name"].as_str().zip(path) else { continue };
        let is_test = target["kind"][0] == "test";
        let found = if is_test { &mut built.tests } else { &mut built.programs };
        found.insert(name.to_owned(), path);
    }
    Ok(built)
}
