//! Task 2, the sender: dial a peer, leave one message, hang up.
//!
//! A peer that does not pick up costs [`PATIENCE`]. So every errand is run by a thread of its
//! own: ten peers that are down cost one patience, not ten, and the owner waits for none.

use std::io::{self, ErrorKind};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::call::Call;
use crate::config::{MAX_DIALS, MAX_MESSAGE, Neighbourhood, PeerId};
use crate::crew::Crew;
use crate::errand::{Errand, Failure, Outcome, Words};
use crate::peer::Report;

/// How long a call may take from dialing to hanging up. Less than the second in which a peer
/// has to shut down, since nothing but its end can end a dial.
pub const PATIENCE: Duration = Duration::from_millis(800);

/// The threads that run errands.
pub struct Senders {
    crew: Crew<Errand>,
}

impl Senders {
    /// Senders who know where everybody in `neighbourhood` lives, and tell `report` how it went.
    pub fn new(neighbourhood: Neighbourhood, report: Sender<Report>) -> Self {
        let work = move |errand: Errand| {
            let outcome = run(neighbourhood, &errand);
            if matches!(errand.words, Words::Farewell(_)) {
                return; // Nobody waits for how it went.
            }
            // Fails once the owner is gone; then there is nobody left to tell.
            let _ = report.send(Report::Returned(errand, outcome));
        };
        Self { crew: Crew::new("sender", MAX_DIALS, work) }
    }

    /// Sends somebody out on `errand`; waits only if all are out, and no longer than `patience`.
    ///
    /// # Errors
    ///
    /// The errand, if nobody came home in time, and the system has no thread for one more.
    pub fn send_out(&mut self, errand: Errand, patience: Duration) -> Result<(), Errand> {
        self.crew.offer(errand, patience)
    }

    /// Sends everybody home; returns the threads, to be joined.
    pub fn dismiss(self) -> Vec<JoinHandle<()>> {
        self.crew.dismiss()
    }
}

/// Runs one errand, from dialing to hanging up.
pub fn run(neighbourhood: Neighbourhood, errand: &Errand) -> Outcome {
    let text = errand.words.text();
    let done = if matches!(errand.words, Words::Question(_)) {
        ask(neighbourhood, errand.to, text).map(Outcome::Answered)
    } else {
        send_message(neighbourhood, errand.to, text).map(|()| Outcome::Delivered)
    };
    done.unwrap_or_else(Outcome::Failed)
}

/// Leaves `message` with peer `to`.
///
/// # Errors
///
/// If the message is longer than [`MAX_MESSAGE`], or the peer does not take it within
/// [`PATIENCE`].
pub fn send_message(
    neighbourhood: Neighbourhood,
    to: PeerId,
    message: &str,
) -> Result<(), Failure> {
    if message.len() > MAX_MESSAGE {
        return Err(Failure::TooLong(message.len()));
    }
    let call = dial(neighbourhood, to)?;
    call.write(message.as_bytes()).map_err(|error| failure(&error))
} // Dropping the call hangs up, and that is what ends the message.

/// Asks peer `to` a question and returns the answer: nothing, if it took the question and gave
/// none. A peer that knows only messages does just that.
fn ask(neighbourhood: Neighbourhood, to: PeerId, question: &str) -> Result<Vec<u8>, Failure> {
    let call = dial(neighbourhood, to)?;
    let (answer, _cut) = match call.write(question.as_bytes()).and_then(|()| call.has_spoken())
    {
        Ok(()) => call.read_message(),
        Err(_) => (Vec::new(), None), // It picked up, so it is there.
    };
    Ok(answer)
}

fn dial(neighbourhood: Neighbourhood, to: PeerId) -> Result<Call, Failure> {
    // Nobody listens on a port that does not exist.
    let address = neighbourhood.address_of(to).ok_or(Failure::Offline)?;
    Call::dial(address, PATIENCE).map_err(|error| failure(&error))
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused => Failure::Offline,
        // Windows knocks at a closed door three times, which takes it longer than our patience.
        ErrorKind::TimedOut if cfg!(windows) => Failure::Offline,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::NoAnswer(PATIENCE),
        _ => Failure::Broken(error.to_string()),
    }
}
