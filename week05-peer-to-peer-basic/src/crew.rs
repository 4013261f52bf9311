//! A crew: threads that come when there is work, share it, and leave when there is none.
//!
//! A thread for every errand would be simpler, but starting one can take longer than leaving a
//! short message. A fixed number of threads would be simpler too, but a few peers that do not
//! pick up would soon hold all of them. So: whoever is idle takes the next job, a new thread is
//! started if nobody is, and one that finds nothing to do for [`BREAK`] goes home.
//!
//! Jobs are handed over through a channel of capacity zero: it passes something on only if
//! somebody stands at the other end with open hands. So no job ever waits in a queue behind a
//! slow one, and no counter is needed to know who is idle. (The `Sender` here is a channel's
//! end, and no thread of `sender.rs`.)

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};

/// How long a thread waits for more work before it goes home.
pub const BREAK: Duration = Duration::from_secs(1);

/// Threads that do jobs of type `J`, up to a number of them.
pub struct Crew<J> {
    name: &'static str,
    most: usize,
    work: Arc<dyn Fn(J) + Send + Sync>,
    hand_out: Sender<J>,
    take: Receiver<J>,
    threads: Vec<JoinHandle<()>>,
}

impl<J: Send + 'static> Crew<J> {
    /// A crew of at most `most` threads called `name`, each of which does `work`.
    pub fn new(
        name: &'static str,
        most: usize,
        work: impl Fn(J) + Send + Sync + 'static,
    ) -> Self {
        let (hand_out, take) = bounded(0);
        Self { name, most, work: Arc::new(work), hand_out, take, threads: Vec::new() }
    }

    /// Gives `job` to an idle thread, or to a new one if there is room; if there is none, to
    /// whoever is free within `patience`.
    ///
    /// # Errors
    ///
    /// The job, if nobody can do it for now: all are busy, or the system has no thread.
    pub fn offer(&mut self, job: J, patience: Duration) -> Result<(), J> {
        let job = match self.hand_out.try_send(job) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => job,
        };
        self.threads.retain(|thread| !thread.is_finished());
        if self.threads.len() < self.most {
            return self.hire(job);
        }
        self.hand_out.send_timeout(job, patience).map_err(SendTimeoutError::into_inner)
    }

    /// Sends everybody home: idle threads leave at once, the others after their job. Returns
    /// the threads, to be joined.
    pub fn dismiss(self) -> Vec<JoinHandle<()>> {
        self.threads // And `hand_out` is dropped, which is what idle threads notice.
    }

    /// Starts a thread with `job` in its hands; gives it back if the system has no thread.
    fn hire(&mut self, job: J) -> Result<(), J> {
        // A closure that cannot be started is dropped, and with it what it holds. So the job
        // waits in a channel, where we can take it back.
        let (first, firsts) = bounded(1);
        first.try_send(job).map_err(TrySendError::into_inner)?;
        let (work, take, jobs) = (Arc::clone(&self.work), self.take.clone(), firsts.clone());
        let body = move || {
            jobs.try_iter().for_each(|job| work(job));
            while let Ok(job) = take.recv_timeout(BREAK) {
                work(job);
            }
        };
        match thread::Builder::new().name(self.name.to_owned()).spawn(body) {
            Ok(thread) => {
                self.threads.push(thread);
                Ok(())
            }
            Err(_) => firsts.try_recv().map_or(Ok(()), Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_slow_job_does_not_hold_up_the_next_one() {
        let (done, jobs_done) = bounded(8);
        let (release, gate) = bounded::<()>(0);
        let mut crew = Crew::new("crew", 2, move |job: u32| {
            if job == 1 {
                let _ = gate.recv(); // Until `release` is dropped.
            }
            let _ = done.send(job);
        });
        crew.offer(1, PATIENCE).unwrap();
        crew.offer(2, PATIENCE).unwrap();
        assert_eq!(jobs_done.recv_timeout(PATIENCE), Ok(2));
        drop(release);
        assert_eq!(jobs_done.recv_timeout(PATIENCE), Ok(1));
        crew.dismiss().into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn a_job_too_many_comes_back() {
        let (release, gate) = bounded::<()>(0);
        let mut crew = Crew::new("crew", 2, move |_| {
            let _ = gate.recv();
        });
        assert_eq!(crew.offer('a', Duration::ZERO), Ok(()));
        assert_eq!(crew.offer('b', Duration::ZERO), Ok(()));
        assert_eq!(crew.offer('c', Duration::from_millis(1)), Err('c'));
        drop(release);
        crew.dismiss().into_iter().for_each(|thread| thread.join().unwrap());
    }
}
