//! The verb `book`: the pages as an mdBook, built from a copy of what git tracks.
//!
//! From a copy, because mdBook takes along all files beside the pages, and `target` is one of them.
//! In the copy, the chapter of a lab also has its threads as a picture, and what it adds, file by file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use grader::tree::{self, Files};

use crate::delta;
use crate::size::{self, Crate};

/// The heading in the sheet of a lab. Below it is a link to the sheet of the last lab.
const NEW: &str = "## What is new since the last lab\n";

/// Builds the book in `target/book`, and opens it in a browser if asked to.
pub fn run(workspace: &Path, open: bool) -> Result<()> {
    let target = workspace.join("target");
    let pages = target.join("book-pages");
    match fs::remove_dir_all(&pages) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {
            let mut files = tree::tracked(workspace)?;
            open_chapters(&mut files, &Crate::all(workspace)?)?;
            tree::write(&pages, &files)?;
        }
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

/// Adds the picture of the threads and the files to what each sheet says about what is new.
fn open_chapters(files: &mut Files, crates: &[Crate]) -> Result<()> {
    for (path, page) in files {
        let text = String::from_utf8_lossy(page);
        let Some(folder) = path.strip_suffix("/README.md") else { continue };
        let Some((above, section)) = text.split_once(NEW) else { continue };
        let (words, below) = section.split_once("\n## ").unwrap_or((section, ""));
        let linked = words.split("](../").nth(1).and_then(|link| link.split('/').next());
        let lab = size::find(crates, folder)?;
        let last = size::find(crates, linked.context("a link to the last lab")?)?;
        let (package, last_package) = (&lab.package, &last.package);
        let compared = delta::in_paragraphs(&last.sources, &lab.sources);
        let opening = format!(
            "{above}{NEW}{words}
![The threads of {package}](../docs/pictures/{package}-threads.svg)

*A box is a thread; the one with a blue frame decides. [All labs side by side](../docs/thread-maps.md).*

<details><summary>Each file, compared with <code>{last_package}</code> in lines of code</summary>

{compared}</details>

## {below}"
        );
        *page = opening.into_bytes();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use scenario::workspace;

    use super::*;

    #[test]
    fn the_chapter_of_a_lab_says_what_became_of_each_file() {
        let sheet =
            format!("# Lab\n\n{NEW}\nFrom [a](../pattern-in-memory/README.md).\n\n## Next\n");
        let path = "week05-peer-to-peer-basic/README.md".to_owned();
        let other = ("README.md".to_owned(), b"# Top\n".to_vec());
        let mut files = Files::from([(path.clone(), sheet.into_bytes()), other.clone()]);
        open_chapters(&mut files, &Crate::all(&workspace()).unwrap()).unwrap();
        let text = tree::text(&files, &path).unwrap();
        let new = text.split("\n## ").nth(1).unwrap();
        assert!(new.contains("README.md).\n\n![The threads of week05](../"), "{text}");
        assert!(new.contains("**new**: ") && new.contains("`listener.rs`\u{a0}+"), "{text}");
        assert!(text.ends_with("\n\n## Next\n"), "{text}");
        assert_eq!(files[&other.0], other.1);
    }
}
