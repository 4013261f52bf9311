//! A story: all terminals of one scenario on one time line.
//!
//! When a scenario fails, whoever notices, the whole story is told once, as a picture.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::picture::{Moment, What, draw};
use crate::{Program, Terminal};

/// One scenario, from its first terminal to its end.
#[derive(Debug)]
pub struct Story {
    log: Arc<Log>,
}

/// What happened so far. A lock, because the threads that read the screens write here too,
/// and the test reads it only to draw the picture; it is never held across anything that waits.
#[derive(Debug)]
pub(crate) struct Log {
    begun: Instant,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    titles: Vec<String>,
    moments: Vec<Moment>,
    drawn: bool,
}

impl Story {
    /// Nothing has happened yet.
    pub fn begin() -> Self {
        Self { log: Arc::new(Log { begun: Instant::now(), told: Mutex::default() }) }
    }

    /// Opens a terminal called `title`, and starts `program` in it with `args`.
    ///
    /// # Panics
    ///
    /// If the program cannot be started.
    #[track_caller]
    pub fn terminal(&self, title: &str, program: &Program, args: &[&str]) -> Terminal {
        Terminal::open(&self.log, title, program, args, &[])
    }

    /// The same, with environment variables of its own.
    ///
    /// # Panics
    ///
    /// If the program cannot be started.
    #[track_caller]
    pub fn terminal_with(
        &self,
        title: &str,
        program: &Program,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Terminal {
        Terminal::open(&self.log, title, program, args, environment)
    }
}

impl Drop for Story {
    /// A test that fails by an assertion of its own shows the picture as well.
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(picture) = self.log.draw_once()
        {
            eprintln!("{picture}");
        }
    }
}

impl Log {
    /// Adds a column.
    pub(crate) fn column(&self, title: &str) -> usize {
        let mut told = self.told();
        told.titles.push(title.to_owned());
        told.titles.len() - 1
    }

    /// Adds a line.
    pub(crate) fn tell(&self, column: usize, what: What) {
        self.told().moments.push(Moment { at: self.begun.elapsed(), column, what });
    }

    /// The picture, unless it has been drawn before.
    pub(crate) fn draw_once(&self) -> Option<String> {
        let mut told = self.told();
        let first = !std::mem::replace(&mut told.drawn, true) && !told.titles.is_empty();
        first.then(|| draw(&told.titles, &told.moments))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // A test that panicked is exactly when the story must still be told.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
