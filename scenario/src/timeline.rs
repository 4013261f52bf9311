//! The time line of a scenario: what happened in which terminal, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::picture::{Moment, What, draw};
use crate::svg;
use crate::wait::eventually;

/// The words of a program that reaches the stub of a task.
pub const NOT_WRITTEN: &str = "not written yet";

/// The column of the wire: between the terminals.
pub(crate) const WIRE: usize = 1;

/// The longest wait of a picture for the wire.
const SETTLE: Duration = Duration::from_millis(500);

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
    /// The number of times that the thread of the wire, if there is one, had nothing left to read.
    idle: Option<u32>,
}

impl Timeline {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), events: Mutex::default() }
    }

    /// Takes note that all that has crossed the wire so far has been told. From the first such note
    /// on, there is a column for the wire behind the first terminal.
    #[cfg(target_os = "linux")]
    pub(crate) fn wire_is_idle(&self) {
        let mut events = self.events();
        events.idle = Some(events.idle.map_or(0, |times| times.wrapping_add(1)));
    }

    /// Waits for what has crossed the wire, and was not told yet.
    pub(crate) fn settle(&self) {
        let before = self.events().idle;
        eventually(SETTLE, || before.is_none() || self.events().idle != before);
    }

    /// Adds a terminal's column.
    pub(crate) fn column(&self, title: &str) -> usize {
        let mut events = self.events();
        let column = events.titles.len();
        events.titles.push(title.to_owned());
        if events.idle.is_some() && events.titles.len() == WIRE {
            events.titles.push("wire".to_owned());
        }
        column
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

    /// The picture as SVG.
    pub(crate) fn svg(&self) -> String {
        let events = self.events();
        svg::draw(&events.titles, &events.moments)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        // A test that panicked is exactly when the story must still be told.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
