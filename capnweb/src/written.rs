//! Arguments for many sessions: written once, and sent in each.

use std::sync::Arc;

use super::error::{Code, RpcError};
use super::session::{MAX_VALUE_DEPTH, too_deep};
use super::wire::json;
use crate::value::Value;

/// Arguments as text, for [`Session::tell_written`](super::Session::tell_written). It is cheap to
/// clone.
///
/// There is no capability in them: each session has a number of its own for one.
///
/// ```
/// use capnweb::{Cap, Stub, Value, Written};
///
/// let hello: Value<Cap<()>> = "hello".into();
/// assert!(Written::new(vec![hello]).is_ok());
/// let somebody: Value<Cap<()>> = Stub::MAIN.into();
/// assert!(Written::new(vec![somebody]).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written(Arc<str>);

impl Written {
    /// Writes these arguments.
    ///
    /// # Errors
    ///
    /// `bad_request` if there is a capability in them, or if they are too deep to be sent.
    pub fn new<C>(args: Vec<Value<C>>) -> Result<Self, RpcError> {
        if args.iter().any(|arg| arg.weight(MAX_VALUE_DEPTH).is_none()) {
            return Err(too_deep());
        }
        let mut refuse = |_| {
            let text = "a capability has another number in each session";
            Err(RpcError::new(Code::BadRequest, text))
        };
        let args = args.into_iter().map(|arg| arg.try_map(&mut refuse));
        Ok(Self(json(&args.collect::<Result<Vec<_>, _>>()?).into()))
    }

    /// A list, in JSON.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::chance::Chance;
    use crate::{Cap, Output, Session, Stub};

    type Side = Session<&'static str>;

    #[test]
    fn arguments_that_were_written_before_are_sent_as_any_others() {
        let (mut one, mut other) = (Side::new(None), Side::new(None));
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
        for number in 0..2000 {
            let count = chance.below(4);
            let args = (0..count).map(|_| {
                let levels = chance.below(6);
                chance.value(levels, &mut |_| None)
            });
            let args: Vec<Value<Cap<&str>>> = args.collect();
            let written = Written::new(args.clone()).unwrap();
            let told = one.tell(Stub::MAIN, "hear", args).unwrap();
            let [Output::Send(push), Output::Send(_)] = &told[..] else { panic!("{told:?}") };
            let told_written = other.tell_written(Stub::MAIN, "hear", &written);
            assert_eq!(told_written.as_ref(), Ok(&told), "{number}: {push}");
        }
        // Nobody waits for an answer, so there is nothing left of it.
        assert_eq!(other.entries(), Side::new(None).entries());
    }

    #[test]
    fn a_call_that_is_refused_is_refused_with_written_arguments_too() {
        let nothing = Written::new::<()>(vec![]).unwrap();
        let refused = |side: &mut Side, to| {
            let told = side.tell(to, "hear", vec![]).unwrap_err();
            assert_eq!(side.tell_written(to, "hear", &nothing), Err(told.clone()));
            told.code.unwrap()
        };
        let mut bob = Side::new(None);
        assert_eq!(refused(&mut bob, Stub { id: -1 }), Code::CapRevoked);
        while bob.call(Stub::MAIN, "x", vec![]).is_ok() {}
        assert_eq!(refused(&mut bob, Stub::MAIN), Code::TooMany);
        let _ = bob.lost(RpcError::plain("gone"));
        assert_eq!(refused(&mut bob, Stub::MAIN), Code::Canceled);
    }

    #[test]
    fn arguments_that_are_too_deep_or_have_a_capability_are_not_written() {
        let deep = |brackets| {
            (0..brackets).fold(Value::Null, |value, _| Value::object([("in", value)]))
        };
        assert!(Written::new::<()>(vec![deep(MAX_VALUE_DEPTH)]).is_ok());
        let error = Written::new::<()>(vec![deep(MAX_VALUE_DEPTH + 1)]).unwrap_err();
        assert!(error.message.contains("brackets would be open"), "{error:?}");
        let hidden = Value::object([("file", vec![Value::Cap("a file")].into())]);
        let error = Written::new(vec!["text".into(), hidden]).unwrap_err();
        assert_eq!(error.message, "a capability has another number in each session");
    }
}
