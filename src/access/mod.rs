//! THE policy: Caller → Grant. Everything that decides who may do what is here, and nothing here does I/O.

pub mod caller;
pub mod grant;
pub mod policy;
pub mod scope;

pub use caller::{Caller, Claims};
pub use grant::{Denied, Grant, Holders, Interaction, Reach};
pub use policy::Confidentiality;
pub use scope::{Narrow, Scope};
