//! Owns how often somebody may ask: a bucket each, which fills evenly and from which every request takes one.
//!
//! A bucket is one number, the moment at which it will be full again, under a keyed hash of whose it is: nothing of who
//! asks is kept. All workers share them, in shards, so that no two cores often want the same lock.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const SHARDS: usize = 16;

/// Buckets of a shard that are not full; beyond, the one that is nearest to full is forgotten.
const MOST: usize = 4096;

/// Somebody asks more often than they may; so long from now they may again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub Duration);

impl TooOften {
    /// Whole seconds to wait, as Retry-After has them.
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

/// The buckets of everybody, for one kind of request.
#[derive(Debug)]
pub struct Rates {
    /// Nanoseconds in which one comes back. 0: there is no bound.
    each: u64,
    /// Nanoseconds in which an empty bucket is full.
    depth: u64,
    began: Instant,
    names: RandomState,
    shards: [Mutex<HashMap<u64, u64>>; SHARDS],
}

impl Rates {
    /// So many in so long a time, and at most so many at once. None: as often as they like.
    pub fn new(many: u32, per: Duration, burst: u32) -> Rates {
        let per = u64::try_from(per.as_nanos()).unwrap_or(u64::MAX);
        let each = per.checked_div(u64::from(many)).unwrap_or(0);
        let depth = each.saturating_mul(u64::from(burst.max(1)));
        Rates { each, depth, began: Instant::now(), names: RandomState::new(), shards: Default::default() }
    }

    /// Takes one from somebody's bucket, if there is one.
    pub fn take(&self, whose: impl Hash) -> Result<(), TooOften> {
        self.take_at(whose, self.now())
    }

    /// Whether there is one in somebody's bucket.
    pub fn left(&self, whose: impl Hash) -> Result<(), TooOften> {
        let (name, now) = (self.names.hash_one(whose), self.now());
        let shard = self.shard(name).lock().unwrap_or_else(PoisonError::into_inner);
        let full = shard.get(&name).map_or(now, |full| (*full).max(now));
        self.judge(full.saturating_add(self.each), now)
    }

    fn judge(&self, full: u64, now: u64) -> Result<(), TooOften> {
        let over = (full - now).saturating_sub(self.depth);
        if over > 0 { Err(TooOften(Duration::from_nanos(over))) } else { Ok(()) }
    }

    /// Puts one back: what was taken turned out not to count.
    pub fn put_back(&self, whose: impl Hash) {
        if self.each > 0 {
            let name = self.names.hash_one(whose);
            let mut shard = self.shard(name).lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(full) = shard.get_mut(&name) {
                *full = full.saturating_sub(self.each);
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn shard(&self, name: u64) -> &Mutex<HashMap<u64, u64>> {
        // The low bits choose within a shard.
        &self.shards[(name >> 60) as usize % SHARDS]
    }

    fn take_at(&self, whose: impl Hash, now: u64) -> Result<(), TooOften> {
        if self.each == 0 {
            return Ok(());
        }
        let name = self.names.hash_one(whose);
        let mut shard = self.shard(name).lock().unwrap_or_else(PoisonError::into_inner);
        let full = shard.get(&name).map_or(now, |full| (*full).max(now)).saturating_add(self.each);
        self.judge(full, now)?;
        if shard.len() >= MOST && !shard.contains_key(&name) {
            make_room(&mut shard, now);
        }
        shard.insert(name, full);
        Ok(())
    }
}

/// Forgets buckets that are full; where none is, the one that is full the soonest.
fn make_room(shard: &mut HashMap<u64, u64>, now: u64) {
    shard.retain(|_, full| *full > now);
    if shard.len() >= MOST
        && let Some(soonest) = shard.iter().min_by_key(|(_, full)| **full).map(|(name, _)| *name)
    {
        shard.remove(&soonest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_bucket_gives_what_is_in_it_and_then_as_fast_as_it_fills() {
        let rates = Rates::new(2, Duration::from_secs(1), 3);
        for _ in 0..3 {
            assert_eq!(rates.take_at("a", 0), Ok(()));
        }
        let refused = rates.take_at("a", 0).expect_err("the fourth at once");
        assert_eq!((refused.0, refused.seconds()), (Duration::from_millis(500), 1));
        assert_eq!(rates.take_at("b", 0), Ok(()), "another's bucket is another");
        assert_eq!(rates.take_at("a", SECOND / 2), Ok(()), "one came back");
        assert!(rates.take_at("a", SECOND / 2).is_err());
        rates.put_back("a");
        assert_eq!(rates.take_at("a", SECOND / 2), Ok(()), "what was put back is there");
        for _ in 0..3 {
            assert_eq!(rates.take_at("a", 9 * SECOND), Ok(()), "no more than full");
        }
        assert!(rates.take_at("a", 9 * SECOND).is_err());
    }

    #[test]
    fn no_rate_is_no_bound() {
        let rates = Rates::new(0, Duration::from_secs(1), 1);
        assert!((0..10_000).all(|_| rates.take_at("a", 0).is_ok()));
    }

    #[test]
    fn who_comes_in_numbers_pushes_out_nobody_who_asks_too_often() {
        let rates = Rates::new(1, Duration::from_secs(1), 100);
        for _ in 0..100 {
            assert_eq!(rates.take_at("guesser", 0), Ok(()));
        }
        for other in 0..SHARDS * MOST * 2 {
            assert_eq!(rates.take_at(other, 0), Ok(()));
        }
        let kept: usize = rates.shards.iter().map(|shard| shard.lock().expect("a shard").len()).sum();
        assert!(kept <= SHARDS * MOST, "{kept} buckets are kept");
        assert!(rates.take_at("guesser", 0).is_err(), "their bucket is still empty");
    }
}
