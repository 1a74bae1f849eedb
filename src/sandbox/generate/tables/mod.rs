//! Owns the facts that records are made of: names, codes, medicines, tests, plans. Data, no decisions.

pub mod allergens;
pub mod careplans;
pub mod conditions;
pub mod medicines;
pub mod names;
pub mod regimens;
pub mod tests;
