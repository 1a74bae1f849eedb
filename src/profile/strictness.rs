//! Owns how strictly a source is held to the profiles.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strictness {
    /// What breaks a profile is refused.
    #[default]
    Enforce,
    /// It is taken, marked, and the sender is told.
    Warn,
    /// Only R4's own rules hold.
    Off,
}

/// The default, and the sources that it is not for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Strictnesses {
    /// For every source that is not named. `LCR_PROFILE`.
    pub default: Strictness,
    /// By the name of the source.
    pub source: BTreeMap<String, Strictness>,
}

impl Strictnesses {
    /// The same for everybody.
    pub fn all(default: Strictness) -> Strictnesses {
        Strictnesses { default, source: BTreeMap::new() }
    }

    /// How strictly this source is held.
    pub fn of(&self, source: Option<&str>) -> Strictness {
        source.and_then(|name| self.source.get(name)).copied().unwrap_or(self.default)
    }
}
