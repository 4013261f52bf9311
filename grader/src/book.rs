//! The verb `book`: the pages as an mdBook, built from a copy of what git tracks.
//!
//! From a copy, because mdBook takes along all files beside the pages, and `target` is one of them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::tree;

/// Builds the book in `target/book`, and opens it in a browser if asked to.
pub fn run(workspace: &Path, open: bool) -> Result<()> {
    let target = workspace.join("target");
    let pages = target.join("book-pages");
    match fs::remove_dir_all(&pages) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => tree::write(&pages, &tree::tracked(workspace)?)?,
    }
    let mut mdbook = Command::new("mdbook");
    mdbook.arg("build").arg(&pages).arg("--dest-dir").arg(target.join("book"));
    mdbook.args(open.then_some("--open"));
    match mdbook.status() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no mdbook: cargo install --locked mdbook@0.5.4")
        }
        status => ensure!(status.context("mdbook starts")?.success(), "mdbook failed"),
    }
    Ok(())
}
