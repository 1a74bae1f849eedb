//! Who may see a record, and which organisations there are.

use std::collections::HashSet;

use super::*;

#[test]
fn personas_find_their_patients() {
    let all = run(15, 1, 0);
    let held = |patient: usize| -> Vec<(&str, &str)> {
        let open = all[patient].relationships.iter().filter(|row| row.valid_to.is_none());
        open.map(|row| (row.basis, row.holder.as_str())).collect()
    };
    for patient in [0, 7] {
        let bases = held(patient);
        assert_eq!(
            bases.iter().map(|(_, holder)| *holder).collect::<Vec<_>>(),
            ["Y90001", "Y9R01", "Y9C01", "Y9L01", "Y9OOH"]
        );
        assert_eq!(
            (bases[0].0, bases[2].0, bases[3].0, bases[4].0),
            ("gp_registered", "caseload", "caseload", "referral")
        );
    }
    assert_eq!(held(14), [("gp_registered", "Y90001")]);
    assert_eq!(all[14].relationships.len(), 1);
    for patient in [0, 7, 14] {
        let resource = &all[patient].resources[0];
        assert!(resource["meta"].get("security").is_none() && resource.get("deceasedDateTime").is_none());
    }
}

#[test]
fn every_source_and_holder_is_a_known_organisation() {
    let known: HashSet<String> = organisations(300).into_iter().map(|one| one.code).collect();
    for record in run(300, 19, 20) {
        for resource in &record.resources {
            let source = at(resource, "meta.source").and_then(|uri| uri.rsplit('/').next());
            assert!(source.is_some_and(|code| known.contains(code)), "{source:?}");
        }
        for row in &record.relationships {
            assert!(known.contains(&row.holder) && known.contains(&row.source));
            assert_eq!(at(&record.resources[0], "identifier.0.value"), Some(row.nhs_number.as_str()));
            assert!(row.valid_to.is_none() || row.valid_from < row.valid_to, "{row:?}");
        }
    }
    let (small, large) = (organisations(8_400), organisations(8_401));
    assert_eq!((small.len() + 1, large[30].code.as_str(), large[31].code.as_str()), (large.len(), "Y90001", "Y90002"));
}

#[test]
fn a_field_with_a_comma_or_a_quote_is_quoted() {
    let row = Relationship {
        nhs_number: "9990000000".into(),
        holder_kind: "organisation",
        holder: "Y9R01".into(),
        basis: "referral",
        valid_from: Some("2026-01-01T00:00:00Z".into()),
        valid_to: None,
        source: "Y90001".into(),
        reason: "Urgent, \"two-week wait\"".into(),
    };
    let fields = Relationship::csv_header().split(',').count();
    assert_eq!(
        row.to_csv_row(),
        "9990000000,organisation,Y9R01,referral,2026-01-01T00:00:00Z,,Y90001,\"Urgent, \"\"two-week wait\"\"\""
    );
    assert_eq!(fields, 8);
}
