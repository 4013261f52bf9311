//! The route: which requests reach a path, and how all others are answered.

use super::request::Request;
use super::response::Response;

/// The methods that HTTP has. One of them can be wrong here; any other is unknown everywhere.
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// Whether a request is a `POST` to that path.
///
/// # Errors
///
/// If not, the answer to it.
pub fn is_post_to(path: &str, request: &Request) -> Result<(), Response> {
    let called = request.path();
    let allow = |response: Response| response.with("Allow", "OPTIONS, POST");
    match request.method() {
        method if !METHODS.contains(&method) => {
            Err(Response::text(501, "this method is unknown here\n"))
        }
        "OPTIONS" if called == path || called == "*" => Err(allow(Response::new(204))),
        _ if called != path => Err(Response::text(404, "there is nothing here\n")),
        "POST" => Ok(()),
        _ => Err(allow(Response::text(405, "only POST is answered here\n"))),
    }
}
