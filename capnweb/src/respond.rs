//! The answer to an HTTP request whose body is a batch of calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::serve_while;
use crate::http::{Request, Response, is_post_to};
use crate::value::Target;

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
    match serve_while(request.body(), main, || Instant::now() < deadline) {
        Ok(reply) => Response::text(200, reply),
        Err(refused) => Response::text(500, refused.body),
    }
}
