//! Owns where a resource's meta stands.

use super::json::{Json, Object};

/// Replaces a resource's meta, or puts it in behind its id.
pub fn set(resource: &mut Object, meta: Object) {
    if resource.get("meta").is_none() {
        let place = |name: &str| resource.0.iter().position(|(key, _)| key == name);
        let at = place("id").or(place("resourceType")).map_or(0, |at| at + 1);
        resource.0.insert(at, ("meta".to_owned(), Json::Null));
    }
    resource.set("meta", Json::Object(meta));
}
