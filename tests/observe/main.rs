//! What the service tells of itself: health, figures, traces, logs; and that none of them holds what is nobody's business.
//! Logs and traces are those of a real `lcr`, whose collector is a server of this test.

#[path = "../common/mod.rs"]
mod common;
#[path = "../smart/support.rs"]
// Its pages are asked for more than is asked here.
#[allow(dead_code)]
mod support;
#[path = "../common/tools.rs"]
mod tools;

mod figures;
mod health;
mod leaks;
mod receiver;
mod secrets;
mod service;
mod traces;
mod wire;
mod work;
