//! Paths: from an object, name by name, to what is in it.

use std::sync::Arc;

use super::error::{Code, RpcError};
use super::stub::Key;
use super::value::{Cap, Target, Value};

/// Follows the path from `target`, and calls its last name; without `args`, reads it.
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

/// Where a path ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<'v, 'p, T> {
    /// At a value.
    Value(Value<Cap<T>>),
    /// At an object of ours, which is asked for the rest of the path.
    Target(&'v T, &'p [Key]),
}

impl<T: Clone> Value<Cap<T>> {
    /// Follows a path as JavaScript does: a name that is not there is undefined, and a name in
    /// there is an error.
    pub(crate) fn follow<'v, 'p>(
        &'v self,
        path: &'p [Key],
    ) -> Result<Found<'v, 'p, T>, RpcError> {
        let mut here = self;
        for (steps, key) in path.iter().enumerate() {
            here = match here {
                _ if key.is_forbidden() => &Self::Undefined,
                Self::Cap(Cap::Target(target)) => {
                    return Ok(Found::Target(target, &path[steps..]));
                }
                Self::Undefined => {
                    let text = format!("Cannot read properties of undefined (reading '{key}')");
                    return Err(RpcError::type_error(text));
                }
                Self::Cap(_) => return Err(not_forwarded()),
                Self::Object(_) => here.get(&key.to_string()).unwrap_or(&Self::Undefined),
                Self::Array(items) => match key {
                    Key::Index(index) => usize::try_from(*index)
                        .ok()
                        .and_then(|index| items.get(index))
                        .unwrap_or(&Self::Undefined),
                    Key::Name(_) => &Self::Undefined,
                },
                _ => &Self::Undefined,
            };
        }
        Ok(match here {
            Self::Cap(Cap::Target(target)) => Found::Target(target, &[]),
            value => Found::Value(value.clone()),
        })
    }
}

/// We do not carry calls from the other side to itself.
pub(crate) fn not_forwarded() -> RpcError {
    let text = "this is a stub of your own: call it directly";
    RpcError::new(Code::BadRequest, text)
}
