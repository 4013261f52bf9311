//! How much of anything we take from a caller. All in bytes, except where it says otherwise.

/// The longest head: the request line and all headers, with their line ends.
pub(super) const MAX_HEAD: usize = 16 * 1024;

/// The most headers in a head, as a number.
pub(super) const MAX_HEADERS: usize = 64;

/// The longest body of a request, in bytes, after chunks have been put together.
pub const MAX_BODY: usize = 1024 * 1024;

/// All chunk extensions of one body together. We ignore them, as nearly all servers do.
pub(super) const MAX_EXTENSIONS: usize = 1024;

/// The longest trailer section, which comes after the last chunk, and which we ignore too.
pub(super) const MAX_TRAILERS: usize = 4 * 1024;
