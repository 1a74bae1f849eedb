//! Owns the turns of a worker: how many requests work at once, how many wait for that, and for how long.
//!
//! Each worker has its own, as it has its own connections: nothing is shared between cores on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// There is no turn to be had now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// As many wait as may.
    Full,
    /// It waited as long as one may.
    Waited,
}

/// The turns of one worker.
#[derive(Debug)]
pub struct Turns {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    patience: Duration,
}

impl Turns {
    /// So many turns, for which so many may wait so long.
    pub fn new(turns: usize, most_waiting: usize, patience: Duration) -> Arc<Turns> {
        let free = Arc::new(Semaphore::new(turns));
        Arc::new(Turns { free, waiting: AtomicUsize::new(0), most_waiting, patience })
    }

    /// A turn: at once where one is free, else in the order of asking.
    pub async fn take(self: &Arc<Turns>) -> Result<Turn, Busy> {
        let permit = self.permit().await?;
        Ok(Turn { turns: Arc::clone(self), held: Arc::new(Mutex::new(Some(permit))) })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Busy> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(permit);
        }
        let place = Place::take(self).ok_or(Busy::Full)?;
        let permit = timeout(self.patience, Arc::clone(&self.free).acquire_owned()).await;
        drop(place);
        // Nobody closes the semaphore.
        permit.ok().and_then(Result::ok).ok_or(Busy::Waited)
    }
}

/// A place among those that wait; given back when the wait ends, however it ends.
struct Place<'a>(&'a Turns);

impl Place<'_> {
    fn take(turns: &Turns) -> Option<Place<'_>> {
        let place = Place(turns);
        let before = turns.waiting.fetch_add(1, Ordering::Relaxed);
        (before < turns.most_waiting).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request's turn. Clones are the same turn; it ends with `end` or with the last of them.
#[derive(Debug, Clone)]
pub struct Turn {
    turns: Arc<Turns>,
    held: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Turn {
    /// Gives the turn to somebody else: for good, or while its request waits for its client.
    pub fn end(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Has a turn again, for the next piece of an answer that has begun: it waits beside the queue, since breaking off would
    /// cost more than it saves, but not longer than this.
    pub async fn go_on(&self, longest: Duration) -> Result<(), Busy> {
        if self.held.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let permit = timeout(longest, Arc::clone(&self.turns.free).acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(Busy::Waited)?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        Ok(())
    }

    /// Has a turn again, after as long a wait as any.
    pub async fn again(&self) -> Result<(), Busy> {
        if self.held.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let permit = self.turns.permit().await?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn those_who_find_no_place_hear_so_at_once_and_the_others_in_their_order() {
        let turns = Turns::new(1, 1, LONG);
        let first = turns.take().await.expect("a turn");
        let second = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take().await }
        });
        tokio::task::yield_now().await;
        assert_eq!(turns.take().await.err(), Some(Busy::Full), "two wait where one may");
        drop(first);
        let second = second.await.expect("no panic").expect("its turn came");
        assert_eq!(turns.waiting.load(Ordering::Relaxed), 0, "nobody waits any more");
        second.end();
        assert!(turns.take().await.is_ok(), "what has ended is free");
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_one_may_and_who_leaves_gives_up_the_place() {
        let turns = Turns::new(1, 1, Duration::from_millis(50));
        let held = turns.take().await.expect("a turn");
        assert_eq!(turns.take().await.err(), Some(Busy::Waited));
        assert!(timeout(Duration::from_millis(10), turns.take()).await.is_err(), "it left");
        assert_eq!(turns.waiting.load(Ordering::Relaxed), 0);
        held.end();
        let other = turns.take().await.expect("a turn");
        assert_eq!(held.again().await.err(), Some(Busy::Waited), "somebody else has it");
        drop(other);
        assert_eq!(held.again().await, Ok(()));
    }
}
