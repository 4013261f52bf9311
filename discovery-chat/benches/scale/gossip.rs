//! A gossip overlay: each peer has a few links, and passes on what it has not heard before.
//!
//! A simulation, and a simple one: a peer that joins links itself with [`DIALS`] peers that are
//! there, drawn at random; a message takes one hop at a time, to all neighbours but the one it
//! came from. Real overlays (gossipsub in libp2p, `HyParView` and Plumtree in iroh) save most of
//! the copies: they send the message on some links and only its number on the others.

use std::collections::BTreeSet;

use crate::number;

/// How many links a peer that joins asks for; others ask it for about as many later.
const DIALS: usize = 6;

/// What a message of one peer comes to.
pub(crate) struct Outcome {
    /// The mean of the links of a peer.
    pub(crate) links: f64,
    /// How often a peer gets the same message, in the mean.
    pub(crate) copies: f64,
    /// After how many hops the last peer has it.
    pub(crate) hops: usize,
    /// How many peers still get a message when every third peer ends at the same moment.
    pub(crate) reached_percent: f64,
}

/// Plays an overlay of so many peers.
pub(crate) fn play(peers: usize) -> Outcome {
    let links = overlay(peers);
    let all = spread(&links, |_| true);
    let left = (0..peers).filter(|who| is_left(*who)).count();
    let reached = spread(&links, is_left).reached;
    Outcome {
        links: number(links.iter().map(BTreeSet::len).sum()) / number(peers),
        copies: number(all.copies) / number(peers - 1),
        hops: all.hops,
        reached_percent: 100.0 * number(reached) / number(left),
    }
}

/// Every third peer is gone; the first, which speaks, is not.
fn is_left(who: usize) -> bool {
    who % 3 != 1
}

/// The links of each peer.
fn overlay(peers: usize) -> Vec<BTreeSet<usize>> {
    let mut links = vec![BTreeSet::new(); peers];
    let mut random: u64 = 1;
    for who in 1..peers {
        while links[who].len() < DIALS.min(who) {
            // xorshift64: chance that is the same in every run.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = usize::try_from(random % who as u64).expect("it is below `who`");
            links[who].insert(other);
            links[other].insert(who);
        }
    }
    links
}

struct Spread {
    reached: usize,
    copies: usize,
    hops: usize,
}

/// Peer 0 says something; those who are there pass it on.
fn spread(links: &[BTreeSet<usize>], is_there: impl Fn(usize) -> bool) -> Spread {
    let mut has = vec![false; links.len()];
    has[0] = true;
    let mut spread = Spread { reached: 1, copies: 0, hops: 0 };
    let mut new = vec![(0, 0)]; // Who has it since the last hop, and from whom.
    loop {
        let mut next = Vec::new();
        for (who, from) in new {
            for to in links[who].iter().copied().filter(|to| *to != from && is_there(*to)) {
                spread.copies += 1;
                if !has[to] {
                    has[to] = true;
                    next.push((to, who));
                }
            }
        }
        if next.is_empty() {
            return spread;
        }
        spread.reached += next.len();
        spread.hops += 1;
        new = next;
    }
}
