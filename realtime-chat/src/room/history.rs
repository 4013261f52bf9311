//! The history: the last notes of each room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::interface::Note;
use crate::name::RoomName;

/// How many notes are remembered in each room.
pub(crate) const MAX_NOTES: usize = 50;

/// The last notes of each room.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<RoomName, VecDeque<Arc<Note>>>);

impl History {
    /// Adds a note of this room.
    pub(super) fn add(&mut self, room: &RoomName, note: Arc<Note>) {
        let notes = self.0.entry(room.clone()).or_default();
        if notes.len() == MAX_NOTES {
            notes.pop_front();
        }
        notes.push_back(note);
    }

    /// The last notes of this room, oldest first.
    pub(super) fn of(&self, room: &RoomName) -> Vec<Arc<Note>> {
        self.0.get(room).into_iter().flatten().cloned().collect()
    }

    /// Drops the notes of a room that is forgotten.
    pub(super) fn forget(&mut self, room: &RoomName) {
        self.0.remove(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fifty_of_each_room_are_there() {
        let rust = RoomName::read("rust").unwrap();
        let mut history = History::default();
        assert_eq!(history.of(&rust), []);
        for number in 0..=MAX_NOTES {
            history.add(&rust, Arc::new(Note::system(number.to_string())));
        }
        history.add(&RoomName::lobby(), Arc::new(Note::system("here".into())));
        let notes = history.of(&rust);
        assert_eq!(notes.len(), MAX_NOTES);
        assert_eq!((&*notes[0].text, &*notes[MAX_NOTES - 1].text), ("1", "50"));
        assert_eq!(history.of(&RoomName::lobby()).len(), 1);
        history.forget(&rust);
        assert_eq!(history.of(&rust), []);
        assert_eq!(history.of(&RoomName::lobby()).len(), 1);
    }
}
