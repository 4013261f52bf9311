//! The client: sends a batch by HTTP, and waits for its reply.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use ureq::Agent;

use crate::batch::{Batch, MAX_REPLY, Reply};
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

    /// Sends a batch, and waits for its reply, which has at most [`MAX_REPLY`] bytes. If the server
    /// answers with another status than 2xx, that is the error of every call.
    pub fn send(&self, batch: Batch) -> Result<Reply, SendError> {
        let request = self.agent.post(&self.url).content_type("text/plain;charset=UTF-8");
        let mut response = request.send(batch.body()).map_err(|error| self.why(error))?;
        let status = response.status();
        if !status.is_success() {
            let text = format!("RPC request failed: {status}");
            return Ok(batch.fail(RpcError::new(Code::Internal, text)));
        }
        let body = response.body_mut().with_config().limit(MAX_REPLY as u64);
        let body = body.read_to_string().map_err(|error| self.why(error))?;
        Ok(batch.read_reply(&body))
    }

    fn why(&self, error: ureq::Error) -> SendError {
        match error {
            ureq::Error::Timeout(_) => SendError::TimedOut(self.patience),
            ureq::Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused => SendError::Refused,
                // The reply is not UTF-8. All other errors of the system are the connection's.
                ErrorKind::InvalidData => SendError::BadReply(error.to_string()),
                _ => SendError::Lost(error.to_string()),
            },
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(20);

    /// Sends a call to a server that answers `answer` and hangs up, or that only hears it.
    fn send(
        patience: Duration,
        answer: Option<&[u8]>,
    ) -> Result<Result<String, String>, SendError> {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/rpc/batch", socket.local_addr().unwrap());
        thread::scope(|scope| {
            let (done, sent) = crossbeam_channel::bounded::<()>(0);
            scope.spawn(move || {
                let (mut call, _) = socket.accept().unwrap();
                call.set_read_timeout(Some(LONG)).unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"[\"pull\",1]") {
                    let mut byte = [0];
                    call.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                match answer {
                    Some(answer) => call.write_all(answer).unwrap(),
                    None => drop(sent.recv()),
                }
            });
            let mut batch = Batch::new();
            let promise = batch.call("greet", vec![]).unwrap();
            let call = batch.pull(&promise).unwrap();
            let reply = Client::new(url, patience).send(batch);
            drop(done);
            reply.map(|mut reply| match reply.take(call) {
                Ok(value) => Ok(value.as_str().unwrap_or_default().to_owned()),
                Err(error) => Err(error.to_string()),
            })
        })
    }

    fn http(status: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    }

    #[test]
    fn a_reply_is_read_and_another_status_is_the_error_of_every_call() {
        let hello = http("200 OK", r#"["resolve",1,"Hello!"]"#);
        assert_eq!(send(LONG, Some(hello.as_bytes())), Ok(Ok("Hello!".into())));
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                      5\r\n[\"res\r\n11\r\nolve\",1,\"Hello!\"]\r\n0\r\n\r\n";
        assert_eq!(send(LONG, Some(chunks.as_bytes())), Ok(Ok("Hello!".into())));
        let failed = "Error: RPC request failed: 500 Internal Server Error";
        assert_eq!(
            send(LONG, Some(http("500 Oh no", "Oh no").as_bytes())),
            Ok(Err(failed.into()))
        );
        let elsewhere = http("302 Found\r\nLocation: http://127.0.0.1:1/", "");
        let failed = "Error: RPC request failed: 302 Found";
        assert_eq!(
            send(LONG, Some(elsewhere.as_bytes())),
            Ok(Err(failed.into())),
            "not followed"
        );
    }

    #[test]
    fn a_server_that_is_none_is_told_apart_from_one_that_is_not_there() {
        assert!(matches!(send(LONG, Some(b"SSH-2.0\r\n\r\n")), Err(SendError::BadReply(_))));
        let no_text = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xFF";
        assert!(matches!(send(LONG, Some(no_text)), Err(SendError::BadReply(_))));
        let long = http("200 OK", &" ".repeat(MAX_REPLY + 1));
        assert!(matches!(send(LONG, Some(long.as_bytes())), Err(SendError::BadReply(_))));
        for cut_short in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[\"re"]
        {
            let reply = send(LONG, Some(cut_short.as_bytes()));
            assert!(matches!(reply, Err(SendError::Lost(_))), "{cut_short:?}: {reply:?}");
        }
        let patience = Duration::from_millis(250);
        assert_eq!(send(patience, None), Err(SendError::TimedOut(patience)));
        assert_eq!(SendError::TimedOut(patience).to_string(), "no answer within 0.25 s");
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", socket.local_addr().unwrap());
        drop(socket);
        let reply = Client::new(url, LONG).send(Batch::new());
        assert_eq!(reply.err(), Some(SendError::Refused));
    }
}
