//! A message: bounded, and harmless before any other part of the program sees it.

/// The longest message, in bytes of UTF-8.
pub(crate) const MAX_MESSAGE: usize = 4096;

/// The text in `bytes`, fit for a terminal: as [`terminal::clean`], and without tabs, which would
/// let a sender choose the column of its text.
pub(crate) fn clean(bytes: &[u8]) -> String {
    terminal::clean(bytes).replace('\t', "\u{FFFD}")
}
