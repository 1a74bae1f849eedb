//! Rows about the patient `near`, for summaries of them.

use serde_json::{Value, json};

use crate::common::Session;
use crate::ips::document;
use crate::world::{NEAR, about};

pub const ALLERGIES: &str = "48765-2";
pub const PROBLEMS: &str = "11450-4";
pub const PAST: &str = "11348-0";
pub const MEDICINES: &str = "10160-0";
pub const RESULTS: &str = "30954-2";
pub const VITALS: &str = "8716-3";
pub const SOCIAL: &str = "29762-2";
pub const PLANS: &str = "18776-5";

/// A resource about `near`, with members set.
pub fn with(kind: &str, id: &str, more: Value) -> Value {
    let mut resource = about(kind, id, "near", NEAR);
    for (name, value) in more.as_object().expect("members") {
        match value {
            Value::Null => {
                resource.as_object_mut().expect("object").remove(name);
            }
            _ => resource[name] = value.clone(),
        }
    }
    resource
}

pub fn coding(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

pub fn clinical(kind: &str, code: &str) -> Value {
    coding(&format!("http://terminology.hl7.org/CodeSystem/{kind}-clinical"), code)
}

pub fn verified(kind: &str, code: &str) -> Value {
    coding(&format!("http://terminology.hl7.org/CodeSystem/{kind}"), code)
}

pub fn category(code: &str) -> Value {
    json!([coding("http://terminology.hl7.org/CodeSystem/observation-category", code)])
}

pub async fn summary(session: &Session<'_>) -> Value {
    document(&session.get("Patient/near/$summary").await, &session.app.base)
}
