//! The labs and their tasks, read off the folders: to add a lab, add a folder.
//!
//! A lab is a folder of the workspace with a `README.md` (its lab sheet) and `tests/`. A task
//! is a file there: `tests/extension_b.rs` is task `extension_b`, or `b` for short.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A lab of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lab {
    /// Its folder, e.g. `week05-peer-to-peer-basic`.
    pub folder: String,
    /// Its package, e.g. `week05`.
    pub package: String,
    /// The names of its tasks, sorted.
    pub tasks: Vec<String>,
}

/// The top of the workspace that we are in, or of the crate that cargo runs. Found at run time:
/// a path that is compiled in may be that of another checkout with the same target folder.
pub fn workspace() -> PathBuf {
    let places =
        [env::current_dir().ok(), env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)];
    let mut places = places.into_iter().flatten();
    places
        .find_map(|place| workspace_above(&place))
        .expect("the current folder is in a workspace")
}

fn workspace_above(folder: &Path) -> Option<PathBuf> {
    let is_top = |folder: &&Path| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line == "[workspace]")
    };
    folder.ancestors().find(is_top).map(Path::to_owned)
}

/// The error for a name that no lab, task or crate has. It lists the right names.
#[derive(Debug)]
pub struct Misspelt(pub String);

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misspelt {}

/// The lab a user means by `name`.
pub fn find<'a>(labs: &'a [Lab], name: &str) -> Result<&'a Lab, Misspelt> {
    labs.iter().find(|lab| lab.is_called(name)).ok_or_else(|| {
        let names: Vec<_> = labs.iter().map(|lab| lab.package.as_str()).collect();
        Misspelt(format!("there is no lab {name:?}; the labs are: {}", names.join(", ")))
    })
}

impl Lab {
    /// All labs below `workspace`, sorted by folder.
    pub fn all(workspace: &Path) -> io::Result<Vec<Self>> {
        let mut labs = Vec::new();
        for folder in fs::read_dir(workspace)? {
            let folder = folder?.path();
            if folder.join("README.md").is_file() && folder.join("tests").is_dir() {
                labs.extend(Self::read(&folder)?);
            }
        }
        labs.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(labs)
    }

    /// Whether a user who types `name` means this lab: its package, or its folder.
    pub fn is_called(&self, name: &str) -> bool {
        name == self.package || name.trim_end_matches(['/', '\\']) == self.folder
    }

    /// The task a user means by `name`: `extension_b`, `b` or `B`.
    pub fn task(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        let short = format!("_{name}");
        let mut tasks = self.tasks.iter().map(String::as_str);
        tasks.clone().find(|task| *task == name).or_else(|| tasks.find(|t| t.ends_with(&short)))
    }

    fn read(folder: &Path) -> io::Result<Option<Self>> {
        let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
        let package = manifest
            .lines()
            .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
            .map(str::to_owned);
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut tasks = Vec::new();
        for file in fs::read_dir(folder.join("tests"))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                tasks.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            }
        }
        tasks.sort();
        Ok(package.zip(name).map(|(package, folder)| Self { folder, package, tasks }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_by_its_name_or_its_letter() {
        let lab = Lab {
            folder: "week05-peer-to-peer-basic".into(),
            package: "week05".into(),
            tasks: vec!["extension_a".into(), "extension_b".into(), "scenarios".into()],
        };
        assert_eq!(lab.task("extension_b"), Some("extension_b"));
        assert_eq!(lab.task("B"), Some("extension_b"));
        assert_eq!(lab.task("scenarios"), Some("scenarios"));
        assert_eq!(lab.task("z"), None);
        assert!(lab.is_called("week05") && lab.is_called("week05-peer-to-peer-basic/"));
        assert!(!lab.is_called("week"));
        let complaint = find(&[lab], "week5").unwrap_err().0;
        assert_eq!(complaint, "there is no lab \"week5\"; the labs are: week05");
    }

    #[test]
    fn the_workspace_is_the_one_we_are_in() {
        // As cargo starts a test: in the folder of its crate.
        let here = env::current_dir().unwrap();
        assert_eq!(here, workspace().join("grader"));

        let top = env::temp_dir().join(format!("grader-workspace-{}", std::process::id()));
        let lab = top.join("lab");
        fs::create_dir_all(lab.join("tests")).unwrap();
        fs::write(top.join("Cargo.toml"), "[workspace]\nmembers = [\"lab\"]\n").unwrap();
        fs::write(lab.join("Cargo.toml"), "[package]\nname = \"lab\"\n").unwrap();
        let found = workspace_above(&lab.join("tests"));
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(found, Some(top));
    }

    #[test]
    fn the_labs_are_the_folders_with_a_sheet_and_tests() {
        let labs = Lab::all(&workspace()).unwrap();
        let packages: Vec<_> = labs.iter().map(|lab| lab.package.as_str()).collect();
        assert!(packages.contains(&"pattern-in-memory"), "{packages:?}");
        assert!(packages.contains(&"week05"), "{packages:?}");
        assert!(!packages.contains(&"grader"), "{packages:?}");
    }
}
