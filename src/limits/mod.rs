//! How much this service takes on: how many requests work at once (`turns`), and how often somebody may ask (`rates`).
//! Counting alone: no HTTP, no database, and never who anybody is.

mod rates;
mod turns;

pub use rates::{Rates, TooOften};
pub use turns::{Busy, Turn, Turns};
