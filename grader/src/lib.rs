//! Judges programs from outside: starts them, types, reads their screens, and never links them.
//!
//! A scenario of a lab sheet becomes a test that reads like the sheet:
//!
//! ```no_run
//! use grader::Fixture;
//!
//! let fixture = Fixture::of("target/debug/week05");
//! let mut peer2 = fixture.peer(2);
//! peer2.types("3");
//! peer2.types("Will this work?");
//! peer2.sees("[PEER 2] ERROR: Peer 3 is not online\n");
//! peer2.presses_ctrl_d();
//! peer2.ends_well();
//! ```
//!
//! | file | idea |
//! |---|---|
//! | `program.rs` | which program is judged: the lab's own, or any in `LAB_PROGRAM` |
//! | `terminal.rs` | one terminal window: what is typed, what is seen, how it ends |
//! | `threads.rs` | the threads of a program, held against its thread map |
//! | `child.rs` | the process behind it: its group, its stdin, its pipes |
//! | `screen.rs` | output that the scenario has not read yet |
//! | `prompts.rs` | whether a program has answered the typed lines |
//! | `story.rs` | all terminals of one scenario |
//! | `timeline.rs` | what happened in them, and when |
//! | `picture.rs` | the time line drawn, when a test fails |
//! | `svg.rs` | the same as SVG, for the book |
//! | `wire.rs` | what crossed between the ports of a test (Linux, in a network of its own) |
//! | `port_lease.rs` | ports that belong to one test alone |
//! | `spawn_lock.rs` | no port is tried out while a program is started |
//! | `fixture.rs` | what one test has to itself: a story, ports, peers |
//! | `stranger.rs` | a bare socket on which a test speaks to a program |
//! | `http.rs` | as much HTTP as a stranger needs |
//! | `walk.rs` | all files below a folder |
//! | `wait.rs` | polling for a change that the system does not announce |
//! | `lab_sheet.rs` | transcripts read out of a lab sheet, and played |
//! | `labs.rs` | the labs, their tasks, and the workspace |
//! | `task.rs` | the tasks of a lab, and what their tests ask for |
//! | `markers.rs` | the answer of a task in a source file, and the stub in its place |
//! | `build.rs` | builds with cargo, and finds out which programs came of it |
//! | `judge.rs` | builds the tests, and asks for each behaviour in a process of its own |
//! | `history.rs` | the answers of a task in git's history |
//! | `test.rs` | the verb `test`: asks for the behaviours, and reports |
//! | `report.rs` | the verb `report`: a page with everything that `test` finds, and all pictures |
//! | `watch.rs` | the verb `watch`: repeats `test` whenever a file changes |
//! | `start.rs` | the verb `start`: writes the stub of a task |
//! | `solution.rs` | the verb `solution`: shows the answer of a task, or puts it back |
//! | `intake.rs` | a submission as it was handed in: folder, zip file, git repository |
//! | `formats.rs` | a grade in the words of other systems |
//! | `gradescope.rs` | the verb `gradescope`: the zip file that Gradescope grades with |
//! | `scratch.rs` | a folder for temporary files, removed even if this process is killed |
//! | `tree.rs` | the workspace's files, and a folder in which a variant of them is built |
//! | `trial.rs` | builds a variant, and asks for its behaviours |
//! | `catches.rs` | a student's test, held against the right program and known mistakes |
//! | `edition.rs` | the files without answers, or with them and without markers |
//! | `handout.rs` | the verb `handout`: proves an edition, and writes it |
//! | `submission.rs` | what is taken over from a submission, and what it earns |
//! | `confinement.rs` | how far this system can confine a program |
//! | `earned.rs` | what a submission has earned: the contents of `grade.json` |
//! | `feedback.rs` | what a student reads of a grade, and an instructor of a class |
//! | `grade.rs` | the verb `grade`: many submissions, and the results on disk |
//! | `mistakes.rs` | the verb `mistakes`: which behaviours catch which known mistakes |
//! | `soak.rs` | the verb `soak`: each behaviour many times, with all cores busy |
//! | `class.rs` | the verb `class`: submissions to try grading with |
//! | `jail.rs` | a program confined to what it needs (Linux) |
//! | `bench.rs` | the verb `bench`: measures labs, and writes `docs/performance.md` |
//! | `book.rs` | the verb `book`: the pages as an mdBook |
//! | `statistics.rs` | threads, descriptors and memory of a program (Linux) |
//!
//! Everything here panics when the program does not do what the sheet promises: it is made
//! for tests, and a panic is how a test says no.

#![expect(clippy::missing_panics_doc, reason = "to panic is what all of this is for")]

pub mod bench;
pub mod book;
pub mod build;
pub mod catches;
mod child;
pub mod class;
pub mod code;
pub mod confinement;
pub mod delta;
pub mod earned;
pub mod edition;
pub mod feedback;
pub mod fixture;
pub mod formats;
pub mod grade;
pub mod gradescope;
pub mod handout;
pub mod history;
pub mod http;
pub mod intake;
#[cfg(target_os = "linux")]
pub mod jail;
pub mod judge;
pub mod lab_sheet;
pub mod labs;
pub mod markers;
pub mod mistakes;
mod picture;
mod port_lease;
mod program;
mod prompts;
pub mod report;
pub mod scratch;
mod screen;
pub mod size;
pub mod soak;
pub mod solution;
mod spawn_lock;
pub mod start;
pub mod statistics;
mod story;
pub mod stranger;
pub mod submission;
mod svg;
pub mod task;
mod terminal;
pub mod test;
mod threads;
mod timeline;
pub mod tree;
pub mod trial;
mod wait;
mod walk;
pub mod watch;
#[cfg(target_os = "linux")]
mod wire;

pub use fixture::Fixture;
pub use port_lease::PortLease;
pub use program::Program;
pub use story::Story;
pub use stranger::Stranger;
pub use terminal::Terminal;
pub use wait::{eventually, patience};
