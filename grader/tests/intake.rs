//! What a student hands in: taken from a folder, a zip file or git, or refused with advice.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::intake;
use grader::submission::Submission;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const LAB: &str = "lab1";
const FILE: &str = "lab1/src/a.rs";

type Zip = ZipWriter<Cursor<Vec<u8>>>;

/// What one student hands in, in a folder that is removed at the end.
struct Student(PathBuf);

impl Student {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("intake-{test}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn writes(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A zip file with the files that `fill` adds.
    fn zips(&self, fill: impl FnOnce(&mut Zip)) -> PathBuf {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        fill(&mut zip);
        self.writes("ada.zip", zip.finish().unwrap().into_inner())
    }

    /// The folder of the labs, or why there is none.
    fn unpacks(&self, submission: &Path) -> Result<PathBuf, String> {
        let scratch = self.0.join("scratch");
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch).unwrap();
        let taken = intake::folder(submission, &scratch, &[LAB, "lab2"]);
        taken.map_err(|error| format!("{error:#}"))
    }

    fn is_refused(&self, submission: &Path, reason: &str) {
        let complaint = self.unpacks(submission).unwrap_err();
        assert!(complaint.contains(reason), "{complaint}");
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.current_dir(&self.0).env("HOME", &self.0).env_remove("GIT_DIR");
        git.args(["-c", "user.name=A", "-c", "user.email=a@b"]).args(arguments);
        let output = git.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A repository with the lab in it, in which these commands are then run.
    fn commits(&self, then: &[&[&str]]) {
        self.writes("work/lab1/src/a.rs", "answer");
        self.git(&["init", "--quiet", "--initial-branch=main", "work"]);
        self.git(&["-C", "work", "add", "."]);
        self.git(&["-C", "work", "commit", "--quiet", "--message=work"]);
        for arguments in then {
            self.git(arguments);
        }
    }
}

impl Drop for Student {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn add(zip: &mut Zip, name: &str, bytes: &[u8]) {
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(bytes).unwrap();
}

fn is_answer(folder: &Path) {
    assert_eq!(fs::read_to_string(folder.join(FILE)).unwrap(), "answer");
}

#[test]
fn a_zip_file_is_unpacked_also_with_folders_around_the_lab() {
    for around in ["", "ada/", "ada/edition/"] {
        let ada = Student::new("zip");
        let zip = ada.zips(|zip| {
            add(zip, &format!("{around}{FILE}"), b"answer");
            add(zip, "__MACOSX/ada/._a.rs", b"added by macOS");
            add(zip, &format!("{around}target/debug/large"), b"not taken");
        });
        let folder = ada.unpacks(&zip).unwrap();
        is_answer(&folder);
        assert!(!folder.join("target").exists());
    }
}

#[test]
fn a_folder_is_taken_as_it_is_or_the_one_in_it() {
    let ada = Student::new("folder");
    let submission = ada.0.join("ada");
    fs::create_dir_all(&submission).unwrap();
    assert_eq!(
        ada.unpacks(&submission).unwrap(),
        submission,
        "an empty submission is no error"
    );
    ada.writes("ada/edition/lab1/src/a.rs", "answer");
    is_answer(&ada.unpacks(&submission).unwrap());
    // A folder is looked into only if it is the one entry.
    ada.writes("ada/notes.txt", "");
    ada.is_refused(&submission, "it has no folder lab1 or lab2: hand in the lab's folder");
}

#[test]
fn an_archive_without_a_lab_is_refused() {
    let ada = Student::new("no-lab");
    let zip = ada.zips(|zip| add(zip, "src/a.rs", b"answer"));
    ada.is_refused(&zip, "it has no folder lab1 or lab2: hand in the lab's folder");
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    for name in
        ["../evil.rs", "lab1/../../evil.rs", "/evil.rs", "lab1\\..\\..\\evil.rs", "lab1/../b"]
    {
        let ada = Student::new("names");
        let zip = ada.zips(|zip| {
            add(zip, FILE, b"answer");
            add(zip, name, b"");
        });
        ada.is_refused(&zip, "would lie outside: zip a folder");
        assert!(!ada.0.join("evil.rs").exists());
    }
}

#[test]
fn a_link_is_refused() {
    let ada = Student::new("link");
    let zip = ada.zips(|zip| {
        zip.add_symlink(FILE, "/etc/passwd", SimpleFileOptions::default()).unwrap();
    });
    ada.is_refused(&zip, "is a link: put the file itself into the archive");
}

#[test]
fn too_many_files_are_refused() {
    let ada = Student::new("many");
    let zip = ada.zips(|zip| {
        for number in 0..=2_000 {
            add(zip, &format!("lab1/{number}"), b"");
        }
    });
    ada.is_refused(&zip, "it has more than 2000 files: leave out all but the labs");
}

#[test]
fn too_many_bytes_are_refused_whatever_the_archive_says_of_them() {
    let ada = Student::new("large");
    // 65 entries that share the bytes of one MiB.
    let zip = ada.zips(|zip| {
        add(zip, FILE, &vec![0; 1 << 20]);
        for number in 0..64 {
            zip.shallow_copy_file(FILE, &format!("lab1/{number}")).unwrap();
        }
    });
    assert!(fs::metadata(&zip).unwrap().len() < 1 << 16);
    ada.is_refused(&zip, "its files have more than 64 MiB: leave out all but the labs");

    // A file that claims to have one byte.
    let zip = ada.zips(|zip| add(zip, FILE, &[0; 1234]));
    let mut bytes = fs::read(&zip).unwrap();
    let size = 1234_u32.to_le_bytes();
    let places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&size));
    let places: Vec<_> = places.collect();
    assert_eq!(places.len(), 2, "in front of the file, and in the list of all");
    for at in places {
        bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
    }
    ada.is_refused(
        &ada.writes("one-byte.zip", bytes),
        "the zip file is damaged: make it again",
    );
}

#[test]
fn a_damaged_zip_file_and_another_file_are_refused() {
    let ada = Student::new("damaged");
    let zip = ada.zips(|zip| add(zip, FILE, b"answer"));
    let bytes = fs::read(&zip).unwrap();
    ada.is_refused(&ada.writes("half.zip", &bytes[..bytes.len() / 2]), "make it again");
    // The bytes of the answer, which follow its name.
    let at = 30 + FILE.len();
    let mut changed = bytes;
    changed[at + 2] ^= 1;
    ada.is_refused(&ada.writes("changed.zip", changed), "make it again");
    ada.is_refused(&ada.writes("ada.tar.gz", [0x1f, 0x8b, 8]), "ask for one of these");
    ada.is_refused(&ada.0.join("nobody"), "cannot be opened");
}

#[test]
fn a_bundle_and_a_bare_repository_are_unpacked() {
    let ada = Student::new("git");
    ada.commits(&[
        &["clone", "--quiet", "--bare", "work", "ada.git"],
        &["-C", "work", "bundle", "create", "--quiet", "../ada.bundle", "HEAD"],
    ]);
    // What is not committed counts only in the working tree.
    is_answer(&ada.unpacks(&ada.0.join("ada.git")).unwrap());
    is_answer(&ada.unpacks(&ada.0.join("ada.bundle")).unwrap());
    ada.writes("work/lab1/src/a.rs", "changed");
    let folder = ada.unpacks(&ada.0.join("work")).unwrap();
    assert_eq!(fs::read_to_string(folder.join(FILE)).unwrap(), "changed");
}

#[test]
fn a_repository_without_a_commit_or_with_damage_is_refused() {
    let ada = Student::new("empty");
    ada.git(&["init", "--quiet", "--bare", "ada.git"]);
    ada.is_refused(&ada.0.join("ada.git"), "no commit that HEAD names");
    ada.commits(&[&["-C", "work", "bundle", "create", "--quiet", "../ada.bundle", "HEAD"]]);
    let bytes = fs::read(ada.0.join("ada.bundle")).unwrap();
    let half = ada.writes("half.bundle", &bytes[..bytes.len() - 40]);
    ada.is_refused(&half, "git bundle create FILE HEAD");
}

#[test]
#[cfg(unix)]
fn nothing_of_a_repository_is_run() {
    let ada = Student::new("filters");
    ada.commits(&[]);
    // The second attribute would leave out the answer.
    ada.writes("work/.gitattributes", "* filter=evil\n*.rs export-ignore\n");
    ada.git(&["-C", "work", "add", "."]);
    ada.git(&["-C", "work", "commit", "--quiet", "--message=more"]);
    ada.git(&["clone", "--quiet", "--bare", "work", "ada.git"]);
    let marker = ada.0.join("was-run");
    let evil = format!("touch {}; cat", marker.display());
    for setting in ["filter.evil.smudge", "filter.evil.clean", "uploadpack.packObjectsHook"] {
        ada.git(&["-C", "ada.git", "config", setting, &evil]);
    }
    for hook in ["post-checkout", "pre-auto-gc", "post-update"] {
        use std::os::unix::fs::PermissionsExt;
        let hook = ada.writes(&format!("ada.git/hooks/{hook}"), format!("#!/bin/sh\n{evil}\n"));
        fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    is_answer(&ada.unpacks(&ada.0.join("ada.git")).unwrap());
    assert!(!marker.exists(), "a hook or a filter was run");
}

#[test]
fn results_are_named_without_the_ending() {
    for name in ["ada", "ada.zip", "ada.git", "ada.bundle"] {
        assert_eq!(Submission::Folder(Path::new("in").join(name)).name(), "ada");
    }
    assert_eq!(Submission::Folder("ada/.git".into()).name(), ".git");
}
