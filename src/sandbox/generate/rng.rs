//! Owns chance: one stream of ChaCha8 for each (seed, patient, subject).
//!
//! ChaCha8 is a published cipher, so its stream is the same on every machine and in every release;
//! everything that turns words into choices is written here, so no release of a distribution
//! library can change a generated record. Nothing here reads a clock or the system's randomness.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng as _, SeedableRng};

/// The first 24 bytes of every key; the last 8 are the caller's seed.
const LABEL: [u8; 24] = *b"lcr sandbox generator v1";

/// What a stream decides. Each has its own, so one more draw in one subject moves no other.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Person = 0,
    Patient = 1,
    Conditions = 2,
    Allergies = 3,
    Medications = 4,
    Observations = 5,
    CarePlans = 6,
    Relationships = 7,
}

/// A deterministic source of choices.
pub(super) struct Rng(ChaCha8Rng);

impl Rng {
    pub(super) fn new(seed: u64, patient: u32, subject: Subject) -> Self {
        let mut key = [0_u8; 32];
        key[..24].copy_from_slice(&LABEL);
        key[24..].copy_from_slice(&seed.to_le_bytes());
        let mut inner = ChaCha8Rng::from_seed(key);
        inner.set_stream((u64::from(patient) << 8) | subject as u64);
        Self(inner)
    }

    /// A number in `0..n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let scaled = u64::from(self.0.next_u32()) * u64::from(n);
        (scaled >> 32) as u32
    }

    /// A number in `low..=high`; `low` when the range is empty.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        let width = low.abs_diff(high) + 1;
        let scaled = u128::from(self.0.next_u64()) * u128::from(width);
        low + (scaled >> 64) as i64
    }

    /// Near `centre`, never further than `spread`: the mean of three even draws.
    pub(super) fn near(&mut self, centre: i64, spread: i64) -> i64 {
        let sum: i64 = (0..3).map(|_| self.between(-spread, spread)).sum();
        centre + sum / 3
    }

    /// True `n` times in a thousand.
    pub(super) fn permille(&mut self, n: u32) -> bool {
        self.below(1000) < n
    }

    /// One of `items`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// An index into `weights`, as often as its weight says; 0 when all weights are 0.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// A UUID that looks like version 4.
    pub(super) fn uuid(&mut self) -> String {
        let high = (self.0.next_u64() & !0xf000) | 0x4000;
        let low = (self.0.next_u64() & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}
