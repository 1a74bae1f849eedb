//! Owns what tokens said that were used a moment ago. It is never enough for an answer: a Caller from here is marked, and what is
//! done in their name counts only when a statement has shown the token in force, and unchanged (`store/proof.rs`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::access::{Caller, Policies};
use crate::store::{Hash, Store};

use super::Unauthorized;

/// How long a token is remembered that nobody uses.
const IDLE: Duration = Duration::from_secs(60);

/// How many are remembered at most: about a kilobyte each.
const MOST: usize = 4096;

/// The tokens of one worker.
#[derive(Default)]
pub struct Recent {
    used: Mutex<HashMap<Hash, (Caller, Instant)>>,
}

impl Recent {
    /// The caller of this token, who is still to be proved.
    pub async fn caller(&self, store: &Store, policies: &Policies, token: &Hash) -> Result<Caller, Unauthorized> {
        match self.remembered(token) {
            Some(caller) => Ok(caller),
            None => self.look_up(store, policies, token).await,
        }
    }

    /// The same, looked up now; one whose token has ended is forgotten.
    pub async fn look_up(&self, store: &Store, policies: &Policies, token: &Hash) -> Result<Caller, Unauthorized> {
        let Some((claims, mark)) = store.find_token(token).await? else {
            self.used.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
            return Err(Unauthorized::Unknown);
        };
        let caller = Caller::verified(claims, policies).marked(mark);
        self.remember(*token, caller.clone());
        Ok(caller)
    }

    fn remembered(&self, token: &Hash) -> Option<Caller> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, last) = used.get_mut(token).filter(|(_, last)| last.elapsed() < IDLE)?;
        *last = Instant::now();
        Some(caller.clone())
    }

    fn remember(&self, token: Hash, caller: Caller) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST {
            used.retain(|_, (_, last)| last.elapsed() < IDLE);
        }
        if used.len() >= MOST {
            // More at once than is planned for: all are looked up once again.
            used.clear();
        }
        used.insert(token, (caller, Instant::now()));
    }
}
