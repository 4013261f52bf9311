//! The verb `soak`: asks for each behaviour many times, with all cores busy. A right program that
//! fails once in a thousand times would cost a student in a class of a hundred a point.

use std::hint;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Result;
use grader::task::Task;
use grader::test;

/// As [`test::run`], beside one busy thread for each core.
pub fn run(workspace: &Path, tasks: &[Task], times: usize) -> Result<bool> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism()?.get() {
            let busy = || {
                while !is_over.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            };
            let thread = thread::Builder::new().name("busy".into());
            thread
                .spawn_scoped(scope, busy)
                .inspect_err(|_| is_over.store(true, Ordering::Relaxed))?;
        }
        let passed = test::run(workspace, tasks, times);
        is_over.store(true, Ordering::Relaxed);
        Ok(passed)
    })
}
