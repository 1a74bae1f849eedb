//! Attacks on a restriction itself: who it must not hide from, what it must not miss, and how it is got around.

use lcr_facade::access::Claims;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Session, send};
use crate::kit::{SECRETS, tells, whereabouts};
use crate::kit::{addressed, behind_the_scenes, break_over, finds, forbidden, opens, protect, refused, restricted};
use crate::world::{ELSEWHERE, GP_SOURCE, HOSPITAL_SOURCE, NEAR, claims, labelled, nhs, persona, put, session};

/// Whether what the session sees of a Patient is redacted, by every way to look at it; all ways must agree.
async fn redacted(session: &Session<'_>, id: &str) -> bool {
    let read = session.get(&format!("Patient/{id}")).await;
    assert_eq!(read.status, 200, "{id}: {}", read.text);
    let found = session.get(&format!("Patient?_id={id}")).await;
    let past = session.get(&format!("Patient/{id}/_history")).await;
    let ways = [&read, &found, &past].map(|reply| tells(&reply.text).is_empty());
    assert!(ways.iter().all(|way| *way == ways[0]), "{id}: read, search and history differ: {ways:?}");
    ways[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restriction_hides_from_the_source_and_the_person() {
    let app = restricted().await;
    for name in ["gp-system", "patient"] {
        let session = persona(&app, name).await;
        for path in [
            "Patient/near",
            "Patient/near/_history/2",
            "Patient?_id=near",
            "Patient/near/_history",
            "Patient/near/$everything",
        ] {
            let reply = session.get(path).await;
            assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, SECRETS.to_vec()), "{name} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lifting_a_restriction_leaves_something_behind() {
    let app = addressed().await;
    let gp = persona(&app, "gp").await;
    let paths = [
        "Patient/near",
        "Patient/near/_history",
        "Patient?address-postalcode=ZZ9%209ZZ&_total=accurate",
        "Patient?_content=secreton&_total=accurate",
        "Patient?_text=hidden&_total=accurate",
        "Patient?phone=07700%20900123&_total=accurate",
        "Observation?patient.address-postalcode=ZZ9%209ZZ&_total=accurate",
        "Patient?_id=near&_include=Patient:general-practitioner",
        "Patient/near/$everything",
        "Organization?_has:Patient:organization:_id=near&_total=accurate",
        "Patient?_source=https://lcr.example/source/Y90001&_total=accurate",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(gp.get(path).await.text);
    }
    assert_eq!(tells(&before[0]), SECRETS);
    protect(&app, &nhs(NEAR), "restricted", true).await;
    for path in paths {
        assert_eq!(tells(&gp.get(path).await.text.replace("address-postalcode=ZZ9", "")), tells(path), "{path}");
    }
    protect(&app, &nhs(NEAR), "restricted", false).await;
    for (path, before) in paths.into_iter().zip(before) {
        assert_eq!(gp.get(path).await.text, before, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sources_patient_of_a_restricted_person() {
    let app = addressed().await;
    let elsewhere = app.source(ELSEWHERE).await;
    let from = |id: &str| {
        let mut patient = whereabouts(id, NEAR);
        patient.as_object_mut().expect("object").remove("meta");
        patient
    };
    put(&elsewhere, &from("before")).await;
    protect(&app, &nhs(NEAR), "restricted", true).await;
    put(&elsewhere, &from("after")).await;
    // One whose number comes later.
    let mut late = from("late");
    let number = late.as_object_mut().and_then(|late| late.remove("identifier")).expect("a number");
    put(&elsewhere, &late).await;
    late["identifier"] = number;
    put(&elsewhere, &late).await;
    let (gp, system) = (persona(&app, "gp").await, persona(&app, "gp-system").await);
    let patient = persona(&app, "patient").await;
    for id in ["near", "before", "after", "late"] {
        assert!(redacted(&gp, id).await, "{id}");
        assert_eq!(redacted(&system, id).await, id != "near", "a source sees its own whole, and no other: {id}");
        assert!(!redacted(&patient, id).await, "{id}");
    }
    for id in ["before", "after", "late"] {
        assert!(!redacted(&elsewhere, id).await, "{id}");
    }
    finds(&gp.get("Patient?address-city=secreton&_total=accurate").await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_moves_house() {
    let app = restricted().await;
    let practice = app.source(GP_SOURCE).await;
    let mut moved = whereabouts("near", NEAR);
    moved["address"][0]["city"] = json!("Newsecreton");
    put(&practice, &moved).await;
    let patch = practice.request(Method::PATCH, "Patient/near").header("Content-Type", "application/json-patch+json");
    let patch =
        patch.body(json!([{"op": "add", "path": "/address/0/district", "value": "Newsecretshire"}]).to_string());
    assert_eq!(send(patch).await.status, 200);
    let gp = persona(&app, "gp").await;
    assert!(redacted(&gp, "near").await);
    for path in ["Patient/near", "Patient/near/_history/3", "Patient/near/_history/4", "Patient/near/_history"] {
        let reply = gp.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.text.contains("Newsecret")), (200, false), "{path}");
    }
    for finder in ["address-city=newsecreton", "address=newsecret", "_content=newsecreton", "_content=newsecretshire"] {
        finds(&gp.get(&format!("Patient?{finder}&_total=accurate")).await, &[], Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_is_deleted_and_looked_up_in_the_past() {
    let app = addressed().await;
    let practice = app.source(GP_SOURCE).await;
    put(&practice, &whereabouts("spare", NEAR)).await;
    put(&practice, &whereabouts("sooner", NEAR)).await;
    assert_eq!(practice.delete("Patient/sooner").await.status, 204);
    protect(&app, &nhs(NEAR), "restricted", true).await;
    assert_eq!(practice.delete("Patient/spare").await.status, 204);
    let gp = persona(&app, "gp").await;
    for id in ["spare", "sooner"] {
        for path in
            [format!("Patient/{id}/_history/1"), format!("Patient/{id}/_history"), "Patient/_history".to_owned()]
        {
            let reply = gp.get(&path).await;
            assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{path}");
        }
        // Taken out and brought back.
        put(&practice, &whereabouts(id, NEAR)).await;
        assert!(redacted(&gp, id).await, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_on_one_patient_leaves_the_persons_others_open() {
    let app = addressed().await;
    let mut twin = whereabouts("twin", NEAR);
    twin.as_object_mut().expect("object").remove("meta");
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &labelled(twin.clone(), "R")).await;
    let gp = persona(&app, "gp").await;
    for id in ["near", "twin"] {
        assert!(redacted(&gp, id).await, "{id}");
        assert!(redacted(&persona(&app, "nurse").await, id).await, "{id}");
    }
    finds(&gp.get("Patient?address-postalcode=ZZ9%209ZZ&_total=accurate").await, &[], Some(0));
    // The restriction is lifted, the label is not.
    protect(&app, &nhs(NEAR), "restricted", true).await;
    protect(&app, &nhs(NEAR), "restricted", false).await;
    assert!(redacted(&gp, "near").await);
    // Without its label, all is open.
    put(&elsewhere, &twin).await;
    assert!(!redacted(&gp, "near").await);
    finds(&gp.get("Patient?address-postalcode=ZZ9%209ZZ&_total=accurate").await, &["near", "twin"], Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_seal_shows_a_restricted_patient_for_longer_or_to_more() {
    let app = restricted().await;
    let gp = persona(&app, "gp").await;
    opens(&break_over(&gp, &nhs(NEAR), "seal").await, &["near"]);
    assert!(!redacted(&gp, "near").await, "a doctor who has opened the seal");
    // Seen then, but found by nobody all the same; and the colleague sees nothing of it.
    finds(&gp.get("Patient?address-postalcode=ZZ9%209ZZ&_total=accurate").await, &[], Some(0));
    assert!(redacted(&persona(&app, "hospital-doctor").await, "near").await);
    let other = Claims { user: Some("colleague".to_owned()), ..claims("gp") };
    assert!(redacted(&session(&app, &other).await, "near").await);
    let nurse = Claims { role: "nurse".to_owned(), ..claims("gp") };
    assert!(redacted(&session(&app, &nurse).await, "near").await, "the same user in a role that opens none");
    behind_the_scenes(&app, "UPDATE care_relationship SET valid_to = now() - interval '1 second' WHERE unseals").await;
    assert!(redacted(&gp, "near").await, "its time is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn glass_broken_without_a_seal_shows_a_restricted_patient() {
    let app = restricted().await;
    let stranger = persona(&app, "stranger").await;
    opens(&crate::kit::break_glass(&stranger, &nhs(NEAR)).await, &["near"]);
    assert!(redacted(&stranger, "near").await);
    let nurse = persona(&app, "nurse").await;
    opens(&crate::kit::break_glass(&nurse, &nhs(NEAR)).await, &["near"]);
    assert!(redacted(&nurse, "near").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_by_another_source_asks_what_is_redacted() {
    let app = restricted().await;
    let hospital = Claims {
        source: Some(HOSPITAL_SOURCE.to_owned()),
        organisation: Some("Y9R01".to_owned()),
        ..claims("gp-system")
    };
    let hospital = session(&app, &hospital).await;
    let words = "another source shared this resource, and only that source may change or delete it: share a resource of your own";
    for postcode in ["ZZ9 9ZZ", "QQ9 9QQ"] {
        let patch = json!([{"op": "test", "path": "/address/0/postalCode", "value": postcode}]);
        let request =
            hospital.request(Method::PATCH, "Patient/near").header("Content-Type", "application/json-patch+json");
        refused(&send(request.body(patch.to_string())).await, 403, &forbidden(words));
        let path = format!("Patient?_id=near&address-postalcode={}", postcode.replace(' ', "%20"));
        let request = hospital.request(Method::PATCH, &path).header("Content-Type", "application/json-patch+json");
        refused(&send(request.body("[]")).await, 404, &crate::kit::nothing());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_in_the_context_of_a_launch() {
    let app = restricted().await;
    let launched = Claims { scope: "patient/*.rs".to_owned(), patient: Some("near".to_owned()), ..claims("gp") };
    assert!(redacted(&session(&app, &launched).await, "near").await, "staff who were launched with the patient");
    // Nor is who the patient is a way in: the scope fhirUser opens that resource as any other.
    let known = Claims {
        scope: "openid fhirUser user/Condition.rs".to_owned(),
        fhir_user: Some("Patient/near".to_owned()),
        ..claims("gp")
    };
    let reply = session(&app, &known).await.get("Patient/near").await;
    assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{}", reply.text);
    let shown: Value = reply.json();
    assert_eq!(shown["birthDate"], "1950-05-05");
}
