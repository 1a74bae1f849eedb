//! stub
pub struct Options { pub patients: u32, pub seed: u64, pub observations: u32 }
pub struct Relationship;
impl Relationship { pub fn csv_header() -> &'static str { "" } pub fn to_csv_row(&self) -> String { String::new() } }
pub struct Record { pub resources: Vec<serde_json::Value>, pub relationships: Vec<Relationship> }
pub fn records(_: Options) -> impl Iterator<Item = Record> { std::iter::empty() }
