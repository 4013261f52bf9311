//! The client: sends a batch by HTTP, and waits for its reply.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use ureq::Agent;

use crate::batch::{Batch, MAX_BODY, Reply};
use crate::error::{Code, RpcError};

/// Sends batches to one URL. It keeps its connection for the next batch.
#[derive(Debug)]
pub struct Client {
    url: String,
    patience: Duration,
    agent: Agent,
}

/// Why a batch has no reply. Its `Display` may repeat what the other side has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// No program listens at this address. It is worth another try.
    Refused,
    /// There was no reply within this time. It is worth another try, if the calls may run twice.
    TimedOut(Duration),
    /// The connection could not be made, or has broken. It is worth another try, if the calls may
    /// run twice.
    Lost(String),
    /// A program answered, but not in HTTP that we understand.
    BadReply(String),
}

impl Client {
    /// A client for `url`, such as `http://127.0.0.1:8080/rpc/batch`. A batch may take `patience`,
    /// from dialing to the last byte of the reply.
    pub fn new(url: impl Into<String>, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(patience))
            // A proxy would be a stranger between two peers on one machine.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false);
        Self { url: url.into(), patience, agent: config.build().into() }
    }

    /// Sends a batch, and waits for its reply, which has at most [`MAX_BODY`] bytes. If the server
    /// answers with another status than 2xx, that is the error of every call.
    pub fn send(&self, batch: Batch) -> Result<Reply, SendError> {
        let request = self.agent.post(&self.url).content_type("text/plain;charset=UTF-8");
        let mut response = request.send(batch.body()).map_err(|error| self.why(error))?;
        let status = response.status();
        if !status.is_success() {
            let text = format!("RPC request failed: {status}");
            return Ok(batch.fail(RpcError::new(Code::Internal, text)));
        }
        let body = response.body_mut().with_config().limit(MAX_BODY as u64);
        let body = body.read_to_string().map_err(|error| self.why(error))?;
        Ok(batch.read_reply(&body))
    }

    fn why(&self, error: ureq::Error) -> SendError {
        use ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
        match error {
            ureq::Error::Io(error) if error.kind() == ConnectionRefused => SendError::Refused,
            ureq::Error::Timeout(_) => SendError::TimedOut(self.patience),
            ureq::Error::Io(error) if matches!(error.kind(), ConnectionReset | TimedOut) => {
                SendError::Lost(error.to_string())
            }
            ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => {
                SendError::Lost(error.to_string())
            }
            error => SendError::BadReply(error.to_string()),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("nobody listens there"),
            Self::TimedOut(patience) => {
                write!(f, "no answer within {} s", patience.as_secs_f64())
            }
            Self::Lost(why) | Self::BadReply(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SendError {}
