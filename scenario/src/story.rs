//! A story: all terminals of one scenario on one time line.
//!
//! When a scenario fails, the first terminal to notice tells the whole story, as a picture.

use std::env;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::thread;

use crate::environment::{LAB_PICTURE, LAB_SVG};
use crate::port_lease::PortLease;
use crate::program::Program;
use crate::terminal::Terminal;
use crate::timeline::Timeline;
#[cfg(target_os = "linux")]
use crate::wire;

/// One scenario, from its first terminal to its end.
#[derive(Debug)]
pub struct Story {
    timeline: Arc<Timeline>,
}

impl Story {
    /// Begins a story without terminals.
    pub fn begin() -> Self {
        Self { timeline: Arc::new(Timeline::begin()) }
    }

    /// Begins a story whose picture also shows what crosses between these ports, where the judge
    /// can see that (on Linux, in a network of its own).
    pub fn on(ports: &PortLease) -> Self {
        let story = Self::begin();
        #[cfg(target_os = "linux")]
        wire::record(&story.timeline, ports);
        #[cfg(not(target_os = "linux"))]
        let _ = ports;
        story
    }

    /// Opens a terminal called `title`, and starts `program` in it with `args`.
    #[track_caller]
    pub fn terminal(&self, title: &str, program: &Program, args: &[&str]) -> Terminal {
        self.terminal_with(title, program, args, &[])
    }

    /// Opens a terminal whose program has environment variables of its own.
    #[track_caller]
    pub fn terminal_with(
        &self,
        title: &str,
        program: &Program,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Terminal {
        Terminal::open(&self.timeline, title, program, args, environment)
    }
}

impl Drop for Story {
    /// A test that fails by an assertion of its own shows the picture as well.
    fn drop(&mut self) {
        if let Some(mut file) =
            env::var_os(LAB_SVG).and_then(|file| File::create_new(file).ok())
        {
            self.timeline.settle();
            let _ = file.write_all(self.timeline.svg().as_bytes()); // Its reader will see.
        }
        let always = env::var_os(LAB_PICTURE).is_some_and(|when| when == "always");
        if always || thread::panicking() {
            self.timeline.settle();
            if let Some(picture) = self.timeline.draw_once() {
                eprintln!("{picture}");
            }
        }
    }
}
