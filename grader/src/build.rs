//! Builds with cargo, and finds out which programs came of it.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What was built, by name.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The test programs.
    pub tests: BTreeMap<String, PathBuf>,
    /// The lab's own programs.
    pub programs: BTreeMap<String, PathBuf>,
}

/// Cargo, as it was started itself, in this workspace.
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
    cargo.args(arguments).args(["--quiet", "--message-format=json"]);
    let output = cargo.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let messages = printed.lines().filter_map(|line| serde_json::from_str(line).ok());
    let messages: Vec<Value> = messages.collect();
    if !output.status.success() {
        let is_error = |message: &&Value| message["message"]["level"] == "error";
        let first = messages.iter().find(is_error);
        let rendered = first.and_then(|error| error["message"]["rendered"].as_str());
        let complaint = || String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(rendered.map_or_else(complaint, str::to_owned));
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
