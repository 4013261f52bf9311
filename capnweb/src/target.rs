//! What is exported: an object with methods and properties, which others may call by name.

use std::fmt;
use std::sync::Arc;

use super::error::RpcError;
use super::stub::Key;
use super::value::{Found, Value};

/// An object that others may call.
///
/// Names that every JavaScript object has, such as `toString` or `constructor`, never get here:
/// the session says that there is nothing of that name, and so does npm.
pub trait Target: Send + Sync {
    /// Calls a method. The empty name means the object itself, where it is a function.
    ///
    /// # Errors
    ///
    /// What the caller gets instead of a result. For a name that is no method, this is
    /// [`RpcError::not_a_function`].
    fn call(&self, method: &str, args: Vec<Value>) -> Result<Value, RpcError>;

    /// Reads a property; [`Value::Undefined`] if there is none of this name.
    ///
    /// # Errors
    ///
    /// What the caller gets instead of a value.
    fn property(&self, name: &str) -> Result<Value, RpcError> {
        let _ = name;
        Ok(Value::Undefined)
    }
}

impl fmt::Debug for dyn Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target")
    }
}

impl PartialEq for dyn Target {
    /// The same object, not an equal one.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self, other)
    }
}

/// Does what was asked of `target`: calls the last name of the path, or reads it.
///
/// # Errors
///
/// What the caller gets instead of a result.
pub fn run(
    target: &Arc<dyn Target>,
    path: &[Key],
    args: Option<Vec<Value>>,
) -> Result<Value, RpcError> {
    let mut target = Arc::clone(target);
    let mut rest = path;
    // Step by step, not by recursion: a property may be the object itself.
    while let [name, after @ ..] = rest
        && (args.is_none() || !after.is_empty())
    {
        let value = target.property(&name.to_string())?;
        match (value.follow(after)?, &args) {
            (Found::Target(next, left), _) => {
                rest = left;
                target = Arc::clone(next);
            }
            (Found::Value(value), None) => return Ok(value),
            (Found::Value(_), Some(_)) => return Err(RpcError::not_a_function(&dotted(path))),
        }
    }
    match (rest, args) {
        (_, None) => Ok(target.into()),
        ([], Some(args)) => target.call("", args),
        ([method, ..], Some(args)) => target.call(&method.to_string(), args),
    }
}

/// A path as npm shows it.
pub fn dotted(path: &[Key]) -> String {
    path.iter().map(Key::to_string).collect::<Vec<_>>().join(".")
}
