//! Plays scenarios: starts programs, types, reads their screens, and never links them.
//!
//! A scenario of a lab sheet becomes a test that reads like the sheet:
//!
//! ```no_run
//! use scenario::Fixture;
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
//! | `lab_sheet.rs` | transcripts read out of a lab sheet, and played |
//! | `fixture.rs` | what one test has to itself: a story, ports, peers |
//! | `story.rs` | all terminals of one scenario |
//! | `terminal.rs` | one terminal window: what is typed, what is seen, how it ends |
//! | `pty.rs` | real terminals, and pipes as other programs leave them |
//! | `program.rs` | which program is judged: the lab's own, or any in `LAB_PROGRAM` |
//! | `stranger.rs` | a bare socket on which a test speaks to a program |
//! | `http.rs` | HTTP, as much as a stranger needs |
//! | `port_lease.rs` | ports that belong to one test alone |
//! | `environment.rs` | the variables by which a test is told how it is judged |
//! | `workspace.rs` | the top of the workspace |
//! | `child.rs` | the process behind it: its group, its stdin, its pipes |
//! | `signals.rs` | no signal is ignored in a program because the judge ignores it |
//! | `spawn_lock.rs` | no port is tried out while a program is started |
//! | `screen.rs` | output that the scenario has not read yet |
//! | `prompts.rs` | whether a program has answered the typed lines |
//! | `wait.rs` | polling for a change that the system does not announce |
//! | `timeline.rs` | what happened in them, and when |
//! | `picture.rs` | the time line drawn, when a test fails |
//! | `svg.rs` | the same as SVG, for the book |
//! | `wire.rs` | the wire between the ports of a test (Linux, in a network of its own) |
//! | `threads.rs` | the threads of a program, held against its thread map |
//! | `statistics.rs` | threads, descriptors and memory of a program (Linux) |
//!
//! Everything here panics when the program does not do what the sheet promises: it is made
//! for tests, and a panic is how a test says no.

#![expect(clippy::missing_panics_doc, reason = "to panic is what all of this is for")]

pub mod child;
pub mod environment;
pub mod fixture;
pub mod http;
pub mod lab_sheet;
mod picture;
mod port_lease;
mod program;
mod prompts;
pub mod pty;
mod screen;
#[cfg(unix)]
pub mod signals;
mod spawn_lock;
pub mod statistics;
mod story;
pub mod stranger;
mod svg;
mod terminal;
mod threads;
mod timeline;
mod wait;
#[cfg(target_os = "linux")]
mod wire;
mod workspace;

pub use fixture::Fixture;
pub use port_lease::PortLease;
pub use program::Program;
#[cfg(unix)]
pub use signal_hook::consts as signal;
pub use story::Story;
pub use stranger::Stranger;
pub use terminal::Terminal;
pub use timeline::NOT_WRITTEN;
pub use wait::{eventually, patience};
pub use workspace::workspace;
