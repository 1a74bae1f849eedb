//! Yes, no, and what R4 leaves open (Kleene's logic).

/// Whether something holds: `Open` where R4 leaves it to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    No,
    Open,
    Yes,
}

/// Of each resource of a type, in their order, whether it matches.
pub type Truths = Vec<Truth>;

impl Truth {
    pub fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Open => Truth::Open,
            Truth::Yes => Truth::No,
        }
    }

    /// What several readings agree on.
    pub fn agreed(readings: impl IntoIterator<Item = bool>) -> Truth {
        let mut all = readings.into_iter();
        let first = all.next().unwrap_or(false);
        if all.all(|reading| reading == first) { first.into() } else { Truth::Open }
    }

    /// Whether one of them holds.
    pub fn any(all: impl IntoIterator<Item = Truth>) -> Truth {
        all.into_iter().max().unwrap_or(Truth::No)
    }

    /// Whether all of them hold.
    pub fn all(all: impl IntoIterator<Item = Truth>) -> Truth {
        all.into_iter().min().unwrap_or(Truth::Yes)
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }
}

/// Each pair by a rule of two.
pub fn both(left: &Truths, right: &Truths, rule: fn(Truth, Truth) -> Truth) -> Truths {
    left.iter().zip(right).map(|(l, r)| rule(*l, *r)).collect()
}
