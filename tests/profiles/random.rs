//! Whatever comes, the checker ends, and does not panic: examples that are shaken and grafted on each other, and objects of known
//! names with anything in them.

use std::sync::LazyLock;

use lcr_facade::fhir::elements::type_def;
use lcr_facade::profile::{self, CANONICAL, Strictness};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{object, resources, shaken};

const TYPES: [&str; 9] = [
    "Patient",
    "Condition",
    "Observation",
    "MedicationStatement",
    "AllergyIntolerance",
    "CarePlan",
    "Organization",
    "Practitioner",
    "PractitionerRole",
];

static EXAMPLES: LazyLock<Vec<Value>> = LazyLock::new(resources);

/// Every profile, whatever the resource's type: none may mind.
static CANONICALS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let profiles = profile::library().expect("profiles").profiles().map(|profile| profile.url.clone());
    let mut all: Vec<String> = profiles.collect();
    all.sort();
    all
});

fn names() -> Vec<String> {
    let types = TYPES.iter().chain(&[
        "CodeableConcept",
        "Coding",
        "Identifier",
        "Quantity",
        "Reference",
        "Extension",
        "Period",
    ]);
    let mut names: Vec<String> = types.filter_map(|kind| type_def(kind)).flat_map(|def| def.members()).collect();
    names.extend(["_status", "_value", "resourceType", "_birthDate"].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

fn anything() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(names());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i32>().prop_map(|number| json!(number)),
        "[0-9]{1,9}\\.[0-9]{1,9}".prop_map(|digits| serde_json::from_str(&digits).unwrap_or(Value::Null)),
        "\\PC{0,12}".prop_map(|text| json!(text)),
        prop::sample::select(vec![
            "https://fhir.nhs.uk/Id/nhs-number",
            "http://terminology.hl7.org/CodeSystem/observation-category",
            "laboratory",
            "vital-signs",
            "2020-02-30",
            "2020-01",
            "Patient/1",
            "#",
            "#a",
        ])
        .prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<String, Value>>())),
        ]
    })
}

fn check_all(resource: &Value) {
    let resource = object(&resource.to_string());
    for strictness in [Strictness::Enforce, Strictness::Warn, Strictness::Off] {
        let verdict = profile::check(&resource, strictness);
        let mut kept = resource.clone();
        verdict.mark(&mut kept);
        // Marking twice is marking once.
        let mut again = kept.clone();
        profile::check(&kept, strictness).mark(&mut again);
        assert_eq!(kept, again);
    }
    for canonical in CANONICALS.iter() {
        assert!(profile::validate(&resource, Some(canonical), Strictness::Enforce).is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn examples_shaken_and_grafted(one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let mut resource = shaken(one.get(&EXAMPLES[..]), seed);
        let graft = shaken(other.get(&EXAMPLES[..]), seed ^ 1);
        for (name, value) in graft.as_object().expect("an object") {
            if name.len() as u64 % 3 == seed % 3 && name != "resourceType" {
                resource[name] = value.clone();
            }
        }
        check_all(&resource);
    }

    #[test]
    fn anything_at_all(kind in prop::sample::select(&TYPES[..]), content in anything(), profile in any::<prop::sample::Index>()) {
        let mut resource = match content {
            Value::Object(members) => Value::Object(members),
            other => json!({ "value": other }),
        };
        resource["resourceType"] = json!(kind);
        if resource.get("meta").is_none_or(|meta| !meta.is_object()) {
            resource["meta"] = json!({"profile": [profile.get(&CANONICALS[..])]});
        }
        check_all(&resource);
    }
}

#[test]
fn a_resource_made_to_be_slow_is_judged_soon() {
    let codings: Vec<Value> = (0..20_000).map(|at| json!({"system": "s:x", "code": format!("c{at}")})).collect();
    let identifiers: Vec<Value> = (0..20_000).map(|at| json!({"system": "s:x", "value": format!("{at}")})).collect();
    let resource = json!({"resourceType": "Observation", "status": "final", "code": {"coding": codings}, "identifier": identifiers,
        "category": [{"coding": codings}], "meta": {"profile": [format!("{CANONICAL}/StructureDefinition/LCR-Observation-Lab")]}});
    let began = std::time::Instant::now();
    profile::check(&object(&resource.to_string()), Strictness::Enforce);
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}
