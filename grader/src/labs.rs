//! The labs, read off the folders: a lab is a folder of the workspace with a `lab.toml`, which has
//! its tasks.

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

impl Lab {
    /// All labs below `workspace`, sorted by folder.
    pub fn all(workspace: &Path) -> io::Result<Vec<Self>> {
        let mut labs = Vec::new();
        for entry in fs::read_dir(workspace)? {
            let entry = entry?;
            if entry.path().join("lab.toml").is_file() {
                let manifest = fs::read_to_string(entry.path().join("Cargo.toml"))?;
                let package = value(&manifest, "name").unwrap_or_default().to_owned();
                let folder = entry.file_name().to_string_lossy().into_owned();
                labs.push(Self { folder, package });
            }
        }
        labs.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(labs)
    }

    /// Whether a user who types `name` means this lab: its package, or its folder.
    pub fn is_called(&self, name: &str) -> bool {
        name == self.package || name.trim_end_matches(['/', '\\']) == self.folder
    }
}

/// The text that is the value of `key` in a manifest.
pub(crate) fn value<'a>(manifest: &'a str, key: &str) -> Option<&'a str> {
    let mut values = manifest.lines().filter_map(|line| line.strip_prefix(key));
    values.find_map(|value| value.strip_prefix(" = \"")?.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_is_called_by_its_package_or_its_folder() {
        let lab = Lab { folder: "week05-peer-to-peer-basic".into(), package: "week05".into() };
        assert!(lab.is_called("week05") && lab.is_called("week05-peer-to-peer-basic/"));
        assert!(!lab.is_called("week"));
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
    fn the_labs_are_the_folders_with_tasks() {
        let labs = Lab::all(&workspace()).unwrap();
        let packages: Vec<_> = labs.iter().map(|lab| lab.package.as_str()).collect();
        assert!(packages.contains(&"pattern-in-memory"), "{packages:?}");
        assert!(packages.contains(&"week05"), "{packages:?}");
        assert!(!packages.contains(&"grader"), "{packages:?}");
    }
}
