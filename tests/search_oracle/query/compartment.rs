//! The patient compartment, as HL7's CompartmentDefinition has it.

use super::super::definitions::{array, lines, text};
use super::super::examples::spec;
use super::truth::{Truth, Truths};
use super::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// By type, the parameters that put a resource into a patient's compartment.
fn definition() -> &'static BTreeMap<String, Vec<String>> {
    static DEFINITION: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    DEFINITION.get_or_init(|| {
        let all = lines(&spec().join("CompartmentDefinition.ndjson"));
        let all = all.iter().map(|line| serde_json::from_str::<Value>(line).expect("a CompartmentDefinition"));
        let patient = all.into_iter().find(|c| c["id"] == "patient").expect("the patient compartment");
        let codes = |r: &Value| array(&r["param"]).iter().filter_map(|p| p.as_str().map(str::to_string)).collect();
        array(&patient["resource"])
            .iter()
            .filter_map(|r| Some((text(r, "code")?.to_string(), codes(r))))
            .filter(|(_, codes): &(String, Vec<String>)| !codes.is_empty())
            .collect()
    })
}

/// Whether a type has a place in the compartment.
pub fn has(ty: &str) -> bool {
    definition().contains_key(ty)
}

/// Which resources of a type are in the compartment of one patient.
pub fn members(world: &World<'_>, ty: &str, patient: &str) -> Truths {
    let mut truths: Truths = vec![Truth::No; world.of(ty).len()];
    let Some((_, of)) = world.find(&format!("Patient/{patient}")) else { return truths };
    for code in definition().get(ty).into_iter().flatten() {
        for (at, links) in world.links(ty, code).iter().enumerate() {
            if links.iter().any(|link| link.ty == "Patient" && link.at == of) {
                truths[at] = Truth::Yes;
            }
        }
    }
    // Whether a patient is in their own compartment, R4 does not say.
    if ty == "Patient" {
        truths[of] = truths[of].max(Truth::Open);
    }
    truths
}
