//! The machine of an authorization, step by step and out of turn.
