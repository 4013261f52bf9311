//! The top of the workspace: the folder of the course.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_the_one_we_are_in() {
        // As cargo starts a test: in the folder of its crate.
        let here = env::current_dir().unwrap();
        assert_eq!(here, workspace().join("scenario"));

        let top = env::temp_dir().join(format!("scenario-workspace-{}", std::process::id()));
        let lab = top.join("lab");
        fs::create_dir_all(lab.join("tests")).unwrap();
        fs::write(top.join("Cargo.toml"), "[workspace]\nmembers = [\"lab\"]\n").unwrap();
        fs::write(lab.join("Cargo.toml"), "[package]\nname = \"lab\"\n").unwrap();
        let found = workspace_above(&lab.join("tests"));
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(found, Some(top));
    }
}
