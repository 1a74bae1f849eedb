//! Odd letters in ids: another spelling is another id, and what a database cannot keep harms nobody.

use reqwest::Method;

use crate::common::send;
use crate::hostile::{harmless, intact};
use crate::world::{NEAR, about, full, persona};

#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_other_letters_is_another_id() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let tricks = [
        "Near",
        "NEAR",
        "near%20",
        "%20near",
        "near%00",
        "near%0A",
        "near%0D%0A",
        "near%09",
        "near.",
        "near%E2%80%8B",
        "%EF%BB%BFnear",
        "ne%CC%81ar",
        "n%D0%B5ar",
        "%EF%BD%8Eear",
        "near%C2%A0",
        "near%2F",
        "near%2F..%2Ffar",
        "near%5C",
        "near%3F",
        "near%23",
        "near;v=1",
        "near%25",
        "%6E%65%61%72%20",
        "near,far",
        "near%7Cfar",
        "near%FF",
        "%FF",
        "%C0%AE%C0%AE",
        "near%ED%A0%80",
        "%F0%9F%92%89",
        "%2525",
        "_id",
        "-",
        "%00",
        "%E2%80%AEraen",
    ];
    for id in tricks {
        for path in [format!("Patient/{id}"), format!("Patient/{id}/_history"), format!("Patient/{id}/_history/1")] {
            let reply = gp.get(&path).await;
            assert!(reply.status == 404 || reply.status == 400, "{path}: {} {}", reply.status, reply.text);
            harmless(&reply, &path);
        }
        let found = gp.get(&format!("Patient?_id={id}")).await;
        harmless(&found, id);
        let splits = id.contains(',');
        assert!(found.status == 400 || splits || found.ids().is_empty(), "_id={id}: {}", found.text);
        harmless(&gp.put(&format!("CarePlan/{id}"), about("CarePlan", "near", "near", NEAR)).await, id);
        harmless(&gp.delete(&format!("CarePlan/{id}")).await, id);
    }
    // Percent-encoded, the same letters are the same id.
    assert_eq!(gp.get("Patient/n%65ar").await.status, 200);
    intact(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_callers_hostile_request_does_not_fail_anothers() {
    let app = full().await;
    let (gp, stranger) = (persona(&app, "gp").await, persona(&app, "stranger").await);
    let attack = async {
        for _ in 0..60 {
            for path in ["Patient/%00", "Patient/a%00b/_history", "%00", "%00/_history"] {
                let reply = stranger.get(path).await;
                assert!(reply.status == 400 || reply.status == 404, "{path}: {} {}", reply.status, reply.text);
            }
            let form = stranger
                .request(Method::POST, "Patient/_search")
                .header("Content-Type", "application/x-www-form-urlencoded");
            let reply = send(form.body(b"name=a\0b".to_vec())).await;
            assert_eq!(reply.status, 400, "a NUL in a form: {}", reply.text);
        }
    };
    let work = async {
        for n in 0..400 {
            let reply = gp.get("Patient/near").await;
            assert_eq!(reply.status, 200, "read {n}, while another sends NULs: {}", reply.text);
        }
    };
    tokio::join!(work, attack);
}
