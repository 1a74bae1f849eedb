//! THE policy: Caller → Grant. Everything that decides who may do what is here, and nothing here does I/O.

pub mod caller;
pub mod grant;
pub mod policy;
pub mod relationship;
pub mod scope;
pub mod sensitive;

pub use caller::{Caller, Claims, TokenMark};
pub use grant::{Denied, Grant, Holders, Interaction, Leave, Reach};
pub use policy::{Confidentiality, Permission, Policies};
pub use relationship::Relationship;
pub use scope::{Narrow, Scope};
pub use sensitive::Sensitive;
