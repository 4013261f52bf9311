//! The answer to an HTTP request whose body is a batch of calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::serve_while;
use crate::error::RpcError;
use crate::http::{Request, Response, is_post_to};
use crate::value::Target;
use crate::wire::Message;

/// Answers `request`: a batch of calls of `main`, if it is a `POST` to `path`, and says what is
/// wrong otherwise. Calls that could only begin after `patience` are not run; a call that runs is
/// never broken off.
pub fn respond(
    request: &Request,
    path: &str,
    patience: Duration,
    main: &Arc<dyn Target>,
) -> Response {
    if let Err(response) = is_post_to(path, request) {
        return response;
    }
    let deadline = Instant::now() + patience;
    batch_response(serve_while(request.body(), main, || Instant::now() < deadline))
}

/// The answer to a batch that was served: its reply, or a 500 with an `abort`, one line, if all of it has
/// failed.
pub fn batch_response(reply: Result<String, RpcError>) -> Response {
    match reply {
        Ok(reply) => Response::text(200, reply),
        Err(error) => Response::text(500, Message::Abort(error).write()),
    }
}
