//! What goes wrong in a call, and its form on the wire: a class that JavaScript knows, a text, and
//! a code of our own. Never a stack, never a path: they are nobody else's business.

use std::fmt;

/// The classes that npm's `capnweb` revives. Any other name becomes a plain `Error` there, and so
/// it does here.
const CLASSES: [&str; 8] = [
    "Error",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
    "AggregateError",
];

/// How much of a name that is no method is repeated, in bytes.
const SHOWN: usize = 80;

/// What a program can match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// What was sent makes no sense.
    BadRequest,
    /// What was asked for is not there.
    NotFound,
    /// The caller may not do that.
    PermissionDenied,
    /// The capability was taken back, or given back.
    CapRevoked,
    /// The call ended without an answer.
    Canceled,
    /// The callee failed.
    Internal,
    /// A limit was reached.
    TooMany,
}

/// The words on the wire.
const WORDS: [(Code, &str); 7] = [
    (Code::BadRequest, "bad_request"),
    (Code::NotFound, "not_found"),
    (Code::PermissionDenied, "permission_denied"),
    (Code::CapRevoked, "cap_revoked"),
    (Code::Canceled, "canceled"),
    (Code::Internal, "internal"),
    (Code::TooMany, "too_many"),
];

impl Code {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        WORDS.iter().find(|(code, _)| *code == self).map_or("", |(_, word)| word)
    }

    /// The code of this word, if it is one of ours.
    fn of(word: &str) -> Option<Self> {
        WORDS.iter().find(|(_, ours)| *ours == word).map(|(code, _)| *code)
    }
}

/// Why a call, or a whole session, has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The JavaScript class, one of eight.
    pub name: &'static str,
    /// For people to read. It may come from the other side, and hold anything.
    pub message: String,
    /// For programs to match on, if there is one.
    pub code: Option<Code>,
}

impl RpcError {
    /// An `Error` with a code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { name: "Error", message: message.into(), code: Some(code) }
    }

    /// An `Error` with nothing but a text.
    pub fn plain(message: impl Into<String>) -> Self {
        Self { name: "Error", message: message.into(), code: None }
    }

    /// A `TypeError` with nothing but a text, as JavaScript throws it.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self { name: "TypeError", message: message.into(), code: None }
    }

    /// There is no such method; in npm's words.
    ///
    /// ```
    /// use capnweb::RpcError;
    /// let error = RpcError::not_a_function("nope");
    /// assert_eq!(error.to_string(), "TypeError: 'nope' is not a function.");
    /// ```
    pub fn not_a_function(method: &str) -> Self {
        let shown = &method[..method.floor_char_boundary(SHOWN)];
        Self::type_error(format!("'{shown}' is not a function."))
    }

    /// An error of the other side. The Python peers have codes where others have class names.
    pub(crate) fn revived(name: &str, message: String, code: Option<&str>) -> Self {
        let class = CLASSES.into_iter().find(|class| *class == name);
        let code = code.and_then(Code::of).or_else(|| Code::of(name));
        Self { name: class.unwrap_or("Error"), message, code }
    }

    /// How many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.message.len()
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

impl std::error::Error for RpcError {}
