//! The upkeep of the course: `just size`, `delta`, `bench`, `book`, `class` and `soak`. Its tests hold
//! the workspace to its own rules (`tests/tidy.rs`).
//!
//! Each verb that a user types is one file. All other verbs are in the crate `grader`.
//!
//! | file | idea |
//! |---|---|
//! | `code.rs` | the code lines of a file |
//! | `size.rs` | the verb `size`: the size of each crate, and its budget |
//! | `delta.rs` | the verb `delta`: what a lab adds to the one before |
//! | `bench.rs` | the verb `bench`: measures labs, and writes `docs/performance.md` |
//! | `book.rs` | the verb `book`: the pages as an mdBook |
//! | `class.rs` | the verb `class`: submissions to try grading with |
//! | `soak.rs` | the verb `soak`: each behaviour many times, with all cores busy |

pub mod bench;
pub mod book;
pub mod class;
pub mod code;
pub mod delta;
pub mod size;
pub mod soak;
