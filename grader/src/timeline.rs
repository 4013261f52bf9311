//! The time line of a scenario: what happened in which terminal, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::picture::{Moment, What, draw};

/// What a program says where it reaches the stub of a task.
pub(crate) const NOT_WRITTEN: &str = "not written yet";

/// The events so far. A lock, because the threads that read the screens write here too, and
/// the test reads it only to draw the picture; it is never held across anything that waits.
#[derive(Debug)]
pub(crate) struct Timeline {
    begun: Instant,
    events: Mutex<Events>,
}

#[derive(Debug, Default)]
struct Events {
    titles: Vec<String>,
    moments: Vec<Moment>,
    drawn: bool,
}

impl Timeline {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), events: Mutex::default() }
    }

    /// Adds a column.
    pub(crate) fn column(&self, title: &str) -> usize {
        let mut events = self.events();
        events.titles.push(title.to_owned());
        events.titles.len() - 1
    }

    /// Adds an event.
    pub(crate) fn tell(&self, column: usize, what: What) {
        self.events().moments.push(Moment { at: self.begun.elapsed(), column, what });
    }

    /// The picture, unless it has been drawn before.
    pub(crate) fn draw_once(&self) -> Option<String> {
        let mut events = self.events();
        let first = !std::mem::replace(&mut events.drawn, true) && !events.titles.is_empty();
        first.then(|| {
            let mut picture = draw(&events.titles, &events.moments);
            // The picture may break this line in the midst of the words.
            let mut moments = events.moments.iter();
            if let Some(line) = moments.find_map(|moment| moment.what.line_with(NOT_WRITTEN)) {
                picture = format!("{picture}A program says: {line}\n");
            }
            picture
        })
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        // A test that panicked is exactly when the story must still be told.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
