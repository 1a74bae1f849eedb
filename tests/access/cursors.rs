//! Page links: signed, bound to caller and query, and silent about how the record counts its patients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::world::{ELSEWHERE, NEAR, about, patient, people, persona, put, relate};

/// The cursor in a link.
fn cursor(link: &str) -> String {
    link.split("_cursor=").nth(1).expect("a cursor").split('&').next().expect("its text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_opens_for_its_caller_and_query_alone() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for n in 0..4 {
        for kind in ["Condition", "Observation"] {
            put(&elsewhere, &about(kind, &format!("{kind}-{n}"), "near", NEAR)).await;
        }
    }
    let gp = persona(&app, "gp").await;
    let search = cursor(&gp.get("Condition?_count=1").await.link("next").expect("next"));
    let sorted = cursor(&gp.get("Condition?_count=1&_sort=code").await.link("next").expect("next"));
    let history = cursor(&gp.get("Condition/_history?_count=1").await.link("next").expect("next"));
    for name in ["hospital-doctor", "nurse", "out-of-hours", "stranger", "patient", "gp-system"] {
        let other = persona(&app, name).await;
        for path in
            [format!("Condition?_count=1&_cursor={search}"), format!("Condition/_history?_count=1&_cursor={history}")]
        {
            assert_eq!(other.get(&path).await.status, 400, "{name} with the GP's link: {path}");
        }
    }
    for path in [
        format!("Observation?_count=1&_cursor={search}"),
        format!("Condition?_count=1&_sort=code&_cursor={search}"),
        format!("Condition?_count=1&_cursor={sorted}"),
        format!("Condition?_count=1&_sort=-code&_cursor={sorted}"),
        format!("Condition?_count=1&code=38341003&_cursor={search}"),
        format!("Condition?_count=1&_total=accurate&_cursor={search}"),
        format!("Condition?_count=1&_cursor={history}"),
        format!("Condition/_history?_count=1&_cursor={search}"),
        format!("Observation/_history?_count=1&_cursor={history}"),
        format!("Condition/Condition-1/_history?_count=1&_cursor={history}"),
    ] {
        let reply = gp.get(&path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert_eq!(reply.json()["issue"][0]["expression"][0], "http._cursor", "{path}");
    }
    let (payload, tag) = search.split_once('.').expect("payload and tag");
    let mut forged = vec![
        String::new(),
        ".".into(),
        payload.to_owned(),
        format!("{payload}."),
        format!(".{tag}"),
        format!("{payload}.{payload}"),
        format!("{search}A"),
        format!("A{search}"),
        format!("{search}%00"),
        search.to_uppercase(),
        "' OR '1'='1".into(),
        format!("{}.{tag}", URL_SAFE_NO_PAD.encode(r#"{"keys":["0",""],"back":false}"#)),
        format!("{}.{tag}", URL_SAFE_NO_PAD.encode(r#"{"keys":["0","") OR true --"],"back":false}"#)),
        "%FF%FE".into(),
        "é".into(),
        "A".repeat(5000),
    ];
    for at in 0..search.len() {
        let swap = if &search[at..=at] == "A" { "B" } else { "A" };
        forged.push(format!("{}{swap}{}", &search[..at], &search[at + 1..]));
    }
    for text in forged {
        let reply = gp.get(&format!("Condition?_count=1&_cursor={text}")).await;
        // The last letter of a tag carries bits that decoding may ignore: then it is the same cursor.
        let same = text.len() == search.len() && text[..text.len() - 1] == search[..search.len() - 1];
        assert!(reply.status == 400 || same, "forged {text}: {} {}", reply.status, reply.text);
    }
    let next = gp.get(&format!("Condition?_count=1&_cursor={search}")).await;
    assert_eq!((next.status.as_u16(), next.ids().len()), (200, 1), "the true one still opens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_says_nothing_of_how_many_people_the_record_keeps() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for n in 10..30 {
        put(&elsewhere, &patient(&format!("p{n}"), n)).await;
    }
    relate(&app, 29, "organisation", "Y90001").await;
    relate(&app, 28, "organisation", "Y90001").await;
    let gp = persona(&app, "gp").await;
    let mut next = Some("Patient?_count=1".to_owned());
    let mut places = Vec::new();
    while let Some(path) = next {
        let reply = gp.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        next = reply.link("next");
        let payload = next.as_deref().map(|link| cursor(link).split('.').next().expect("payload").to_owned());
        let readable = payload.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let readable: Option<Value> = readable.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let keys = readable.iter().flat_map(|value| value["keys"].as_array().cloned().unwrap_or_default());
        places.extend(keys.filter_map(|key| key.as_str().and_then(|text| text.parse::<u64>().ok())));
    }
    // A running number of people in a caller's hands tells how many others there are, and when they came.
    assert!(places.iter().all(|place| *place > 1_000_000), "the links carry people's running numbers: {places:?}");
}
