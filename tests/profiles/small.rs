//! What definitions can say and ours do not (yet), by small ones made here: every kind of discriminator, closed slicing, fixed
//! values, narrowed choices, extensions with profiles of their own; and what stops the start.

use lcr_facade::profile::{Library, against};
use serde_json::{Value, json};

use crate::support::{line, object};

const URL: &str = "https://example.org/StructureDefinition/small";

/// A definition of these elements, each with the id, and what it says.
fn definition(url: &str, kind: &str, elements: &[(&str, Value)]) -> String {
    let mut all = vec![json!({"id": kind, "path": kind})];
    all.extend(elements.iter().map(|(id, says)| {
        let mut element = says.clone();
        element["id"] = json!(id);
        element
    }));
    json!({"resourceType": "StructureDefinition", "id": "small", "url": url, "version": "1", "type": kind,
        "snapshot": {"element": all}})
    .to_string()
}

/// What is found in a resource, errors and warnings.
fn found(texts: &[String], resource: Value) -> Vec<String> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let library = Library::of(&texts).unwrap_or_else(|error| panic!("{error}"));
    let issues = against(&library, &object(&resource.to_string()), URL).expect("the profile");
    let mut lines: Vec<String> = issues.iter().filter(|issue| issue.severity != "information").map(line).collect();
    lines.sort();
    lines
}

fn observation(more: Value) -> Value {
    let mut observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}});
    more.as_object().expect("an object").iter().for_each(|(name, value)| observation[name] = value.clone());
    observation
}

#[test]
fn fixed_values_patterns_and_types() {
    let small = [definition(
        URL,
        "Observation",
        &[
            ("Observation.status", json!({"min": 1, "max": "1", "fixedCode": "final"})),
            (
                "Observation.code",
                json!({"min": 1, "max": "1", "patternCodeableConcept": {"coding": [{"system": "s:x", "code": "a"}]}}),
            ),
            ("Observation.value[x]", json!({"max": "1", "type": [{"code": "Quantity"}, {"code": "string"}]})),
            ("Observation.note", json!({"max": "1"})),
            (
                "Observation.performer",
                json!({"max": "*", "type": [{"code": "Reference",
                "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Practitioner", "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Organization"]}]}),
            ),
        ],
    )];
    let code = json!({"coding": [{"system": "s:y", "code": "b"}, {"code": "a", "system": "s:x", "display": "A"}], "text": "x"});
    let good = observation(
        json!({"code": code, "valueString": "x", "performer": [{"reference": "Organization/1"}, {"display": "x"}]}),
    );
    assert_eq!(found(&small, good.clone()), [""; 0]);
    let mut bad = good;
    bad["status"] = json!("amended");
    bad["code"]["coding"][1]["code"] = json!("c");
    bad.as_object_mut().expect("object").remove("valueString");
    bad["valueBoolean"] = json!(true);
    bad["note"] = json!([{"text": "a"}, {"text": "b"}]);
    bad["performer"][1] = json!({"reference": "https://x.example/fhir/Patient/1"});
    let wanted = [
        "error fixed Observation.status",
        "error max Observation.note",
        "error pattern Observation.code",
        "error type Observation.performer[1]",
        "error type Observation.value",
    ];
    assert_eq!(found(&small, bad), wanted);
}

#[test]
fn every_kind_of_discriminator() {
    let slicing = |kind: &str, path: &str, rules: &str| json!({"slicing": {"discriminator": [{"type": kind, "path": path}], "rules": rules}, "max": "*"});
    let small = [definition(
        URL,
        "Observation",
        &[
            ("Observation.identifier", slicing("value", "system", "closed")),
            ("Observation.identifier:a", json!({"max": "1"})),
            ("Observation.identifier:a.system", json!({"fixedUri": "s:a"})),
            ("Observation.identifier:b", json!({"min": 1, "max": "2", "patternIdentifier": {"system": "s:b"}})),
            ("Observation.value[x]", slicing("type", "$this", "open")),
            ("Observation.value[x]:valueQuantity", json!({"max": "1", "type": [{"code": "Quantity"}]})),
            ("Observation.value[x]:valueQuantity.unit", json!({"min": 1, "max": "1"})),
            ("Observation.component", slicing("exists", "dataAbsentReason", "open")),
            ("Observation.component:absent", json!({"max": "1"})),
            ("Observation.component:absent.dataAbsentReason", json!({"min": 1, "max": "1"})),
            ("Observation.component:there", json!({"max": "*"})),
            ("Observation.component:there.dataAbsentReason", json!({"max": "0"})),
            ("Observation.component:there.value[x]", json!({"min": 1, "max": "1"})),
            ("Observation.category", slicing("value", "coding.code", "open")),
            ("Observation.category:lab", json!({"min": 1, "max": "1"})),
            ("Observation.category:lab.coding", json!({"max": "*"})),
            ("Observation.category:lab.coding.code", json!({"patternCode": "laboratory"})),
        ],
    )];
    let good = observation(json!({
        "identifier": [{"system": "s:b", "value": "1"}, {"system": "s:a", "value": "2"}, {"system": "s:b", "value": "3"}],
        "valueQuantity": {"value": 1, "unit": "mg"},
        "component": [{"code": {"text": "x"}, "dataAbsentReason": {"text": "x"}}, {"code": {"text": "y"}, "valueInteger": 1}],
        "category": [{"coding": [{"code": "laboratory"}]}, {"text": "x"}],
    }));
    assert_eq!(found(&small, good), [""; 0]);
    let bad = observation(json!({
        "identifier": [{"system": "s:a"}, {"system": "s:a"}, {"system": "s:c"}],
        "valueQuantity": {"value": 1},
        "component": [{"code": {"text": "x"}, "dataAbsentReason": {"text": "x"}}, {"code": {"text": "z"}, "dataAbsentReason": {"text": "x"}}, {"code": {"text": "y"}}],
        "category": [{"coding": [{"code": "other"}]}],
    }));
    let wanted = [
        "error max Observation.component",
        "error max Observation.identifier",
        "error min Observation.category",
        "error min Observation.component[2].value",
        "error min Observation.identifier",
        "error min Observation.value.unit",
        "error slice Observation.identifier[2]",
    ];
    assert_eq!(found(&small, bad), wanted);
}

#[test]
fn extensions_beside_primitives_and_with_profiles_of_their_own() {
    let inner = "https://example.org/StructureDefinition/inner";
    let extension =
        json!({"slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}, "max": "*"});
    let small = [
        definition(
            URL,
            "Patient",
            &[
                ("Patient.birthDate", json!({"max": "1"})),
                ("Patient.birthDate.extension", extension.clone()),
                (
                    "Patient.birthDate.extension:inner",
                    json!({"min": 1, "max": "1", "type": [{"code": "Extension", "profile": [inner]}]}),
                ),
                ("Patient.extension", extension),
                ("Patient.extension:inner", json!({"max": "1", "type": [{"code": "Extension", "profile": [inner]}]})),
            ],
        ),
        definition(
            inner,
            "Extension",
            &[("Extension.value[x]", json!({"min": 1, "max": "1", "type": [{"code": "boolean"}]}))],
        ),
    ];
    let one = |value: Value| json!([{"url": inner, "valueBoolean": value}]);
    let good = json!({"resourceType": "Patient", "birthDate": "2000", "_birthDate": {"extension": one(json!(true))}, "extension": one(json!(false))});
    assert_eq!(found(&small, good), [""; 0]);
    let bad = json!({"resourceType": "Patient", "birthDate": "2000", "extension": [{"url": inner, "valueString": "x"}, {"url": inner}, {"url": "u:other"}]});
    let wanted = [
        "error max Patient.extension",
        "error min Patient.birthDate.extension",
        "error min Patient.extension[1].value",
        "error type Patient.extension[0].value",
    ];
    assert_eq!(found(&small, bad), wanted);
}

#[test]
fn value_sets_by_strength_and_what_nobody_knows() {
    let set = |url: &str, include: Value| {
        json!({"resourceType": "ValueSet", "url": url, "compose": {"include": [include]}}).to_string()
    };
    let binding = |strength: &str, set: &str| json!({"max": "*", "binding": {"strength": strength, "valueSet": set}});
    let small = [
        set("v:listed", json!({"system": "s:x", "concept": [{"code": "a"}]})),
        set("v:filtered", json!({"system": "s:x", "filter": [{"property": "concept", "op": "is-a", "value": "a"}]})),
        set("v:other", json!({"valueSet": ["v:listed"]})),
        definition(
            URL,
            "Observation",
            &[
                ("Observation.category", binding("required", "v:listed|1")),
                ("Observation.code", binding("extensible", "v:other")),
                ("Observation.interpretation", binding("required", "v:filtered")),
                ("Observation.method", binding("required", "v:unknown")),
                ("Observation.bodySite", binding("preferred", "v:listed")),
            ],
        ),
    ];
    let coded = |code: &str| json!({"coding": [{"system": "s:x", "code": code}]});
    let good = json!({"category": [coded("a")], "code": coded("a"), "interpretation": [coded("z")], "method": coded("z"), "bodySite": coded("z")});
    assert_eq!(found(&small, observation(good)), [""; 0]);
    let words = json!({"text": "x"});
    let bad = json!({"category": [coded("b"), words], "code": coded("b"), "interpretation": [{"coding": [{"system": "s:y", "code": "a"}]}]});
    let wanted = [
        "error binding Observation.category[0]",
        "error binding Observation.category[1]",
        "error binding Observation.interpretation[0]",
        "warning binding Observation.code",
    ];
    assert_eq!(found(&small, observation(bad)), wanted);
    assert_eq!(found(&small, observation(json!({"category": [coded("a")], "code": words}))), [""; 0], "words may do");
}

#[test]
fn what_cannot_be_compiled_stops_the_start_and_is_named() {
    let constraint = |expression: &str| json!({"constraint": [{"key": "x-1", "severity": "error", "human": "x", "expression": expression}]});
    let slicing =
        |kind: &str, path: &str| json!({"slicing": {"discriminator": [{"type": kind, "path": path}], "rules": "open"}});
    for (elements, words) in [
        (vec![("Observation.code", constraint("text.frobnicate()"))], "frobnicate"),
        (vec![("Observation.code", constraint("text ="))], "x-1"),
        (vec![("Observation.code", constraint("%nothing.exists()"))], "%nothing"),
        (vec![("Observation.code", constraint("text.matches('(?=a)b')"))], "x-1"),
        (vec![("Observation.code", constraint("text.matches(text)"))], "pattern"),
        (vec![("Observation.code", constraint("text is Banana"))], "Banana"),
        (vec![("Observation.banana", json!({}))], "banana"),
        (vec![("Observation.note", slicing("profile", "$this")), ("Observation.note:a", json!({"min": 1}))], "profile"),
        (vec![("Observation.note", slicing("value", "text")), ("Observation.note:a", json!({"min": 1}))], "note:a"),
        (
            vec![("Observation.note", slicing("value", "resolve()")), ("Observation.note:a", json!({"min": 1}))],
            "resolve",
        ),
    ] {
        let text = definition(URL, "Observation", &elements);
        let error = Library::of(&[&text]).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("small"), "{words}: {error}");
    }
    assert!(Library::of(&["{"]).is_err());
}
