//! EHR launch and standalone launch: what the app gets, what the user is asked, and that it is what was granted.

use serde_json::json;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_standalone_launch_ends_in_one_patients_record() {
    let world = world().await;
    let browser = world.browser();
    let ask =
        Ask::new(&world, "app", "openid fhirUser launch/patient offline_access patient/*.rs").with("nonce", "n-1");
    let picker = browser.sign_in(&ask, "gp").await;
    assert!(
        picker.text.contains(
            "ATTWOOD-NEAR, Rowan, born\u{a0}5\u{a0}May\u{a0}1950, NHS\u{a0}number\u{a0}999\u{a0}000\u{a0}0018"
        ),
        "{}",
        picker.text
    );
    assert!(!picker.text.contains("ATTWOOD-FAR"), "only patients in reach are listed");
    // Somebody who is not on the list is not there, whatever is posted.
    let other = browser.answer(&picker, &[("patient", FAR)]).await;
    let nobody = browser.answer(&picker, &[("patient", "nobody")]).await;
    assert_eq!((other.status, &other.text), (nobody.status, &nobody.text));
    assert_eq!(other.status, 400);
    let consent = browser.answer(&picker, &[("patient", NEAR)]).await;
    assert!(consent.text.contains("Test app") && consent.text.contains("ATTWOOD-NEAR"), "{}", consent.text);
    assert_eq!(offered(&consent), ["offline_access", "patient/*.rs"]);
    let back = browser.allow(&consent).await;
    let answer = parameters(back.header("location"));
    assert_eq!(answer["state"], "a state/of+mine");
    let reply = world.exchange("app", &answer["code"]).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let token = reply.json();
    assert_eq!(token["patient"], NEAR);
    assert_eq!(token["scope"], "openid fhirUser launch/patient offline_access patient/*.rs");
    assert_eq!(token["token_type"], "Bearer");
    assert!(token["expires_in"].is_u64() && token["refresh_token"].is_string());
    assert_eq!((token["need_patient_banner"].clone(), token["tenant"].clone()), (json!(true), json!("Y90001")));
    let claims = id_claims(&world, &token).await;
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["fhirUser"], format!("{}/Practitioner/sandbox-gp", world.aud()));
    assert_eq!((claims["sub"].clone(), claims["aud"].clone()), (json!("gp"), json!("app")));
    // What the token opens: the launch patient, and the one resource that fhirUser names.
    for (path, status) in [
        ("Patient/near", 200),
        ("Patient/far", 404),
        ("Observation/near-lab", 200),
        ("Observation/far-lab", 404),
        ("Practitioner/sandbox-gp", 200),
        ("Practitioner/sandbox-nurse", 200),
    ] {
        assert_eq!(world.status(&token, path).await, status, "{path}");
    }
    let style = token["smart_style_url"].as_str().expect("a URL").to_owned();
    assert!(world.session(&token).get(&style).await.json()["color_text"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn fhir_user_opens_its_own_entry_and_nothing_beside() {
    let world = world().await;
    let token = world.launch("openid fhirUser launch/patient patient/Observation.rs", "gp").await;
    assert_eq!(world.status(&token, "Practitioner/sandbox-gp").await, 200);
    assert_eq!(world.status(&token, "Practitioner/sandbox-gp/_history").await, 200);
    assert_eq!(world.status(&token, "Practitioner/sandbox-nurse").await, 404);
    assert_eq!(world.status(&token, "Practitioner").await, 403);
    assert_eq!(world.status(&token, "Patient/near").await, 403);
    // Without the scope there is no claim, and no way in.
    let token = world.launch("openid launch/patient patient/Observation.rs", "gp").await;
    assert!(id_claims(&world, &token).await.get("fhirUser").is_none());
    assert_eq!(world.status(&token, "Practitioner/sandbox-gp").await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ehr_launch_brings_its_context() {
    let world = world().await;
    let context = r#"[{"reference":"ImagingStudy/7","role":"https://example.org/role"}]"#;
    let reply = world
        .epr(&[
            ("encounter", "enc-1"),
            ("intent", "order-review"),
            ("need_patient_banner", "false"),
            ("fhirContext", context),
            ("tenant", "T1"),
        ])
        .await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let made = reply.json();
    assert_eq!(made["iss"], world.aud());
    let launch_url = made["launch_url"].as_str().expect("a URL");
    assert!(launch_url.starts_with("http://localhost:9999/app/launch?iss=http"), "{launch_url}");
    let launch = parameters(launch_url)["launch"].clone();
    let ask = Ask::new(&world, "app", "openid launch patient/*.rs").with("launch", &launch);
    let answer = world.browser().authorize(&ask, "gp").await;
    let token = world.exchange("app", &answer["code"]).await.json();
    for (name, value) in [
        ("patient", json!(NEAR)),
        ("encounter", json!("enc-1")),
        ("intent", json!("order-review")),
        ("need_patient_banner", json!(false)),
        ("fhirContext", serde_json::from_str(context).expect("JSON")),
        ("tenant", json!("T1")),
    ] {
        assert_eq!(token[name], value, "{name}");
    }
    assert!(token.get("refresh_token").is_none(), "no offline_access, no refresh token");
    assert_eq!(world.status(&token, "Patient/near").await, 200);
    // By NHS number it is the same patient.
    let launch = world.handle(&[("patient", "https://fhir.nhs.uk/Id/nhs-number|9990000018")]).await;
    let ask = Ask::new(&world, "app", "launch patient/*.rs").with("launch", &launch);
    let answer = world.browser().authorize(&ask, "gp").await;
    let token = world.exchange("app", &answer["code"]).await.json();
    assert_eq!(world.status(&token, "Patient/near").await, 200);
    assert!(token.get("id_token").is_none(), "no openid, no id_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ehr_launch_opens_nobody_the_user_could_not_open() {
    let world = world().await;
    let mut answers = Vec::new();
    for patient in
        [FAR, "nobody", "https://fhir.nhs.uk/Id/nhs-number|9990000026", "https://fhir.nhs.uk/Id/nhs-number|9990000034"]
    {
        let launch = world.handle(&[("patient", patient)]).await;
        let ask = Ask::new(&world, "app", "launch patient/*.rs").with("launch", &launch);
        let page = world.browser().sign_in(&ask, "gp").await;
        assert_eq!(page.status, 303, "{patient}: {}", page.text);
        answers.push(page.header("location").to_owned());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(parameters(&answers[0])["error"], "access_denied");
    // Dr Reed is involved in nobody's care.
    let launch = world.handle(&[("user", "stranger")]).await;
    let page = world
        .browser()
        .sign_in(&Ask::new(&world, "app", "launch patient/*.rs").with("launch", &launch), "stranger")
        .await;
    assert_eq!(parameters(page.header("location"))["error"], "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_can_narrow_what_the_app_gets() {
    let world = world().await;
    let browser = world.browser();
    let ask = Ask::new(&world, "app", "openid launch/patient offline_access patient/Patient.rs patient/Observation.rs");
    let picker = browser.sign_in(&ask, "gp").await;
    let consent = browser.answer(&picker, &[("patient", NEAR)]).await;
    let back = browser.answer(&consent, &[("scope", "patient/Patient.rs"), ("scope", "patient/Condition.rs")]).await;
    let token = world.exchange("app", &parameters(back.header("location"))["code"]).await.json();
    assert_eq!(
        token["scope"], "openid launch/patient patient/Patient.rs",
        "a scope that was not offered is not granted"
    );
    assert!(token.get("refresh_token").is_none());
    assert_eq!(world.status(&token, "Patient/near").await, 200);
    assert_eq!(world.status(&token, "Observation/near-lab").await, 403);
    assert_eq!(world.status(&token, "Condition").await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_and_the_registration_bound_what_is_granted() {
    let world = world().await;
    for (client, persona, asked, granted) in [
        (
            "app",
            "social-worker",
            "user/Observation.rs user/CarePlan.cruds user/Patient.cruds",
            "user/CarePlan.cruds user/Patient.rs",
        ),
        ("bare-app", "gp", "openid patient/*.rs user/*.rs launch/patient offline_access", ""),
        ("app", "gp", "user/Observation.rs?category=laboratory system/*.rs", "user/Observation.rs?category=laboratory"),
    ] {
        let answer = world.browser().authorize_or_error(&Ask::new(&world, client, asked), persona).await;
        if granted.is_empty() {
            // patient/ scopes without a patient are an error, not everything.
            assert_eq!(answer["error"], "invalid_scope", "{answer:?}");
            continue;
        }
        let token = world.exchange(client, &answer["code"]).await.json();
        assert_eq!(token["scope"], granted, "{client} {persona}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_sees_their_own_record() {
    let world = world().await;
    // The persona's Patient, and an Observation.
    let source = world.app.source("https://lcr.example/source/Y90001").await;
    let own = "13c4dc1b-7947-4d74-9add-0ad316d0a6f3";
    let patient = json!({"resourceType": "Patient", "id": own, "name": [{"family": "Wright-Dhillon"}]});
    assert!(source.put(&format!("Patient/{own}"), patient).await.status.is_success());
    let token = world.launch("openid fhirUser launch/patient patient/*.rs user/*.rs", "patient").await;
    assert_eq!(token["scope"], "openid fhirUser launch/patient patient/*.rs", "a patient has no caseload");
    assert_eq!(token["patient"], own, "no choice: a patient's record is their own");
    assert_eq!(id_claims(&world, &token).await["fhirUser"], format!("{}/Patient/{own}", world.aud()));
    assert_eq!(world.status(&token, &format!("Patient/{own}")).await, 200);
    assert_eq!(world.status(&token, "Patient/near").await, 404);
    // An EPR cannot launch a patient into somebody else's record.
    let launch = world.handle(&[("user", "patient")]).await;
    let page = world
        .browser()
        .sign_in(&Ask::new(&world, "app", "launch patient/*.rs").with("launch", &launch), "patient")
        .await;
    assert_eq!(parameters(page.header("location"))["error"], "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_registration_works() {
    let world = world().await;
    let exchange = |client: &'static str| {
        let world = &world;
        async move {
            let answer =
                world.browser().authorize(&Ask::new(world, client, "openid launch/patient patient/*.rs"), "gp").await;
            answer["code"].clone()
        }
    };
    let code = exchange("symmetric-app").await;
    let pairs = |code| {
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", APP), ("code_verifier", VERIFIER)]
    };
    let secret = basic("symmetric-app", &world.secret);
    let reply = world.back("/oauth/token", Some(&secret), &pairs(&code)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    id_claims(&world, &reply.json()).await;
    let code = exchange("asymmetric-app").await;
    let assertion = Assertion::new(&world, "asymmetric-app").sign();
    let mut all = pairs(&code).to_vec();
    all.extend([("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())]);
    let reply = world.token(&all).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    // Users of a trusted client are not asked.
    let browser = world.browser();
    let picker = browser.sign_in(&Ask::new(&world, "trusted-app", "launch/patient patient/*.rs"), "gp").await;
    let back = browser.answer(&picker, &[("patient", NEAR)]).await;
    assert_eq!(back.status, 303, "{}", back.text);
    assert!(parameters(back.header("location")).contains_key("code"));
    // A client of one organisation is not for users of another.
    let page = world.browser().sign_in(&Ask::new(&world, "hospital-app", "user/*.rs"), "gp").await;
    assert_eq!(parameters(page.header("location"))["error"], "access_denied");
    let answer = world.browser().authorize(&Ask::new(&world, "hospital-app", "user/*.rs"), "hospital-doctor").await;
    assert!(answer.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_be_posted() {
    let world = world().await;
    let browser = world.browser();
    let ask = Ask::new(&world, "app", "launch/patient patient/*.rs");
    let pairs: Vec<(&str, &str)> = ask.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = browser.post("/oauth/authorize", &pairs).await;
    let page = browser.follow(page).await;
    assert!(page.text.contains("Sign in as a persona"), "{}", page.text);
    let picker = browser.choose(&page, "gp").await;
    assert!(picker.text.contains("Choose a patient"));
}
