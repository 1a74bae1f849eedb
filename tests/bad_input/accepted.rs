//! What is unusual but right: kept and given back as it was sent, numbers by their text.

use serde_json::Value;

use super::bodies::{allergy, bare, condition, medication, observation, patient, plan, transaction};
use crate::common::{Reply, Session, TestApp};

/// A resource, and pieces of text that have to be in the answer letter by letter.
type Kept = (&'static str, &'static str, String, Vec<String>);

fn kept(name: &'static str, kind: &'static str, body: String, exactly: &[&str]) -> Kept {
    (name, kind, body, exactly.iter().map(|&text| text.to_owned()).collect())
}

#[rustfmt::skip]
fn unusual() -> Vec<Kept> {
    let extension = r#"{"url":"http://x","valueString":"a"}"#;
    let nested = format!("{}{extension}{}", r#"{"url":"http://x","extension":["#.repeat(15), "]}".repeat(15));
    let organisation = r#"{"resourceType":"Organization","id":"o","name":"a"}"#;
    let narrative = r#""<div xmlns=\"http://www.w3.org/1999/xhtml\">\r\n\t  <p> a  b </p>\n\n<pre>  c\td  </pre> </div>""#;
    vec![
        kept("resourceType last", "Patient", r#"{"active":true,"id":"kept","gender":"male","resourceType":"Patient"}"#.to_owned(), &[r#""active":true"#]),
        kept("resourceType last, also within", "Patient", r##"{"contained":[{"name":"a","id":"o","resourceType":"Organization"}],"managingOrganization":{"reference":"#o"},"id":"kept","resourceType":"Patient"}"##.to_owned(), &[r#"{"name":"a","id":"o","resourceType":"Organization"}"#]),
        kept("elements after contained", "Patient", patient(&format!(r##""contained":[{organisation}],"managingOrganization":{{"reference":"#o"}},"name":[{{"family":"a"}}],"birthDate":"1970""##)), &[r#""birthDate":"1970""#]),
        kept("numbers after contained", "Observation", observation(&format!(r##""contained":[{organisation}],"performer":[{{"reference":"#o"}}],"valueQuantity":{{"value":1.50}},"component":[{{"code":{{"text":"d"}},"valueQuantity":{{"value":1.50e2}}}}]"##)), &[r#""value":1.50}"#, r#""value":1.50e2}"#]),
        kept("numbers in contained", "MedicationStatement", medication(r##""contained":[{"resourceType":"Medication","id":"m","ingredient":[{"itemCodeableConcept":{"text":"a"},"strength":{"numerator":{"value":1.0},"denominator":{"value":1.00}}}]}],"reasonReference":[{"reference":"#m"}]"##), &[r#""numerator":{"value":1.0},"denominator":{"value":1.00}"#]),
        kept("an id with extensions", "Patient", bare("Patient", &format!(r#""_id":{{"extension":[{extension}]}},"active":true"#)), &[r#""_id":{"extension":"#]),
        kept("extensions in place of a value", "Patient", patient(&format!(r#""_birthDate":{{"id":"b","extension":[{extension}]}}"#)), &[]),
        kept("extensions beside a value", "Patient", patient(&format!(r#""birthDate":"1970-01-01","_birthDate":{{"extension":[{extension}]}},"gender":"male","_gender":{{"id":"g"}}"#)), &[]),
        kept("extensions of the second name", "Patient", patient(&format!(r#""name":[{{"given":["a","b"],"_given":[null,{{"extension":[{extension}]}}]}}]"#)), &[]),
        kept("extensions in place of the second name", "Patient", patient(&format!(r#""name":[{{"given":["a",null],"_given":[null,{{"extension":[{extension}]}}]}}]"#)), &[]),
        kept("extensions in place of a required status", "Observation", bare("Observation", &format!(r#""_status":{{"extension":[{extension}]}},"code":{{"text":"c"}}"#)), &[]),
        kept("extensions 16 deep", "Patient", patient(&format!(r#""extension":[{nested}]"#)), &[]),
        kept("extensions of every number type", "Patient", patient(r#""extension":[{"url":"http://x","valueInteger":-2147483648},{"url":"http://x","valueInteger":2147483647},{"url":"http://x","valuePositiveInt":2147483647},{"url":"http://x","valueUnsignedInt":0},{"url":"http://x","valueDecimal":0.0},{"url":"http://x","valueDecimal":-0}]"#), &["\"valueDecimal\":0.0}", "\"valueDecimal\":-0}", "-2147483648"]),
        kept("narrative white space", "Patient", patient(&format!(r#""text":{{"status":"generated","div":{narrative}}}"#)), &[narrative]),
        kept("white space at the ends of text", "Patient", patient(r#""name":[{"text":" a\tb\r\n c "}]"#), &[r#"" a\tb\r\n c ""#]),
        kept("letters of every plane", "Patient", patient(r#""name":[{"family":"Ó Séaghdha","given":["\ud83d\ude00","李","\u202eabc","e\u0301","\uffff","\u007f","𐍈"]}]"#), &["Ó Séaghdha", "李", "😀", "𐍈"]),
        kept("escaped letters", "Patient", patient(r#""name":[{"family":"\u0041\/\"\\\u00e9"}]"#), &[]),
        kept("a text that looks like JSON", "Condition", condition(r#""note":[{"text":"{\"a\":[1,2]} \\u0000 '; DROP TABLE patient; -- %s $1"}]"#), &[r#"\\u0000 '; DROP TABLE patient; -- %s $1"#]),
        kept("meta of the sender", "Patient", patient(r#""meta":{"versionId":"77","lastUpdated":"1999-01-01T00:00:00Z","profile":["http://x|1.0"],"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}],"tag":[{"code":"a"},{"system":"http://y"}],"extension":[{"url":"http://x","valueBoolean":false}]}"#), &[]),
        kept("the first and last days", "Patient", patient(r#""birthDate":"0001-01-01","deceasedDateTime":"9999-12-31T23:59:59.999999999-14:00""#), &["23:59:59.999999999-14:00"]),
        kept("the first moment, east of it", "Observation", observation(r#""effectiveDateTime":"0001-01-01T00:00:00+14:00","issued":"9999-12-31T23:59:60Z""#), &["0001-01-01T00:00:00+14:00", "23:59:60Z"]),
        kept("a period without its start, one without its end", "Condition", condition(r#""onsetPeriod":{"end":"2020"},"recordedDate":"2020-02-29""#), &[]),
        kept("a period of one moment", "Observation", observation(r#""effectivePeriod":{"start":"2020-01","end":"2020"}"#), &[]),
        kept("a code of another system that looks like an error", "Condition", condition(r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"},{"system":"http://local","code":"entered-in-error"}]}"#), &[]),
        kept("a required code with a local one before it", "AllergyIntolerance", allergy(r#""verificationStatus":{"coding":[{"system":"http://local","code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"confirmed"}]}"#), &[]),
        kept("no subject", "Observation", bare("Observation", r#""status":"final","code":{"text":"c"}"#), &[]),
        kept("a subject that is no patient", "Observation", bare("Observation", r#""status":"final","code":{"text":"c"},"subject":{"reference":"Group/g"}"#), &[]),
        kept("every kind of value", "Observation", observation(r#""component":[{"code":{"text":"a"},"valueTime":"10:00:00.50"},{"code":{"text":"b"},"valueRatio":{"numerator":{"value":1},"denominator":{"value":128}}},{"code":{"text":"c"},"valueSampledData":{"origin":{"value":0},"period":10,"dimensions":1,"data":"1 E 2 U L -3.50"}},{"code":{"text":"d"},"valueRange":{"low":{"value":1.0}}},{"code":{"text":"e"},"valueBoolean":false}]"#), &["1 E 2 U L -3.50"]),
        kept("base64 over lines", "Patient", patient(r#""photo":[{"contentType":"image/png","data":"AAEC\nAw=="}]"#), &[r#"AAEC\nAw=="#]),
        kept("an NHS number with another", "Patient", patient(r#""identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"},{"system":"http://x","value":"943 476 5918"},{"value":"1"}]"#), &[]),
        kept("a plan with everything contained", "CarePlan", plan(r##""contained":[{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"a"},"subject":{"reference":"#"}}],"goal":[{"reference":"#g"}]"##), &[]),
    ]
}

#[rustfmt::skip]
fn big() -> Vec<Kept> {
    // Letters that no compression makes small.
    let noise = |length: usize| {
        let mut state = 88_172_645_463_325_252_u64;
        let letter = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."[(state % 64) as usize])
        };
        (0..length).map(letter).collect::<String>()
    };
    let names: Vec<String> = (0..5_000).map(|n| format!("\"given{n}\"")).collect();
    vec![
        kept("a text of 1 MiB", "Observation", observation(&format!(r#""valueString":"{}""#, noise(1 << 20))), &[]),
        kept("an identifier of 100 000 letters", "Patient", patient(&format!(r#""identifier":[{{"system":"http://x","value":"{}"}}]"#, noise(100_000))), &[]),
        kept("a system of 100 000 letters", "Condition", condition(&format!(r#""identifier":[{{"system":"http://x/{}","value":"a"}}]"#, noise(100_000))), &[]),
        kept("a name of 100 000 letters", "Patient", patient(&format!(r#""name":[{{"family":"{}"}}]"#, noise(100_000))), &[]),
        kept("a code of 100 000 letters", "Condition", condition(&format!(r#""code":{{"coding":[{{"code":"{}"}}]}}"#, noise(100_000))), &[]),
        kept("a reference of 100 000 letters", "Condition", condition(&format!(r#""asserter":{{"reference":"http://x/{}"}}"#, noise(100_000))), &[]),
        kept("a profile of 100 000 letters", "CarePlan", plan(&format!(r#""meta":{{"profile":["http://x/{}"]}}"#, noise(100_000))), &[]),
        kept("5000 names", "Patient", patient(&format!(r#""name":[{{"given":[{}]}}]"#, names.join(","))), &[]),
    ]
}

fn decimals() -> Vec<Kept> {
    let mut all = Vec::new();
    for number in [
        "1.00",
        "1.50e2",
        "0.0",
        "-0",
        "-0.00",
        "1e-7",
        "1E5",
        "1e+5",
        "1E-05",
        "0e0",
        "0.10",
        "00.1",
        "12345678901234567890",
        "0.1234567890123456789",
        "100000000000000000000.000000000000000000001",
        "1e300",
        "1e-300",
        "1e400",
        "-1e400",
        "1e-400",
        "9.999999999999999999e399",
    ] {
        // One of them is no number at all.
        if number.starts_with("00") {
            continue;
        }
        for unit in [
            "",
            r#","unit":"mg","system":"http://unitsofmeasure.org","code":"mg""#,
            r#","system":"http://unitsofmeasure.org","code":"Cel""#,
            r#","system":"http://unitsofmeasure.org","code":"[pH]""#,
            r#","system":"http://unitsofmeasure.org","code":"nonsense{""#,
        ] {
            let quantity = format!(r#"{{"value":{number}{unit}}}"#);
            let body = observation(&format!(
                r#""valueQuantity":{quantity},"component":[{{"code":{{"text":"d"}},"valueQuantity":{quantity}}}],"referenceRange":[{{"low":{quantity}}}]"#
            ));
            let exactly = vec![format!(r#""value":{number}{}"#, if unit.is_empty() { "}" } else { "," })];
            all.push(("a decimal", "Observation", body, exactly));
        }
        let samples = format!(
            r#""valueSampledData":{{"origin":{{"value":{number}}},"period":{number},"factor":{number},"dimensions":1,"data":"1 2"}}"#
        );
        all.push((
            "a decimal of samples",
            "Observation",
            observation(&samples),
            vec![format!(r#""factor":{number},"#)],
        ));
    }
    all
}

/// Without what the server owns.
fn plain(mut resource: Value) -> Value {
    let Some(members) = resource.as_object_mut() else { return resource };
    if let Some(meta) = members.get_mut("meta").and_then(Value::as_object_mut) {
        for owned in ["versionId", "lastUpdated", "source"] {
            meta.remove(owned);
        }
        if meta.is_empty() {
            members.remove("meta");
        }
    }
    resource
}

/// What is wrong with what is read back.
async fn lost(session: &Session<'_>, kind: &str, id: &str, body: &str, exactly: &[String]) -> Vec<String> {
    let mut sent: Value = serde_json::from_str(body).expect("JSON");
    sent["id"] = id.into();
    let (read, version) =
        (session.get(&format!("{kind}/{id}")).await, session.get(&format!("{kind}/{id}/_history/1")).await);
    let found = session.get(&format!("{kind}?_id={id}")).await;
    let mut wrong = Vec::new();
    for (way, reply, value) in [
        ("read", &read, read.json()),
        ("vread", &version, version.json()),
        ("search", &found, found.json()["entry"][0]["resource"].clone()),
    ] {
        if plain(value) != plain(sent.clone()) {
            wrong.push(format!("{way} gives {}", reply.text.chars().take(600).collect::<String>()));
        }
        wrong.extend(
            exactly.iter().filter(|text| !reply.text.contains(*text)).map(|text| format!("{way} has not {text}")),
        );
    }
    wrong
}

/// Sends each by PUT, by POST and in a transaction.
async fn keep(all: Vec<Kept>) {
    let app = TestApp::start().await;
    let session = app.source("x").await;
    let home = session.put("Patient/kept", patient("")).await;
    assert_eq!(home.status, 201, "{}", home.text);
    let mut wrong = Vec::new();
    for (at, (name, kind, body, exactly)) in all.iter().enumerate() {
        let body = body.replace("\"id\":\"kept\"", &format!("\"id\":\"r{at}\""));
        let title = format!("{name} {kind} {}", body.chars().take(200).collect::<String>());
        let put = session.put(&format!("{kind}/r{at}"), &body).await;
        let mut ways: Vec<(&str, Reply)> = vec![("PUT", put)];
        ways.push(("POST", session.post(kind, format!("  {body}\r\n\t")).await));
        let entry = format!(r#"{{"resource":{body},"request":{{"method":"POST","url":"{kind}"}}}}"#);
        ways.push(("transaction", session.post("", transaction(&[&entry])).await));
        for (way, reply) in ways {
            if !reply.status.is_success() {
                wrong.push(format!("{way} of {title}: {} {}", reply.status, reply.text));
                continue;
            }
            let place = match way {
                "transaction" => {
                    reply.json()["entry"][0]["response"]["location"].as_str().expect("location").to_owned()
                }
                _ => reply.header("Location").to_owned(),
            };
            let id = place.split('/').rev().nth(2).expect("an id");
            wrong.extend(
                lost(&session, kind, id, &body, exactly)
                    .await
                    .into_iter()
                    .map(|words| format!("{way} of {title}: {words}")),
            );
        }
    }
    for line in &wrong {
        println!("- {}", line.chars().take(600).collect::<String>());
    }
    assert!(wrong.is_empty(), "{} findings in {} resources", wrong.len(), all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_but_right_is_kept_as_sent() {
    keep(unusual()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decimals_are_kept_as_written() {
    keep(decimals()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_values_are_kept() {
    keep(big()).await;
}
