//! The keyboard, screen, signals and deadlines of a terminal program.
//!
#![doc = include_str!("../README.md")]

mod clean;
mod deadline;
mod interrupts;
mod keyboard;
mod screen;

pub use clean::clean;
pub use deadline::{Deadline, Timed};
pub use interrupts::interrupts;
pub use keyboard::{Typed, lines};
pub use screen::Screen;
