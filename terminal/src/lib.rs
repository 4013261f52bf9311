//! The keyboard, screen, signals and deadlines of a terminal program.
//!
#![doc = include_str!("../README.md")]

#[cfg(feature = "appearance")]
mod appearance;
mod clean;
mod deadline;
#[cfg(feature = "editor")]
mod editor;
mod foreground;
mod interrupts;
mod keyboard;
mod mode;
mod ready;
mod screen;
mod stdin;
mod stdout;

#[cfg(feature = "appearance")]
pub use appearance::{appearance, is_blank, is_unseen, looks_like_colon, looks_like_hash};
pub use clean::{clean, is_harmless};
pub use deadline::{Deadline, Timed};
#[cfg(feature = "editor")]
pub use editor::{Editor, Printer};
pub use interrupts::interrupts;
pub use keyboard::{LONGEST_TYPED, Typed, lines};
pub use screen::{LOOK_AGAIN, Screen, is_gone};
pub use stdin::stdin;
pub use stdout::NonBlockingStdout;
