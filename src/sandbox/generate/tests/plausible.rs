//! What a clinician would notice.

use super::*;

#[test]
fn nothing_happens_before_birth_after_death_or_in_the_future() {
    for record in run(300, 13, 40) {
        let patient = &record.resources[0];
        let birth = at(patient, "birthDate").expect("a birth date").to_owned();
        let end = at(patient, "deceasedDateTime").map_or("2026-06-30", |death| &death[..10]).to_owned();
        for resource in &record.resources[1..] {
            for path in [
                "onsetDateTime",
                "abatementDateTime",
                "recordedDate",
                "effectiveDateTime",
                "effectivePeriod.start",
                "effectivePeriod.end",
                "dateAsserted",
                "issued",
                "created",
                "period.start",
            ] {
                let Some(date) = at(resource, path) else {
                    continue;
                };
                let shared = date.len().min(birth.len()).min(10);
                assert!(date[..shared] >= birth[..shared], "{path} before {birth}: {resource}");
                let shared = date.len().min(10);
                assert!(date[..shared] <= end[..shared], "{path} after {end}: {resource}");
            }
            if let (Some(from), Some(to)) = (at(resource, "effectivePeriod.start"), at(resource, "effectivePeriod.end"))
            {
                assert!(from <= to, "{resource}");
            }
        }
    }
}

#[test]
fn sexes_and_ages_fit() {
    let men_only = ["266569009", "399068003", "860914002"];
    let women_only = ["254837009", "129103003", "237055002", "289903006", "386692008", "72605008", "72892002"];
    let grown_only = ["13645005", "52448006", "84114007", "53741008", "217082002"];
    for record in run(600, 14, 0) {
        let patient = &record.resources[0];
        let gender = at(patient, "gender").expect("a gender");
        let born: i32 = at(patient, "birthDate").and_then(|date| date[..4].parse().ok()).expect("a year");
        for condition in of(&record, "Condition") {
            let code = code(condition, "code").expect("a code");
            assert!(gender != "female" || !men_only.contains(&code), "{condition}");
            assert!(gender != "male" || !women_only.contains(&code), "{condition}");
            assert!(born < 1990 || !grown_only.contains(&code), "{condition}");
        }
        for medicine in of(&record, "MedicationStatement") {
            let name = at(medicine, "medicationCodeableConcept.coding.0.display").expect("a name");
            let pill = name.contains("estr");
            assert!(gender != "male" || !pill, "{medicine}");
            assert!(gender != "female" || !name.starts_with("Tamsulosin"), "{medicine}");
        }
    }
}

#[test]
fn nobody_takes_what_they_are_allergic_to() {
    for record in run(400, 15, 0) {
        let allergic = of(&record, "AllergyIntolerance")
            .any(|allergy| matches!(code(allergy, "code"), Some("91936005" | "294505008")));
        for medicine in of(&record, "MedicationStatement").filter(|_| allergic) {
            assert!(!medicine.to_string().contains("icillin"), "{medicine}");
        }
        let all: Vec<_> = of(&record, "AllergyIntolerance").filter_map(|allergy| code(allergy, "code")).collect();
        assert!(!all.contains(&"716186003") || all.len() == 1, "{all:?}");
    }
}

#[test]
fn a_record_has_the_shape_of_a_london_one() {
    let all = run(350, 18, 300);
    let mean = |kind: &str| all.iter().map(|record| of(record, kind).count()).sum::<usize>() as f64 / all.len() as f64;
    let near = |kind: &str, low: f64, high: f64| {
        let mean = mean(kind);
        assert!((low..high).contains(&mean), "{kind}: {mean}");
    };
    near("Condition", 22.0, 29.0);
    near("AllergyIntolerance", 1.1, 1.3);
    near("MedicationStatement", 26.0, 35.0);
    near("Observation", 270.0, 330.0);
    near("CarePlan", 0.2, 1.0);
    for record in &all {
        let count = |kind: &str| of(record, kind).count();
        assert!((3..=60).contains(&count("Condition")) && count("CarePlan") <= 2);
        assert!((60..=900).contains(&count("Observation")), "{}", count("Observation"));
    }
    let rows = all.iter().flat_map(|record| &record.resources);
    let restricted = rows.clone().filter(|row| row["meta"].get("security").is_some()).count();
    let share = restricted as f64 / rows.count() as f64;
    assert!((0.005..0.02).contains(&share), "{share}");
}
