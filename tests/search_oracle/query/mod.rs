//! What a whole query has to answer, worked out by brute force over every resource: three-valued, because R4 leaves
//! some of it to the server. It reads the same text that the service is sent, and shares no code with it.

pub mod ask;
pub mod check;
pub mod compartment;
pub mod fair;
pub mod filter;
pub mod include;
pub mod modified;
pub mod order;
pub mod result;
pub mod shape;
pub mod terminology;
pub mod truth;
pub mod verdict;
pub mod words;
pub mod world;
