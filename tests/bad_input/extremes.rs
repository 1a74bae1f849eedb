//! Questions at the edges of what can be asked: right, so answered, and never by a fault of the service.

use super::bodies::observation;
use super::table::Judge;
use crate::common::{TestApp, send};

const PREFIXES: [&str; 10] = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

/// The first and last moments, in any zone; a leap second; more decimals than a clock has.
#[rustfmt::skip]
const MOMENTS: &[&str] = &[
    "0001", "0001-01", "0001-01-01", "0001-01-01T00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T13:59+14:00",
    "0001-01-01T00:00:00-12:00", "9999", "9999-12", "9999-12-31", "9999-12-31T23:59", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59.999999999999Z", "9999-12-31T23:59:60+14:00", "2016-12-31T23:59:60Z", "2020-02-29", "2020-01-01T00:00:00.000000000000001Z",
];

#[rustfmt::skip]
const NUMBERS: &[&str] = &["0", "-0", "0.0", "1e400", "-1e400", "1e-400", "1E+5", "12345678901234567890.123456789", "100000000000000000000000000000000000000"];

#[rustfmt::skip]
const UNITS: &[&str] = &["", "||mg", "|http://unitsofmeasure.org|mg", "|http://unitsofmeasure.org|Cel", "|http://unitsofmeasure.org|[pH]", "|http://unitsofmeasure.org|", "|http://x|%{}"];

/// Text that is only text, whatever it looks like.
#[rustfmt::skip]
const TEXTS: &[&str] = &["%", "_", "a%_b", "'", "\"", "';--", "\\", "\\\\", "\\x", "\\,", "a\\", "\u{1}", "\u{7f}", "\u{ffff}", "\u{202e}", "😀", "ß", "İ", "e\u{301}", " ", "$1", "{}", "(", "[a-z]*", "\n", "NULL"];

/// Each question as type, parameter and value.
fn questions() -> Vec<(&'static str, &'static str, String)> {
    let mut questions = Vec::new();
    for prefix in PREFIXES {
        for moment in MOMENTS {
            for (kind, parameter) in [
                ("Patient", "birthdate"),
                ("Observation", "date"),
                ("Observation", "_lastUpdated"),
                ("CarePlan", "activity-date"),
            ] {
                questions.push((kind, parameter, format!("{prefix}{moment}")));
            }
        }
        for number in NUMBERS {
            for unit in UNITS {
                questions.push(("Observation", "value-quantity", format!("{prefix}{number}{unit}")));
            }
            questions.push(("Observation", "code-value-quantity", format!("http://s|c${prefix}{number}")));
        }
    }
    for text in TEXTS {
        for (kind, parameter) in [
            ("Patient", "name"),
            ("Patient", "_id"),
            ("Patient", "identifier"),
            ("Patient", "_profile"),
            ("Observation", "code"),
            ("Observation", "value-string"),
            ("Patient", "_tag"),
        ] {
            questions.push((kind, parameter, (*text).to_owned()));
        }
    }
    let long = "a".repeat(40_000);
    for (kind, parameter) in [
        ("Patient", "name"),
        ("Patient", "_id"),
        ("Patient", "identifier"),
        ("Observation", "code"),
        ("Patient", "phonetic"),
    ] {
        questions.push((kind, parameter, long.clone()));
    }
    for count in ["0", "1", "1000", "99999", "2147483648", "9223372036854775807", "18446744073709551615"] {
        questions.push(("Patient", "_count", count.to_owned()));
    }
    questions
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_at_the_edges_are_answered() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    let valued = observation(
        r#""valueQuantity":{"value":1e300,"system":"http://unitsofmeasure.org","code":"mg"},"effectivePeriod":{"start":"2020"}"#,
    );
    assert_eq!(judge.session.put("Observation/edge", valued.replacen("\"kept\"", "\"edge\"", 1)).await.status, 201);
    for (kind, parameter, value) in questions() {
        let reply = send(judge.session.request(reqwest::Method::GET, kind).query(&[(parameter, &value)])).await;
        if reply.status != 200 || reply.json()["resourceType"] != "Bundle" {
            let shown: String = value.chars().take(60).collect();
            judge.fail(format!(
                "{kind}?{parameter}={shown:?}: {} {}",
                reply.status,
                super::outcome::short(&reply.text)
            ));
        }
    }
    for moment in MOMENTS {
        for path in ["Patient/_history", "Patient/kept/_history"] {
            let reply = send(judge.session.request(reqwest::Method::GET, path).query(&[("_since", moment)])).await;
            if reply.status != 200 {
                judge.fail(format!("{path}?_since={moment}: {} {}", reply.status, super::outcome::short(&reply.text)));
            }
        }
    }
    judge.finish().await;
}
