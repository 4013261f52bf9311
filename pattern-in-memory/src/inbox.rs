//! An inbox: the newest messages that a peer received, and never more than [`INBOX`].
//!
//! The senders decide how much they send, so the receiver decides how much it keeps. The oldest
//! message makes room, and the inbox counts what it forgot instead of hiding it.

use std::collections::VecDeque;

/// How many messages a peer keeps.
pub(crate) const INBOX: usize = 64;

/// The newest messages a peer received, oldest first.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The sender's name, and the message.
    pub(crate) kept: VecDeque<(String, String)>,
    /// How many older messages have made room.
    pub(crate) forgotten: usize,
}

impl Inbox {
    /// Keeps `message`, and forgets the oldest one if there is no room.
    pub fn keep(&mut self, from: &str, message: &str) {
        if self.kept.len() == INBOX {
            self.kept.pop_front();
            self.forgotten += 1;
        }
        self.kept.push_back((from.to_owned(), message.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_message_makes_room_and_is_counted() {
        let mut inbox = Inbox::default();
        for number in 0..INBOX + 2 {
            inbox.keep("Alice", &number.to_string());
        }
        assert_eq!(inbox.kept.len(), INBOX);
        assert_eq!(inbox.kept[0], ("Alice".to_owned(), "2".to_owned()));
        assert_eq!(inbox.forgotten, 2);
    }
}
