//! The verb `soak`: asks for each behaviour many times, with all cores busy. A right program that
//! fails once in a thousand times would cost a student in a class of a hundred a point.

use std::hint;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use grader::task::Task;
use grader::test;

/// As [`test::run`], beside one busy thread for each core.
pub fn run(workspace: &Path, tasks: &[Task], times: usize) -> Result<bool> {
    thread::scope(|scope| {
        let running = Arc::new(()); // Dropped on every way out.
        for _ in 0..thread::available_parallelism()?.get() {
            let running = Arc::downgrade(&running);
            let busy = move || {
                while running.strong_count() > 0 {
                    hint::spin_loop();
                }
            };
            thread::Builder::new().name("busy".into()).spawn_scoped(scope, busy)?;
        }
        Ok(test::run(workspace, tasks, times))
    })
}
