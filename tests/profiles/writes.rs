//! What profiles do to writes: refused, or taken, marked and told, as strictly as the source is held.

use std::path::{Path, PathBuf};

use lcr_facade::config::Config;
use lcr_facade::profile::{CANONICAL, Strictness, Strictnesses};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, json as body, send};

const PATIENT: &str = "checked";

/// A record in which `new` is held, `old` is warned, and `free` is let be.
async fn record() -> TestApp {
    let source = [("old".to_owned(), Strictness::Warn), ("free".to_owned(), Strictness::Off)].into();
    let profile = Strictnesses { default: Strictness::Enforce, source };
    let app = TestApp::held(Config { profile, ..Config::default() }).await;
    let mut patient = example("good/LCR-Patient--full");
    patient["id"] = json!(PATIENT);
    for name in ["new", "old", "free"] {
        let mut own = patient.clone();
        own["id"] = json!(format!("{PATIENT}-{name}"));
        let reply = app.source(name).await.put(&format!("Patient/{PATIENT}-{name}"), &own).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    app
}

/// An example of ours, by its name without the ending.
fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles/examples").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{name}"))).expect("JSON")
}

/// The same about the Patient of this source, without an id.
fn about(name: &str, source: &str) -> Value {
    let mut resource = example(name);
    resource["subject"] = json!({"reference": format!("Patient/{PATIENT}-{source}")});
    resource.as_object_mut().expect("object").remove("id");
    resource
}

/// A broken Condition, in two rules.
fn broken(source: &str) -> Value {
    let mut condition = about("bad/LCR-Condition--lcr-con-2", source);
    condition.as_object_mut().expect("object").remove("category");
    condition
}

/// A Condition whose code is words alone.
fn words(source: &str) -> Value {
    about("bad/LCR-Condition--lcr-con-4", source)
}

/// Severity, rule and place of each issue that names a rule.
fn rules(outcome: &Value) -> Vec<String> {
    let system = json!(format!("{CANONICAL}/CodeSystem/profile-rule"));
    let mut found = Vec::new();
    for issue in outcome["issue"].as_array().expect("issues") {
        let codings = issue["details"]["coding"].as_array().expect("codings");
        if let Some(rule) = codings.iter().find(|coding| coding["system"] == system) {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            found.push(format!(
                "{} {} {}",
                text(&issue["severity"]),
                text(&rule["code"]),
                text(&issue["expression"][0])
            ));
            assert!(text(&issue["details"]["text"]).starts_with(CANONICAL), "{issue}");
        }
    }
    found.sort();
    found
}

/// The marks of a resource.
fn marks(resource: &Value) -> Vec<String> {
    let system = json!(format!("{CANONICAL}/CodeSystem/data-quality"));
    let tags = resource["meta"]["tag"].as_array().cloned().unwrap_or_default();
    let own = tags.iter().filter(|tag| tag["system"] == system);
    own.map(|tag| tag["code"].as_str().expect("code").to_owned()).collect()
}

async fn told(session: &Session<'_>, method: Method, path: &str, resource: &Value) -> Reply {
    send(body(session.request(method, path), resource).header("Prefer", "return=OperationOutcome")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_profile_is_refused_with_every_finding() {
    let app = record().await;
    let source = app.source("new").await;
    let reply = source.post("Condition", broken("new")).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    assert_eq!(rules(&reply.json()), ["error lcr-con-2 Condition", "error min Condition.category"]);
    assert!(reply.text.contains("LCR-Condition#Condition.category"), "{}", reply.text);
    // So is an update that would break it, and a patch, and what is of the directory.
    let good = source
        .put("Condition/c", {
            let mut c = about("good/LCR-Condition--problem", "new");
            c["id"] = json!("c");
            c
        })
        .await;
    assert_eq!(good.status, 201, "{}", good.text);
    assert_eq!(marks(&good.json()), [""; 0]);
    let reply = source
        .put("Condition/c", {
            let mut c = broken("new");
            c["id"] = json!("c");
            c
        })
        .await;
    assert_eq!((reply.status.as_u16(), rules(&reply.json()).len()), (422, 2));
    let patch = json!([{"op": "remove", "path": "/category"}]).to_string();
    let request = source.request(Method::PATCH, "Condition/c").header("Content-Type", "application/json-patch+json");
    let reply = send(request.body(patch)).await;
    assert_eq!((reply.status.as_u16(), rules(&reply.json())), (422, vec!["error min Condition.category".to_owned()]));
    assert_eq!(source.get("Condition/c").await.json()["meta"]["versionId"], "1");
    let reply = source.post("Organization", example("bad/LCR-Organization--lcr-org-1")).await;
    assert_eq!((reply.status.as_u16(), rules(&reply.json())), (422, vec!["error lcr-org-1 Organization".to_owned()]));
    // What is structurally wrong is that, whatever else it breaks.
    let reply = source
        .post("Condition", {
            let mut c = broken("new");
            c["banana"] = json!(1);
            c
        })
        .await;
    assert_eq!((reply.status.as_u16(), rules(&reply.json()).len()), (400, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn degraded_data_are_taken_marked_told_and_found() {
    let app = record().await;
    let source = app.source("new").await;
    let mut sent = words("new");
    sent["id"] = json!("w");
    sent["meta"] = json!({"tag": [{"system": "https://own.example", "code": "mine"}]});
    let reply = told(&source, Method::PUT, "Condition/w", &sent).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(rules(&reply.json()), ["warning lcr-con-4 Condition"]);
    assert!(reply.text.contains("text-only"), "{}", reply.text);
    let read = source.get("Condition/w").await.json();
    assert_eq!(marks(&read), ["text-only"]);
    assert_eq!(read["meta"]["tag"][0], sent["meta"]["tag"][0], "the source's own tag stays");
    // Beside the meta nothing is changed, nor in another order.
    let plain = |value: &Value| {
        let mut value = value.clone();
        value.as_object_mut().expect("object").remove("meta");
        let members: Vec<String> = value.as_object().expect("object").iter().map(|(k, v)| format!("{k}:{v}")).collect();
        members.into_iter().filter(|member| !member.starts_with("id:")).collect::<Vec<_>>()
    };
    assert_eq!(plain(&read), plain(&sent));
    let tag = format!("Condition?_tag={CANONICAL}/CodeSystem/data-quality%7Ctext-only");
    assert_eq!(source.get(&tag).await.ids(), ["w"]);
    // What is sent back with its mark has it once; without its cause, no more.
    let again = source.put("Condition/w", &read).await;
    assert_eq!((again.status.as_u16(), marks(&again.json())), (200, vec!["text-only".to_owned()]));
    let mut coded = again.json();
    coded["code"] = about("good/LCR-Condition--problem", "new")["code"].clone();
    let reply = source.put("Condition/w", &coded).await;
    assert_eq!((reply.status.as_u16(), marks(&reply.json())), (200, Vec::new()), "{}", reply.text);
    assert_eq!(reply.json()["meta"]["tag"].as_array().map(Vec::len), Some(1), "the source's own tag stays");
    assert_eq!(source.get(&tag).await.ids(), [""; 0]);
    // A patch is judged by what it makes.
    let patch =
        json!([{"op": "remove", "path": "/code/coding"}, {"op": "add", "path": "/code/text", "value": "words"}]);
    let request = source.request(Method::PATCH, "Condition/w").header("Content-Type", "application/json-patch+json");
    let reply = send(request.header("Prefer", "return=OperationOutcome").body(patch.to_string())).await;
    assert_eq!((reply.status.as_u16(), rules(&reply.json())), (200, vec!["warning lcr-con-4 Condition".to_owned()]));
    assert_eq!(marks(&source.get("Condition/w").await.json()), ["text-only"]);
    for (file, mark) in [("lcr-med-3", "no-dmd-code"), ("lcr-med-4", "legacy-dmd-uri")] {
        let name = format!("bad/LCR-MedicationStatement--{file}");
        let reply = source.post("MedicationStatement", about(&name, "new")).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert!(marks(&reply.json()).contains(&mark.to_owned()), "{}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_held_as_strictly_as_the_configuration_says() {
    let app = record().await;
    let (old, free) = (app.source("old").await, app.source("free").await);
    let reply = told(&old, Method::POST, "Condition", &broken("old")).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(rules(&reply.json()), ["warning lcr-con-2 Condition", "warning min Condition.category"]);
    let found = old.all("Condition").await;
    assert_eq!(marks(&found[0].1), ["not-conformant"]);
    let quiet = old.post("Condition", broken("old")).await;
    assert_eq!(quiet.json()["resourceType"], "Condition", "nobody is told who does not ask");
    // R4's own rules hold for everybody.
    let reply = old
        .post("Condition", {
            let mut c = broken("old");
            c["onsetPeriod"] = json!({"start": "2020", "end": "2019"});
            c
        })
        .await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    let reply = free
        .post("Condition", {
            let mut c = broken("free");
            c["onsetPeriod"] = json!({"start": "2020", "end": "2019"});
            c
        })
        .await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    // Where nobody is held, nothing is put in and nothing taken out.
    let tag = json!({"system": format!("{CANONICAL}/CodeSystem/data-quality"), "code": "no-dmd-code"});
    let reply = told(&free, Method::POST, "Condition", &broken("free")).await;
    assert_eq!((reply.status.as_u16(), rules(&reply.json())), (201, Vec::new()));
    let reply = free
        .post("Condition", {
            let mut c = broken("free");
            c["meta"] = json!({"tag": [tag]});
            c
        })
        .await;
    assert_eq!((reply.status.as_u16(), marks(&reply.json())), (201, vec!["no-dmd-code".to_owned()]));
    assert!(free.all("Condition").await.iter().any(|(_, condition)| condition["meta"].get("tag").is_none()));
}

fn bundle(kind: &str, resources: &[Value]) -> Value {
    let entry = |resource: &Value| {
        let request = json!({"method": "POST", "url": resource["resourceType"]});
        json!({"resource": resource, "request": request})
    };
    json!({"resourceType": "Bundle", "type": kind, "entry": resources.iter().map(entry).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_and_batches() {
    let app = record().await;
    let source = app.source("new").await;
    let two = [words("new"), broken("new")];
    let reply = source.post("", bundle("transaction", &two)).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    let places = ["error lcr-con-2 Bundle.entry[1].resource", "error min Bundle.entry[1].resource.category"];
    assert_eq!(rules(&reply.json()), places);
    assert_eq!(source.all("Condition").await.len(), 0, "nothing of it is kept");
    let reply = source.post("", bundle("batch", &two)).await.json();
    let status = |at: usize| reply["entry"][at]["response"]["status"].as_str().unwrap_or("").to_owned();
    assert!(status(0).starts_with("201") && status(1).starts_with("422"), "{reply}");
    assert_eq!(rules(&reply["entry"][1]["response"]["outcome"]).len(), 2);
    let old = app.source("old").await;
    let two = [words("old"), broken("old")];
    let reply = told(&old, Method::POST, "", &bundle("transaction", &two)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let reply = reply.json();
    let outcomes: Vec<Vec<String>> = (0..2).map(|at| rules(&reply["entry"][at]["response"]["outcome"])).collect();
    assert_eq!(outcomes[0], ["warning lcr-con-4 Condition"]);
    assert_eq!(outcomes[1], ["warning lcr-con-2 Condition", "warning min Condition.category"]);
    let mut kept: Vec<String> = old.all("Condition").await.iter().flat_map(|(_, condition)| marks(condition)).collect();
    kept.sort();
    assert_eq!(kept, ["not-conformant", "text-only"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_list_what_they_refuse_line_by_line() {
    let app = record().await;
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("profiles-import.ndjson");
    let mut named = words("new");
    named["id"] = json!("kept");
    let lines = [named, broken("new"), about("good/LCR-Condition--problem", "new")];
    std::fs::write(&path, lines.map(|line| line.to_string()).join("\n")).expect("a file");
    let report = app.import(std::slice::from_ref(&path), Some("new")).await;
    assert_eq!((report.count("Condition"), report.refused()), (2, 1), "{report}");
    assert!(report.to_string().contains("marked (meta.tag): text-only 1"), "{report}");
    let (place, reason) = &report.refusals()[0];
    assert!(place.ends_with(":2") && reason.contains("lcr-con-2") && reason.contains("Condition.category"), "{report}");
    assert_eq!(marks(&app.source("new").await.get("Condition/kept").await.json()), ["text-only"]);
    // Again, nothing is new: marks are recomputed, not added.
    let report = app.import(&[path], Some("new")).await;
    assert_eq!(report.totals(), (0, 0, 2), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_says_all_and_knows_our_profiles() {
    let app = record().await;
    let condition = format!("{CANONICAL}/StructureDefinition/LCR-Condition");
    for (name, first) in [("new", "error"), ("old", "warning")] {
        let source = app.source(name).await;
        let reply = source.post("Condition/$validate", broken(name)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let wanted = [format!("{first} lcr-con-2 Condition"), format!("{first} min Condition.category")];
        let found: Vec<String> =
            rules(&reply.json()).into_iter().filter(|line| !line.starts_with("information")).collect();
        assert_eq!(found, wanted, "{}", reply.text);
    }
    let free = app.source("free").await;
    let reply = free.post("Condition/$validate", broken("free")).await;
    assert!(reply.text.contains("no issues"), "{}", reply.text);
    let ask = |profile: &str| {
        json!({"resourceType": "Parameters", "parameter": [
            {"name": "resource", "resource": broken("free")}, {"name": "profile", "valueUri": profile}]})
    };
    for profile in [condition.clone(), format!("{condition}|0.1.0")] {
        let reply = free.post("Condition/$validate", ask(&profile)).await;
        assert_eq!(rules(&reply.json()).iter().filter(|line| line.starts_with("error")).count(), 2, "{}", reply.text);
    }
    for profile in [format!("{condition}|9.9"), format!("{CANONICAL}/StructureDefinition/LCR-Nothing")] {
        let reply = free.post("Condition/$validate", ask(&profile)).await;
        assert!(reply.text.contains("does not know the profile"), "{}", reply.text);
    }
    let wrong = format!("{CANONICAL}/StructureDefinition/LCR-Observation");
    let reply = free.post("Condition/$validate", ask(&wrong)).await;
    assert_eq!(rules(&reply.json()), ["error type resourceType"], "{}", reply.text);
    let metadata = send(app.open(Method::GET, "/fhir/metadata")).await.json();
    let types = metadata["rest"][0]["resource"].as_array().expect("types");
    let of = |kind: &str| types.iter().find(|one| one["type"] == kind).expect("a type")["supportedProfile"].clone();
    assert_eq!(of("Condition"), json!([condition]));
    assert_eq!(of("Observation").as_array().map(Vec::len), Some(4));
}
