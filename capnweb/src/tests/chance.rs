//! Numbers that look like chance, always the same ones (xorshift64, Marsaglia 2003). For tests.

use crate::value::Value;

/// A source of them.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// From 0 to below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn one_of<'a, T: ?Sized>(&mut self, choice: &[&'a T]) -> &'a T {
        choice[self.below(choice.len())]
    }

    fn text(&mut self) -> String {
        let parts =
            ["", "a", "\"", "\\", "\n", "\0", "\u{1F680}", "ü", "[", "name", "\u{2028}"];
        (0..self.below(5)).map(|_| self.one_of(&parts)).collect()
    }

    fn number(&mut self) -> f64 {
        let bits = f64::from_bits(self.0);
        let whole = f64::from(i32::try_from(self.below(2000)).unwrap_or(0) - 1000);
        let choice =
            [bits, whole, whole / 8.0, 9_007_199_254_740_991.0, 1e300, f64::MIN_POSITIVE];
        let number = choice[self.below(choice.len())];
        if number.is_nan() { 0.0 } else { number }
    }

    /// Any value, at most so many levels deep, of which the leaves can be made by `cap`, too.
    pub(crate) fn value<C>(
        &mut self,
        levels: usize,
        cap: &mut impl FnMut(&mut Self) -> Option<C>,
    ) -> Value<C> {
        let kinds = if levels == 0 { 9 } else { 13 };
        match self.below(kinds) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 | 3 => Value::Number(self.number()),
            4 => Value::Undefined,
            5 => Value::BigInt(self.below(1 << 40).to_string()),
            6 => cap(self).map_or(Value::Null, Value::Cap),
            7 | 8 => Value::String(self.text()),
            9 | 10 => {
                Value::Array((0..self.below(4)).map(|_| self.value(levels - 1, cap)).collect())
            }
            _ => {
                let mut entries: Vec<(String, Value<C>)> = Vec::new();
                for _ in 0..self.below(4) {
                    let (key, value) = (self.text(), self.value(levels - 1, cap));
                    if entries.iter().all(|(other, _)| *other != key) {
                        entries.push((key, value));
                    }
                }
                Value::Object(entries)
            }
        }
    }
}
