//! The members of the workspace. A lab is a member with a `lab.toml`, which has its tasks.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// A lab of the workspace, or another member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lab {
    /// Its folder, e.g. `week05-peer-to-peer-basic`.
    pub folder: String,
    /// Its package, e.g. `week05`.
    pub package: String,
}

/// The error for words that a user has typed, and that mean nothing here.
#[derive(Debug)]
pub struct Misspelt(pub String);

impl Misspelt {
    /// Nothing of this kind has this name. Lists the right names.
    pub fn of(kind: &str, name: &str, right: &[String]) -> Self {
        let right = right.join(", ");
        Self(format!("there is no {kind} {name:?}; the {kind}s are: {right}"))
    }
}

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misspelt {}

impl Lab {
    /// All labs of `workspace`, sorted by folder.
    pub fn all(workspace: &Path) -> io::Result<Vec<Self>> {
        let mut labs = Self::members(workspace)?;
        labs.retain(|lab| workspace.join(&lab.folder).join("lab.toml").is_file());
        labs.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(labs)
    }

    /// All crates of `workspace`, labs or not, in the order of its manifest.
    pub fn members(workspace: &Path) -> io::Result<Vec<Self>> {
        let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
        let members = manifest.lines().find_map(|line| line.strip_prefix("members = ["));
        let folders = members.unwrap_or_default().split('"').skip(1).step_by(2);
        let member = |folder: &str| {
            let manifest = fs::read_to_string(workspace.join(folder).join("Cargo.toml"))?;
            let package = value(&manifest, "name").unwrap_or_default().to_owned();
            Ok(Self { folder: folder.to_owned(), package })
        };
        folders.map(member).collect()
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
    use scenario::workspace;

    #[test]
    fn a_lab_is_called_by_its_package_or_its_folder() {
        let lab = Lab { folder: "week05-peer-to-peer-basic".into(), package: "week05".into() };
        assert!(lab.is_called("week05") && lab.is_called("week05-peer-to-peer-basic/"));
        assert!(!lab.is_called("week"));
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
