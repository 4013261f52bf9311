//! The code lines of a Rust file: no blank line, no comment, no test.

use std::fs;
use std::io;
use std::path::Path;

use grader::walk::files_below;

/// A file of a crate's `src/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path below `src/`, with `/` on every system: `peer/tests.rs`.
    pub path: String,
    /// Its code lines, without their indentation.
    pub code: Vec<String>,
}

impl Source {
    /// All files of the crate in `folder` that are no tests, by path.
    pub fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for (path, file) in files_below(&folder.join("src")) {
            let is_test = path.split('/').any(|part| part == "tests" || part == "tests.rs");
            if file.extension().is_some_and(|end| end == "rs") && !is_test {
                let text = fs::read_to_string(file)?;
                let code = code_lines(&text).into_iter().map(str::to_owned).collect();
                found.push(Self { path, code });
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

/// The code lines of a file, without their indentation. They end where an inline test module
/// begins; of any other item that only tests see, the first line is left out.
pub fn code_lines(text: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    let mut lines = text.lines().map(str::trim).filter(is_code);
    let mut code = Vec::new();
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            code.push(line);
        } else if lines
            .next()
            .is_some_and(|item| item.starts_with("mod ") && item.ends_with('{'))
        {
            break;
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_comments_are_not_code() {
        let text = "//! Idea.\n\n/// Doc.\nfn f() {\n    // Why.\n    g(); // Here.\n}\n";
        assert_eq!(code_lines(text), ["fn f() {", "g(); // Here.", "}"]);
    }

    #[test]
    fn code_ends_where_the_inline_tests_begin() {
        let text = "f();\n#[cfg(test)]\n\n// Why.\nmod tests {\n    g();\n}\nh();\n";
        assert_eq!(code_lines(text), ["f();"]);
    }

    #[test]
    fn an_item_for_tests_is_left_out_and_code_goes_on() {
        let text = "f();\n#[cfg(test)]\nmod tests;\ng();\n#[cfg(test)]\nuse a::b;\nh();\n";
        assert_eq!(code_lines(text), ["f();", "g();", "h();"]);
    }

    #[test]
    fn files_of_tests_are_no_source() {
        let folder = std::env::temp_dir().join(format!("xtask-code-{}", std::process::id()));
        for path in ["src/lib.rs", "src/tests.rs", "src/peer/tests/a.rs", "src/peer/b.rs"] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "f();\n").unwrap();
        }
        let sources = Source::all(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let paths: Vec<_> = sources.iter().map(|source| source.path.as_str()).collect();
        assert_eq!(paths, ["lib.rs", "peer/b.rs"]);
    }
}
