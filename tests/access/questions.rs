//! What the twins are asked, and the resources they keep: values of nearly every parameter, references across.

use std::collections::BTreeSet;

use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::resources::spec::{Kind, Param, ResourceSpec};
use lcr_facade::resources::{self, index};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::world::{about, nhs};

/// Resources with a value for nearly every search parameter, of patients `oracle-a`, `oracle-b` and `oracle-c`.
const RICH: [&str; 6] = [
    include_str!("../search_oracle/extras/Patient.json"),
    include_str!("../search_oracle/extras/Condition.json"),
    include_str!("../search_oracle/extras/Observation.json"),
    include_str!("../search_oracle/extras/MedicationStatement.json"),
    include_str!("../search_oracle/extras/AllergyIntolerance.json"),
    include_str!("../search_oracle/extras/CarePlan.json"),
];

pub const BASE: &str = "https://record.example/fhir";

/// The rich resources under another name; their patients get NHS numbers from `first` on.
pub fn rich(name: &str, first: usize) -> Vec<Value> {
    let lists = RICH.iter().map(|text| text.replace("oracle-", &format!("{name}-")));
    let mut all: Vec<Value> =
        lists.flat_map(|text| serde_json::from_str::<Vec<Value>>(&text).expect("resources")).collect();
    for (at, patient) in all.iter_mut().filter(|r| r["resourceType"] == "Patient").enumerate() {
        let number = json!({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs(first + at)});
        match patient["identifier"].as_array_mut() {
            Some(identifiers) => identifiers.push(number),
            None => patient["identifier"] = json!([number]),
        }
    }
    all
}

/// Rows about a patient of one name that refer to rows of another.
pub fn crossing(from: &str, to: &str) -> Vec<Value> {
    let patient = format!("{from}-a");
    let id = format!("{from}-crossing");
    let refer = |kind: &str, name: &str| json!([{"reference": format!("{kind}/{name}")}]);
    let mut plan = about("CarePlan", &id, &patient, 1);
    plan["addresses"] = refer("Condition", &format!("{to}-a"));
    plan["basedOn"] = refer("CarePlan", &format!("{to}-a"));
    let mut observation = about("Observation", &id, &patient, 1);
    observation["hasMember"] = refer("Observation", &format!("{to}-words"));
    observation["basedOn"] = refer("CarePlan", &format!("{to}-a"));
    observation["focus"] = refer("Patient", &format!("{to}-a"));
    let mut condition = about("Condition", &id, &patient, 1);
    condition["evidence"] = json!([{"detail": refer("Observation", &format!("{to}-words"))}]);
    let mut veiled = about("CarePlan", &format!("{id}-veiled"), &patient, 1);
    veiled["addresses"] = refer("Condition", "veiled-a");
    veiled["partOf"] = refer("CarePlan", "veiled-a");
    vec![plan, observation, condition, veiled]
}

/// Values of a parameter that a resource has, as a query writes them.
fn values(spec: &'static ResourceSpec, param: &'static Param, row: &Object) -> Vec<String> {
    match param.kind {
        Kind::Either([one, _]) => return spec.param(one).map(|param| values(spec, param, row)).unwrap_or_default(),
        Kind::Composite { parts: [left, right], .. } => {
            let part = |code: &str| spec.param(code).and_then(|param| values(spec, param, row).into_iter().next());
            return part(left).zip(part(right)).map(|(a, b)| format!("{a}${b}")).into_iter().collect();
        }
        Kind::Date | Kind::Dates => {
            let lo =
                row.get(&format!("{}_lo", param.column)).into_iter().flat_map(Json::items).filter_map(Json::as_str);
            return lo.flat_map(|at| [at[..10].to_owned(), format!("ge{}", &at[..4])]).collect();
        }
        _ => {}
    }
    let stored = row.get(param.column).into_iter().flat_map(Json::items);
    let escape = |text: &str| text.replace('\\', "\\\\").replace(',', "\\,").replace('$', "\\$");
    let written = |value: &Json| match value {
        Json::Object(quantity) => quantity.get("lo").map(|lo| lo.to_string().replace('"', "")),
        Json::String(text) => Some(escape(text)),
        _ => None,
    };
    stored.filter_map(written).collect()
}

/// Every question: by each parameter with values that seen and hidden rows have, each sort, the totals, and every id.
pub fn questions() -> Vec<String> {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let resources = [rich("seen", 1), rich("hidden", 11)].concat();
    for spec in resources::ALL {
        let kind = spec.name;
        let mine: Vec<&Value> = resources.iter().filter(|resource| resource["resourceType"] == kind).collect();
        for param in spec.all_params().filter(|param| param.offered()) {
            let mut tried = BTreeSet::new();
            for resource in &mine {
                let Ok(Json::Object(object)) = Json::parse(resource.to_string().as_bytes()) else { panic!("JSON") };
                tried.extend(values(spec, param, &index::columns(spec, &object, BASE)).into_iter().take(2));
            }
            // The first and the last of them: of hidden rows, and of seen ones.
            let tried: BTreeSet<&String> = tried.first().into_iter().chain(tried.last()).collect();
            asked.insert(format!("{kind}?{}:missing={}&_total=accurate", param.code, tried.len().is_multiple_of(2)));
            if let Some(value) = tried.first() {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                asked.insert(format!("{kind}?{}:not={value}&_total=accurate", param.code));
                asked.insert(format!("{kind}?{}:contains={value}&_summary=count", param.code));
            }
            for (at, value) in tried.iter().enumerate() {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                let rest = ["", "&_total=accurate", "&_count=2&_sort=-_id"][at % 3];
                asked.insert(format!("{kind}?{}={value}{rest}", param.code));
            }
            if param.sortable() {
                let direction = ["", "-"][param.code.len() % 2];
                asked.insert(format!("{kind}?_sort={direction}{},_id&_count=8&_total=accurate", param.code));
            }
        }
        for param in spec.all_params() {
            let Kind::Reference(targets) = param.kind else { continue };
            let kept = resources::ALL.iter().filter(|other| targets.is_empty() || targets.contains(&other.name));
            for other in kept.map(|other| other.name) {
                let code = param.code;
                asked.insert(format!("{kind}?{code}:{other}._lastUpdated=gt2000&_total=accurate"));
                asked.insert(format!("{kind}?{code}:{other}._id:not=absent&_sort=_id&_include={kind}:{code}:{other}"));
                asked.insert(format!("{other}?_has:{kind}:{code}:_lastUpdated=gt2000&_total=accurate"));
                asked.insert(format!("{other}?_has:{kind}:{code}:_id:not=absent&_revinclude={kind}:{code}"));
            }
        }
        for query in ["_include=*&_sort=_id&_count=8", "_revinclude=*&_sort=_id&_count=8", "_include=*&_revinclude=*"] {
            asked.insert(format!("{kind}?{query}"));
        }
        for query in [
            "",
            "_total=accurate",
            "_total=estimate",
            "_count=0",
            "_count=1",
            "_lastUpdated=gt2000",
            "_lastUpdated=lt2000",
            "nonsense=1",
        ] {
            asked.insert(format!("{kind}?{query}"));
        }
        for n in [1, 11, 12, 50] {
            asked.insert(format!("{kind}?identifier=https://fhir.nhs.uk/Id/nhs-number%7C{}&_total=accurate", nhs(n)));
            asked.insert(format!("{kind}?identifier={}", nhs(n)));
        }
        for patient in ["seen-a", "hidden-a", "veiled-a", "absent"] {
            for query in ["", "?_total=accurate&_sort=-_lastUpdated", "?identifier:missing=true&_count=3"] {
                asked.insert(format!("Patient/{patient}/{kind}{query}"));
            }
            asked.insert(format!("Patient/{patient}/$everything?_type={kind}"));
        }
        asked.insert(format!("?_type={kind},Patient&_total=accurate&_count=3"));
        asked.insert(format!("{kind}/_history?_at=2099"));
        asked.insert(format!("{kind}/_history"));
        asked.insert(format!("{kind}/_history?_count=2"));
        asked.insert(format!("{kind}/_history?_since=2000-01-01T00:00:00Z"));
        let ids = mine.iter().rev().step_by(3).map(|resource| resource["id"].as_str().expect("id").to_owned());
        let ids = ids
            .chain(["hidden-moved", "hidden-deleted", "veiled-a", "veiled-b", "seen-lab", "absent"].map(str::to_owned));
        for id in ids {
            for rest in ["", "/_history", "/_history/2"] {
                asked.insert(format!("{kind}/{id}{rest}"));
            }
            asked.insert(format!("{kind}?_id={id}&_total=accurate"));
            if kind != "Patient" {
                asked.insert(format!("{kind}?patient={id}&_count=0"));
            }
        }
    }
    for patient in ["seen-a", "hidden-a", "hidden-b", "veiled-a", "absent"] {
        for query in [
            "*",
            "*?_total=accurate&_count=4&_sort=_id",
            "$everything",
            "$everything?_count=5",
            "$everything?start=2015&end=2020",
        ] {
            asked.insert(format!("Patient/{patient}/{query}"));
        }
    }
    for query in [
        "?_total=accurate",
        "?_count=5&_sort=-_lastUpdated",
        "?_id=hidden-a,seen-a",
        "?_summary=count",
        "_history?_count=7",
        "_history?_at=2000",
    ] {
        asked.insert(query.to_owned());
    }
    asked.insert("_history".to_owned());
    asked.into_iter().collect()
}
