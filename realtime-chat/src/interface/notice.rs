//! Notices: notes on their way to many.

use std::sync::Arc;

use capnweb::Written;

use super::Note;

/// A note on its way to many. It is the same text for all of them, so it is written once; but not
/// if there is a file in it, which each client gets as a capability of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    pub note: Arc<Note>,
    /// The note as the arguments of `onMessage`.
    pub written: Option<Written>,
}

impl Notice {
    pub(crate) fn new(note: Arc<Note>) -> Self {
        let written = Written::new(vec![note.write(true)]).ok();
        Self { note, written }
    }
}
