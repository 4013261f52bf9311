//! A section: lines up to an empty one. A head is one, and so are the trailers after a body.
//!
//! It is judged byte by byte, in order. So the first fault decides, however the bytes come.

use super::refusal::Refusal;

/// Gathers a section, and never more of it than its limit.
#[derive(Debug)]
pub(super) struct Section {
    /// What came so far, line ends and all.
    pub(super) text: Vec<u8>,
    /// Where in the text the current line begins.
    line: usize,
    /// Empty lines before a head, which are passed over but count.
    skipped: usize,
    limit: usize,
    /// Whether the section may be nothing but its empty line.
    may_be_empty: bool,
}

impl Section {
    /// The head of a request. Before it, some callers send an empty line too many.
    pub(super) fn head(limit: usize) -> Self {
        Self { text: Vec::new(), line: 0, skipped: 0, limit, may_be_empty: false }
    }

    /// What comes after the last chunk, often nothing.
    pub(super) fn trailers(limit: usize) -> Self {
        Self { may_be_empty: true, ..Self::head(limit) }
    }

    /// Whether nothing of it has come yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.text.is_empty() && self.skipped == 0
    }

    /// Begins again, with a buffer that was used before.
    pub(super) fn begin_again(&mut self, mut text: Vec<u8>) {
        text.clear();
        *self = Self { text, line: 0, skipped: 0, ..*self };
    }

    /// Takes bytes up to the end of the section; whether that has come.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> Result<bool, Refusal> {
        loop {
            self.take_plain(bytes);
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(false) };
            *bytes = rest;
            if self.take_one(byte)? {
                return Ok(true);
            }
        }
    }

    /// Takes what no rule is about, all at once: most bytes are in the middle of a line.
    fn take_plain(&mut self, bytes: &mut &[u8]) {
        if self.text.len() == self.line || self.text.ends_with(b"\r") {
            return;
        }
        let plain = bytes.iter().position(u8::is_ascii_control).unwrap_or(bytes.len());
        let room = self.limit - self.skipped - self.text.len();
        let (plain, rest) = bytes.split_at(plain.min(room));
        self.text.extend_from_slice(plain);
        *bytes = rest;
    }

    fn take_one(&mut self, byte: u8) -> Result<bool, Refusal> {
        if self.skipped + self.text.len() >= self.limit {
            return Err(Refusal::HeadTooLong);
        }
        let after_cr = self.text.len() > self.line && self.text.ends_with(b"\r");
        match byte {
            b'\n' if !after_cr => return Err(Refusal::LineEnd),
            b'\n' => {}
            _ if after_cr => return Err(Refusal::LineEnd),
            b' ' | b'\t' if self.text.len() == self.line => return Err(Refusal::Folded),
            b'\t' | b'\r' => {}
            _ if byte.is_ascii_control() => return Err(Refusal::NotHttp),
            _ => {}
        }
        self.text.push(byte);
        if byte != b'\n' {
            return Ok(false);
        }
        let is_empty_line = self.text.len() == self.line + 2;
        let is_first_line = self.line == 0;
        self.line = self.text.len();
        if is_empty_line && is_first_line && !self.may_be_empty {
            self.skipped += self.text.len();
            self.text.clear();
            self.line = 0;
            return Ok(false);
        }
        Ok(is_empty_line)
    }
}
