//! Pressure: when the whole room has to wait for its clients, and when it does not wait for one.
//! Pure: levels and time in, yes or no out.
//!
//! What a client is to be told waits in its outbox. If many outboxes have something in them, more
//! is being said than this machine can tell everybody at once: then the room takes no further
//! calls for a moment. Whoever says much has to wait, nobody is dropped for it, and what is said
//! is not old when it is heard. If it is only a few, it is they who do not read, and nobody waits
//! for them: an outbox that is full is the end of its client, alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::room::ClientId;

/// The room waits as long as one of so many clients has something in its outbox. A few that are
/// slow, or pretend to be, cannot hold up many.
const SHARE: usize = 8;

/// The same for a while after the room has waited for somebody in vain. Whoever stalls it once may
/// have friends who come and stall it next, and new ones after them; so then it takes many, and
/// those who were excused are among the rest.
const SHARE_AFTER: usize = 2;

/// How long the room waits before it looks who has read nothing meanwhile.
const PATIENCE: Duration = Duration::from_millis(150);

/// The same for a while after it has waited in vain: what is asked waits behind what many stallers
/// have asked, and so for several of them, one after the other.
const PATIENCE_AFTER: Duration = Duration::from_millis(50);

/// Whoever has taken neither so many orders nor half of them out of its outbox by then is excused:
/// nobody waits for it any more.
const PROGRESS: usize = 8;

/// Not before then does it count again, and not before it has caught up. So whoever is slow on
/// purpose holds the room up for one patience each time, and no more. Meanwhile it gets what it is
/// told like everybody else; but a room that says much may fill its outbox, and that is its end.
const EXCUSED_FOR: Duration = Duration::from_secs(10);

/// Watches all outboxes.
#[derive(Debug, Default)]
pub struct Pressure {
    /// Since when the room waits, and how full the outboxes were then.
    waits: Option<(Instant, BTreeMap<ClientId, usize>)>,
    /// For whom it does not, and since when.
    excused: BTreeMap<ClientId, Instant>,
    /// When it has waited in vain for the last time.
    in_vain: Option<Instant>,
}

impl Pressure {
    /// Whether the room has to wait, now that so many orders wait for each of its clients.
    pub fn look(
        &mut self,
        waiting: impl Iterator<Item = (ClientId, usize)>,
        now: Instant,
    ) -> bool {
        let (mut all, mut counted) = (0, 0);
        let mut filling = BTreeMap::new();
        for (client, level) in waiting {
            all += 1;
            let since = self.excused.get(&client);
            if since.is_some_and(|since| level > 0 || now.duration_since(*since) < EXCUSED_FOR)
            {
                continue;
            }
            self.excused.remove(&client);
            counted += 1;
            if level > 0 {
                filling.insert(client, level);
            }
        }
        let is_wary = self.in_vain.is_some_and(|since| now.duration_since(since) < EXCUSED_FOR);
        let (share, among, patience) = if is_wary {
            (SHARE_AFTER, all, PATIENCE_AFTER)
        } else {
            (SHARE, counted, PATIENCE)
        };
        if filling.is_empty() || share * filling.len() < among {
            self.waits = None;
            return false;
        }
        match &self.waits {
            Some((since, _)) if now.duration_since(*since) < patience => true,
            Some((_, before)) => {
                let has_read = |client: &ClientId, level: &mut usize| {
                    before.get(client).is_none_or(|before| {
                        *level + PROGRESS <= *before || 2 * *level <= *before
                    })
                };
                let idle = filling.extract_if(.., |client, level| !has_read(client, level));
                let excused = idle.map(|(client, _)| (client, now));
                let before = self.excused.len();
                self.excused.extend(excused);
                if self.excused.len() > before {
                    self.in_vain = Some(now);
                }
                self.waits = (!filling.is_empty()).then_some((now, filling));
                self.waits.is_some()
            }
            None => {
                self.waits = Some((now, filling));
                true
            }
        }
    }

    /// This client is gone.
    pub fn forget(&mut self, client: ClientId) {
        self.excused.remove(&client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at these levels, so many milliseconds after the beginning of time.
    struct Watch(Pressure, Instant);

    impl Watch {
        fn look(&mut self, levels: &[usize], ms: u64) -> bool {
            let waiting = levels.iter().zip(0..).map(|(level, id)| (ClientId(id), *level));
            self.0.look(waiting, self.1 + Duration::from_millis(ms))
        }
    }

    fn watch() -> Watch {
        Watch(Pressure::default(), Instant::now())
    }

    #[test]
    fn the_room_waits_as_long_as_one_of_eight_has_something_to_read() {
        let mut watch = watch();
        let levels = |first: &[usize], rest| [first, &vec![0; rest]].concat();
        assert!(!watch.look(&[0; 8], 0));
        assert!(watch.look(&levels(&[1], 7), 1), "one of 8");
        assert!(!watch.look(&levels(&[9], 8), 2), "one of 9");
        assert!(watch.look(&levels(&[3, 20], 7), 3));
        assert!(!watch.look(&levels(&[0, 20], 7), 4));
    }

    #[test]
    fn whoever_reads_is_waited_for_and_whoever_does_not_is_not() {
        let mut watch = watch();
        assert!(watch.look(&[100, 100, 100, 100, 100, 0], 0));
        assert!(watch.look(&[99, 93, 92, 92, 92, 0], 149));
        // Two have read too little. The others are half of all.
        assert!(watch.look(&[99, 93, 92, 92, 92, 0], 150));
        assert!(watch.look(&[99, 93, 2, 2, 2, 0], 151));
        assert!(!watch.look(&[99, 93, 0, 0, 2, 0], 152));
        assert!(!watch.look(&[500, 500, 0, 0, 0, 0], 300), "nobody waits for them");
        assert!(watch.look(&[500, 500, 2, 2, 2, 0], 400));
        assert!(watch.look(&[500, 500, 1, 1, 1, 0], 450), "half of a little is enough");
        assert!(!watch.look(&[500, 500, 1, 1, 1, 0], 500));
    }

    #[test]
    fn whoever_has_read_eight_of_many_has_read_enough() {
        let mut watch = watch();
        assert!(watch.look(&[100, 100], 0));
        assert!(watch.look(&[93, 92], 150));
        assert!(!watch.look(&[93, 0], 151), "seven were not enough");
    }

    #[test]
    fn whoever_stalls_the_room_cannot_have_a_friend_do_so_next() {
        let mut watch = watch();
        assert!(watch.look(&[1, 0, 0, 0, 0, 0, 0, 0], 0));
        assert!(watch.look(&[1, 0, 0, 0, 0, 0, 0, 0], 149));
        assert!(!watch.look(&[1, 0, 0, 0, 0, 0, 0, 0], 150));
        assert!(!watch.look(&[1, 1, 0, 0, 0, 0, 0, 0], 151), "one of eight is not enough");
        assert!(!watch.look(&[1, 1, 1, 1, 0, 0, 0, 0], 152), "three are not, either");
        assert!(watch.look(&[1, 1, 1, 1, 1, 0, 0, 0], 153), "half of them may be honest");
        assert!(!watch.look(&[1, 1, 1, 1, 1, 0, 0, 0], 203), "but it takes not so long");
        assert!(!watch.look(&[0, 0, 0, 0, 0, 0, 0, 1], 10_202), "for a while");
        assert!(watch.look(&[0, 0, 0, 0, 0, 0, 0, 1], 10_203), "not for ever");
    }

    #[test]
    fn stallers_that_come_one_after_the_other_do_not_hold_the_room_up_again_and_again() {
        let (mut watch, mut levels, mut held) = (watch(), vec![0, 0], 0);
        for ms in 0..9_000 {
            if ms % 10 == 0 {
                levels.push(1); // One more, which never reads.
            }
            held += u32::from(watch.look(&levels, ms));
        }
        assert!(held < 1000, "{held} ms of 9000");
    }

    #[test]
    fn whoever_was_excused_counts_again_when_it_has_caught_up_but_not_at_once() {
        let mut watch = watch();
        assert!(watch.look(&[4], 0));
        assert!(!watch.look(&[4], 150));
        assert!(!watch.look(&[0], 151));
        assert!(!watch.look(&[4], 10_149), "it may do so on purpose");
        assert!(!watch.look(&[4], 10_151), "it has not caught up");
        assert!(!watch.look(&[0], 10_152));
        assert!(watch.look(&[4], 10_153));
        assert!(!watch.look(&[4], 10_303));
        watch.0.forget(ClientId(0));
        assert!(watch.look(&[4], 10_304), "another one");
    }
}
