//! The server's side of a batch: runs its calls, and writes the reply.

use std::collections::VecDeque;
use std::sync::Arc;

use super::body::{MAX_MESSAGES, MAX_REPLY, join, lines};
use crate::error::{Code, RpcError};
use crate::path::run;
use crate::session::{AnswerId, Output, Session};
use crate::stub::Key;
use crate::value::{Cap, Target, Value};

/// Serves one request: runs its calls, one after the other, and returns the reply.
///
/// ```
/// use std::sync::Arc;
/// use capnweb::{RpcError, Target, Value, serve};
///
/// struct Alice;
/// impl Target for Alice {
///     fn call(&self, method: &str, _: Vec<Value>) -> Result<Value, RpcError> {
///         match method {
///             "greet" => Ok("Hello! I'm Alice.".into()),
///             _ => Err(RpcError::not_a_function(method)),
///         }
///     }
/// }
/// let alice: Arc<dyn Target> = Arc::new(Alice);
/// let request = "[\"push\",[\"pipeline\",0,[\"greet\"],[]]]\n[\"pull\",1]";
/// let reply = serve(request.as_bytes(), &alice).unwrap();
/// assert_eq!(reply, r#"["resolve",1,"Hello! I'm Alice."]"#);
/// ```
///
/// # Errors
///
/// If a line is no message, or a limit is reached. Then calls may have run, but none is answered.
pub fn serve(body: &[u8], main: &Arc<dyn Target>) -> Result<String, RpcError> {
    serve_while(body, main, || true)
}

/// The same, as long as `has_time` says so. Calls that come too late are not run, and rejected; a
/// call that runs is never broken off, so each should know how long it may take.
///
/// # Errors
///
/// As for [`serve`].
pub(crate) fn serve_while(
    body: &[u8],
    main: &Arc<dyn Target>,
    mut has_time: impl FnMut() -> bool,
) -> Result<String, RpcError> {
    serve_by(body, Arc::clone(main), |_, target, path, args| {
        if has_time() {
            run(target, path, args)
        } else {
            Err(RpcError::new(Code::TooMany, "the batch has taken too long already"))
        }
    })
}

/// The same, for a program whose objects are something else than a [`Target`]: `run` does what was
/// asked of one, as [`Output::Run`] describes it.
///
/// # Errors
///
/// As for [`serve`].
pub fn serve_by<T: Clone>(
    body: &[u8],
    main: T,
    mut run: impl FnMut(AnswerId, &T, &[Key], Args<T>) -> Outcome<T>,
) -> Result<String, RpcError> {
    let Ok(body) = str::from_utf8(body) else {
        return Err(RpcError::new(Code::BadRequest, "the request is not UTF-8"));
    };
    let mut session = Session::new(Some(main));
    let mut reply = String::new();
    // Counted first: a batch that is refused has run nothing.
    if lines(body).count() > MAX_MESSAGES {
        let text = format!("more than {MAX_MESSAGES} messages in a batch");
        return Err(RpcError::new(Code::TooMany, text));
    }
    for line in lines(body) {
        let outputs = session.receive(line);
        perform(&mut session, outputs, &mut reply, &mut run)?;
    }
    // A call that still waits needs a promise of the caller's, who sends nothing more.
    let error = RpcError::new(Code::Canceled, "the batch ended before its promises were kept");
    let outputs = session.cancel(&error);
    perform(&mut session, outputs, &mut reply, &mut run)?;
    Ok(reply)
}

/// The arguments of a call; none if a property is read.
type Args<T> = Option<Vec<Value<Cap<T>>>>;

/// What a call has come to.
type Outcome<T> = Result<Value<Cap<T>>, RpcError>;

fn perform<T: Clone>(
    session: &mut Session<T>,
    outputs: Vec<Output<T>>,
    reply: &mut String,
    run: &mut impl FnMut(AnswerId, &T, &[Key], Args<T>) -> Outcome<T>,
) -> Result<(), RpcError> {
    let mut outputs = VecDeque::from(outputs);
    while let Some(output) = outputs.pop_front() {
        match output {
            Output::Send(line) => join(reply, &line, MAX_REPLY)?,
            Output::Run { id, target, path, args } => {
                let result = run(id, &target, &path, args);
                outputs.extend(session.answer(id, result));
            }
            Output::Ended(error) => return Err(error),
            // We have asked for nothing.
            Output::Answered { .. } => {}
        }
    }
    Ok(())
}
