//! UK Core's own examples, held to our profiles: a second opinion on what the checker finds in them.

use crate::common;
use crate::examples::files;
use crate::hapi::Item;
use crate::held;

/// The examples of types that have a profile here.
pub fn items() -> Vec<Item> {
    let Some(shared) = common::shared() else { return Vec::new() };
    let all = files(&shared.join("data/ukcore-examples/json")).into_iter();
    let of = |(name, text): (String, String)| {
        let resource = serde_json::from_str(&text).expect("JSON");
        let profile = held::profile(&resource)?;
        Some(Item::new(format!("ukcore/{name}"), &[&profile], text))
    };
    all.filter_map(of).collect()
}
