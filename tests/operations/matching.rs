//! `Patient/$match`: who is taken for whom, who is not found, and what it cannot work with.

use serde_json::json;

use crate::common::TestApp;
use crate::crowd::{ask, crowd, description, grades, known, question};
use crate::support::{audited, form, person, refused};
use crate::world::{nhs, persona, put, relate, session};

#[tokio::test(flavor = "multi_thread")]
async fn relatives_are_not_taken_for_one_another() {
    let app = TestApp::start().await;
    let source = crowd(&app).await;
    let twins = "family=Okafor; born=2015-04-01; postcode=N1 9GU; gender=male";
    let both =
        |grade: &str| vec![("twin-jack".to_owned(), grade.to_owned()), ("twin-john".to_owned(), grade.to_owned())];
    for (parts, wanted) in [
        // What twins share makes nobody certain.
        (twins.to_owned(), both("possible")),
        (format!("{twins}; given=J"), both("probable")),
        (format!("{twins}; given=James"), both("possible")),
        // One twin's number with the other's name is no certainty of either.
        (
            format!("{twins}; given=John; number={}", nhs(3)),
            vec![("twin-jack".to_owned(), "probable".to_owned()), ("twin-john".to_owned(), "possible".to_owned())],
        ),
        (format!("{twins}; given=Jack; number={}", nhs(3)), vec![("twin-jack".to_owned(), "certain".to_owned())]),
        (
            format!("{twins}; given=Jack"),
            vec![("twin-jack".to_owned(), "certain".to_owned()), ("twin-john".to_owned(), "possible".to_owned())],
        ),
        // Father and son of one name under one roof.
        (
            "family=Patel; given=Ravi; born=1990-07-22; postcode=HA1 2AB; gender=male".to_owned(),
            vec![("son".to_owned(), "certain".to_owned())],
        ),
    ] {
        assert_eq!(grades(&ask(&source, &parts).await), wanted, "{parts}");
    }
    let unsure = source
        .post("Patient/$match", question(&format!("{twins}; given=J"), &[("onlyCertainMatches", json!(true))]))
        .await;
    assert_eq!((grades(&unsure), &unsure.json()["total"]), (vec![], &json!(0)), "nobody is certain");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_certain_matches_are_one_person_or_nobody() {
    let app = TestApp::start().await;
    let source = crowd(&app).await;
    let certain = [("onlyCertainMatches", json!(true))];
    let anna = "family=Müller-Núñez; given=Anna; born=1963-06-09; postcode=W8 1YL; gender=female";
    let reply = source.post("Patient/$match", question(anna, &certain)).await;
    assert_eq!(grades(&reply), [("anna".to_owned(), "certain".to_owned())]);
    // A second Patient of the same person, of another source: still one person.
    let other = app.source("other").await;
    put(&other, &known("anna-too", &format!("number={}; {anna}", nhs(1)))).await;
    relate(&app, 1, "organisation", "ORG").await;
    let mut claims = crate::common::source_claims("reader");
    claims.organisation = Some("ORG".to_owned());
    let reader = session(&app, &claims).await;
    assert_eq!(grades(&ask(&reader, anna).await).len(), 2, "both Patients are there");
    assert_eq!(grades(&reader.post("Patient/$match", question(anna, &certain)).await).len(), 1);
    // Two people whom everything agrees with: nobody can say who is meant.
    put(&source, &known("anna-double", anna)).await;
    let two = grades(&ask(&source, anna).await);
    assert_eq!(two.iter().filter(|(_, grade)| grade == "certain").count(), 2, "{two:?}");
    assert_eq!(grades(&source.post("Patient/$match", question(anna, &certain)).await), []);
    // count takes the best.
    let twins = "family=Okafor; given=Jack; born=2015-04-01; postcode=N1 9GU; gender=male";
    let best = source.post("Patient/$match", question(twins, &[("count", json!(1))])).await;
    assert_eq!(grades(&best), [("twin-jack".to_owned(), "certain".to_owned())]);
    assert_eq!(best.json()["total"], 2, "there are more");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_out_of_reach_is_found() {
    let app = TestApp::start().await;
    crowd(&app).await;
    relate(&app, 1, "practitioner", "gp").await;
    let (gp, stranger) = (persona(&app, "gp").await, persona(&app, "stranger").await);
    let anna = format!("number={}; family=Müller-Núñez; given=Anna; born=1963-06-09", nhs(1));
    let twin = format!("number={}; family=Okafor; given=Jack; born=2015-04-01; postcode=N1 9GU; gender=male", nhs(3));
    let nobody =
        format!("number={}; family=Okafor; given=Jack; born=2015-04-01; postcode=N1 9GU; gender=male", nhs(30));
    assert_eq!(grades(&ask(&gp, &anna).await), [("anna".to_owned(), "certain".to_owned())]);
    let (hidden, absent) = (ask(&gp, &twin).await, ask(&gp, &nobody).await);
    assert_eq!((hidden.text.as_str(), grades(&hidden).len()), (absent.text.as_str(), 0), "hidden is absent");
    assert_eq!(grades(&ask(&stranger, &anna).await), []);
    // The trail: who was shown, what was asked, and that nobody was seen.
    let seen = audited(&app, "$match?identifier=https://fhir.nhs.uk/Id/nhs-number").await;
    assert_eq!(seen, [(Some(person(&app, "anna").await), 0), (None, 0), (None, 0), (None, 0)]);
    // Somebody in reach whose number was asked for, and who was not shown, was asked about all the same.
    let wrong = format!("number={}; family=Schmidt; given=Hans; born=1999-01-01; gender=male", nhs(1));
    assert_eq!(grades(&ask(&gp, &wrong).await), []);
    assert_eq!(audited(&app, "family=Schmidt").await, [(Some(person(&app, "anna").await), 0)]);
    let mut claims = crate::world::claims("gp");
    claims.scope = "user/Patient.r user/Observation.rs".to_owned();
    refused(&ask(&session(&app, &claims).await, &anna).await, 403, "user/Patient.s");
    refused(&ask(&persona(&app, "privacy-officer").await, &anna).await, 403, "privacy-officer");
    assert_eq!(audited(&app, "Patient/$match").await.iter().filter(|(_, outcome)| *outcome == 4).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_cannot_work_with_it_says() {
    let app = TestApp::start().await;
    let source = crowd(&app).await;
    for parts in [
        "family=Okafor",
        "born=2015-04-01",
        "gender=male; born=2015-04-01",
        "family=Okafor; given=Jack; gender=male",
        "born=2015; family=Okafor",
        "",
    ] {
        refused(&ask(&source, parts).await, 400, "too little is known");
    }
    let mistyped =
        ask(&source, "number=9434765918; family=Okafor; given=Jack; born=2015-04-01; postcode=N1 9GU; gender=male")
            .await;
    assert_eq!(
        grades(&mistyped)[0],
        ("twin-jack".to_owned(), "certain".to_owned()),
        "a number nobody has says nothing"
    );
    assert!(
        mistyped.text.contains("the NHS number was not compared") && mistyped.text.contains("\"mode\":\"outcome\""),
        "{}",
        mistyped.text
    );
    let patient = description("family=Okafor; given=Jack; born=2015-04-01");
    let bare = source.post("Patient/$match?onlyCertainMatches=true", &patient).await;
    assert_eq!((bare.status.as_u16(), grades(&bare).len()), (200, 0), "a Patient by itself, the rest in the address");
    for (body, words) in [
        (json!({"resourceType": "Parameters"}), "resource"),
        (json!({"resourceType": "Observation"}), "must be a Patient"),
        (json!({"resourceType": "Patient", "birthDate": "yesterday"}), "Patient.birthDate"),
        (json!({"resourceType": "Patient", "banana": 1}), "banana"),
        (
            json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}, {"name": "count", "valueInteger": 0}]}),
            "http.count",
        ),
        (
            json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}, {"name": "banana", "valueInteger": 0}]}),
            "banana",
        ),
        (
            json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}, {"name": "onlyCertainMatches", "valueString": "yes"}]}),
            "true or false",
        ),
        (
            json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}, {"name": "resource", "resource": patient}]}),
            "more than one",
        ),
        (json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": 7}]}), "not a resource"),
    ] {
        refused(&source.post("Patient/$match", body).await, 400, words);
    }
    refused(&form(&source, "Patient/$match", "family=Okafor").await, 400, "http.family");
    // Names of great length and number are read, and make no great search.
    let many: Vec<String> = (0..500).map(|n| format!("Name{n}")).collect();
    let long = json!({"resourceType": "Patient", "birthDate": "2015-04-01", "name": [{"family": "x".repeat(10_000), "given": many}],
        "address": [{"postalCode": "%'\\"}]});
    assert_eq!(grades(&source.post("Patient/$match", long).await), []);
    let hostile = json!({"resourceType": "Patient", "birthDate": "2015-04-01", "address": [{"postalCode": "\u{202e}{\"}"}],
        "name": [{"family": "Robert'); DROP TABLE patient; --", "given": ["$1", "%_"]}]});
    assert_eq!(grades(&source.post("Patient/$match", hostile).await), []);
}
