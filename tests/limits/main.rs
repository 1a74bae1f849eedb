//! What the service takes on and what it does not: bounds of a request, overload, clients that are slow or leave, how often
//! somebody may ask, whose word is believed on where a request came from, TLS, and the headers of every answer.

mod bounds;
mod headers;
mod overload;
mod proxies;
mod rates;
mod slow;
mod stopped;
mod support;
mod tls;

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/routes.rs"]
#[allow(dead_code)] // Other tests read the text itself.
mod routes;

#[path = "../common/tools.rs"]
mod tools;

#[path = "../access/world.rs"]
#[allow(dead_code)] // Made for attacks on access; this binary uses a part of it.
mod world;
