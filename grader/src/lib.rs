//! Judges tasks and submissions: asks for their behaviours, and says what each has earned.
//!
//! Each verb that a user types is one file. The crate `scenario` plays the programs; the verbs of
//! the upkeep are in `xtask`.
//!
//! | file | idea |
//! |---|---|
//! | `table.rs` | a table of text |
//! | `walk.rs` | all files below a folder |
//! | `scratch.rs` | a folder for temporary files, removed even if this process is killed |
//! | `labs.rs` | the members of the workspace, and which of them are labs |
//! | `behaviour.rs` | the behaviours that a file of tests asks for, read from its doc comments |
//! | `task.rs` | the tasks of a lab, read from its `lab.toml` |
//! | `markers.rs` | the answer of a task in a source file, and the stub in its place |
//! | `history.rs` | the answers of a task in git's history |
//! | `build.rs` | builds with cargo, and finds the programs that it has built |
//! | `verdict.rs` | the verdict on a behaviour that was asked for |
//! | `judge.rs` | builds the tests, and asks for each behaviour in a process of its own |
//! | `tree.rs` | the workspace's files, and a folder in which a variant of them is built |
//! | `trial.rs` | builds a variant, and asks for its behaviours |
//! | `catches.rs` | a student's test, held against the right program and known mistakes |
//! | `test.rs` | the verb `test`: asks for the behaviours, and reports |
//! | `report.rs` | the verb `report`: a page with all results and all pictures |
//! | `watch.rs` | the verb `watch`: repeats `test` whenever a file changes |
//! | `start.rs` | the verb `start`: writes the stub of a task |
//! | `solution.rs` | the verb `solution`: shows the answer of a task, or puts it back |
//! | `edition.rs` | the files without answers, or with them and without markers |
//! | `handout.rs` | the verb `handout`: proves an edition, and writes it |
//! | `intake.rs` | a submission as it was handed in: folder, zip file, git repository |
//! | `confinement.rs` | how far this system can confine a program |
//! | `jail.rs` | a program confined to what it needs (Linux) |
//! | `submission.rs` | the files that are taken over from a submission, and its grade |
//! | `earned.rs` | a grade: the contents of `grade.json` |
//! | `feedback.rs` | the page on a grade for a student, the summary of a class for an instructor |
//! | `formats.rs` | a grade in the formats of other systems |
//! | `grade.rs` | the verb `grade`: many submissions, and the results on disk |
//! | `gradescope.rs` | the verb `gradescope`: the zip file that Gradescope grades with |
//! | `mistakes.rs` | the verb `mistakes`: which behaviours catch which known mistakes |

pub mod behaviour;
pub mod build;
pub mod catches;
pub mod confinement;
pub mod earned;
pub mod edition;
pub mod feedback;
pub mod formats;
pub mod grade;
pub mod gradescope;
pub mod handout;
pub mod history;
pub mod intake;
#[cfg(target_os = "linux")]
pub mod jail;
pub mod judge;
pub mod labs;
pub mod markers;
pub mod mistakes;
pub mod report;
pub mod scratch;
pub mod solution;
pub mod start;
pub mod submission;
pub mod table;
pub mod task;
pub mod test;
pub mod tree;
pub mod trial;
pub mod verdict;
pub mod walk;
pub mod watch;
