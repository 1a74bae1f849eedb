//! Page links are for the caller and the search they were made for.

use lcr_facade::access::Claims;

use crate::common::{Session, TestApp, source_claims};
use crate::support::*;

async fn fill(session: &Session<'_>) {
    let entries = (0..9).map(|n| entry("POST", "Patient", Some(marked(patient(&format!("Link{n}")), "links"))));
    assert_eq!(transact(session, entries.collect()).await.status, 200);
}

/// The value of a link's cursor.
fn cursor(link: &str) -> String {
    let url = reqwest::Url::parse(link).expect("URL");
    url.query_pairs().find(|(name, _)| name == "_cursor").expect("cursor").1.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_caller_cannot_follow_a_link() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    let link = get(&session, "Patient?family=link&_count=2&_sort=family").await.link("next").expect("next");
    assert_eq!(get(&session, &link).await.ids().len(), 2);

    let own = source_claims("a");
    let user = |client: &str, user: &str| Claims {
        client: client.to_owned(),
        scope: "user/*.rs".to_owned(),
        role: "doctor".to_owned(),
        user: Some(user.to_owned()),
        source: None,
        ..own.clone()
    };
    let launched = |patient: &str| Claims {
        scope: "patient/*.rs".to_owned(),
        role: "patient".to_owned(),
        patient: Some(patient.to_owned()),
        source: None,
        ..own.clone()
    };
    for (case, claims) in [
        ("another source", source_claims("b")),
        ("another client of the same source", Claims { client: "client-z".to_owned(), ..own.clone() }),
        ("a user of the same client", user("client-a", "u")),
        ("a patient of the same client", launched("p")),
    ] {
        let other = Session { app: &app, token: app.token(&claims).await };
        refused(&get(&other, &link).await, 400, "http._cursor", case);
    }
    for persona in ["gp", "stranger", "patient"] {
        refused(&get(&app.persona(persona).await, &link).await, 400, "http._cursor", persona);
    }
    refused(&ask(app.open(reqwest::Method::GET, &link[app.url.len()..])).await, 401, "", "nobody");

    // Between two users of one client, and between two launches of one user, links do not pass either.
    let doctor = Session { app: &app, token: app.token(&user("app", "u1")).await };
    let other = Session { app: &app, token: app.token(&user("app", "u2")).await };
    let number = nhs_number(1);
    for n in 0..3 {
        let numbered = with(
            patient("Shared"),
            serde_json::json!({"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}]}),
        );
        keep(&session, &format!("shared{n}"), numbered).await;
    }
    for holder in ["u1", "u2"] {
        assert!(app.store.relate(&[relationship(&number, holder)]).await.expect("relationship").is_empty());
    }
    let link = get(&doctor, "Patient?_count=1").await.link("next").expect("next");
    assert_eq!(get(&doctor, &link).await.ids().len(), 1);
    refused(&get(&other, &link).await, 400, "http._cursor", "another user of the client, who sees the same");
    let one = Session { app: &app, token: app.token(&launched("shared0")).await };
    let two = Session { app: &app, token: app.token(&launched("shared1")).await };
    let link = get(&one, "Patient?_count=1").await.link("next").expect("next");
    refused(&get(&two, &link).await, 400, "http._cursor", "another launch patient");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_changed_is_refused() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session).await;
    keep(&session, "o", minimal("Observation", "Patient/p")).await;
    let link = get(&session, "Patient?identifier=links&_count=2&_sort=-family").await.link("next").expect("next");
    let text = cursor(&link);
    let (payload, tag) = text.split_once('.').expect("two parts");
    let with_cursor = |cursor: &str| link.replace(&text, cursor);
    let flip = |part: &str, at: usize| {
        let mut bytes = part.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).expect("ASCII")
    };
    let history = get(&session, "Patient/_history?_count=2").await.link("next").expect("next");
    let mut rows = vec![
        ("another value", link.replace("identifier=links", "identifier=other")),
        ("no filter", link.replace("identifier=links&", "")),
        ("one filter more", format!("{link}&family=link")),
        ("a filter twice", format!("{link}&identifier=links")),
        ("another order", link.replace("_sort=-family", "_sort=family")),
        ("no order", link.replace("_sort=-family&", "")),
        ("one key more", link.replace("_sort=-family", "_sort=-family,_id")),
        ("another type", link.replace("/Patient?identifier=links&_count=2&_sort=-family", "/Observation?_count=2")),
        ("a cursor of history", with_cursor(&cursor(&history))),
        ("no cursor text", with_cursor("")),
        ("a dot", with_cursor(".")),
        ("no tag", with_cursor(&format!("{payload}."))),
        ("no payload", with_cursor(&format!(".{tag}"))),
        ("no dot", with_cursor(&format!("{payload}{tag}"))),
        ("a short tag", with_cursor(&format!("{payload}.{}", &tag[..tag.len() - 4]))),
        ("a long tag", with_cursor(&format!("{payload}.{tag}AAAA"))),
        ("padding", with_cursor(&format!("{text}="))),
        ("two payloads", with_cursor(&format!("{payload}.{text}"))),
        ("not base64", with_cursor(&format!("{payload}.%C3%A4{tag}"))),
    ];
    for at in [0, payload.len() / 2, payload.len() - 1] {
        rows.push(("a letter of the payload", with_cursor(&format!("{}.{tag}", flip(payload, at)))));
    }
    for at in [0, tag.len() / 2, tag.len() - 1] {
        rows.push(("a letter of the tag", with_cursor(&format!("{payload}.{}", flip(tag, at)))));
    }
    for (case, changed) in rows {
        assert_ne!(changed, link, "{case} changes the link");
        let reply = get(&session, &changed).await;
        refused(&reply, 400, "http._cursor", case);
        assert!(!reply.text.contains("Link"), "{case}: {}", reply.text);
    }
    assert_eq!(get(&session, &link).await.ids().len(), 2, "the link itself still works");
}
