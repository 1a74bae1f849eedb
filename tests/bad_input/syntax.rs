//! Bodies that are no JSON, or JSON that would change on its way in.

use super::bodies::patient;
use super::table::{Judge, Row, resource};
use crate::common::TestApp;

/// 200 levels of one sign within another.
fn nested(open: &str, core: &str, close: &str, levels: usize) -> String {
    format!("{}{core}{}", open.repeat(levels), close.repeat(levels))
}

fn structure(name: &str, body: impl AsRef<[u8]>, expression: &'static str, words: &[&'static str]) -> Vec<Row> {
    resource(name, "Patient", body, 400, "structure", expression, words)
}

fn not_json() -> Vec<Row> {
    let good = patient(r#""active":true"#);
    let mut rows = Vec::new();
    for (name, body) in [
        ("nothing at all", String::new()),
        ("white space", " \n\t ".to_owned()),
        ("XML", "<Patient xmlns=\"http://hl7.org/fhir\"/>".to_owned()),
        ("a form", "resourceType=Patient&active=true".to_owned()),
        ("a comma too many", patient(r#""active":true,"#)),
        ("single quotes", good.replace('"', "'")),
        ("a member's name without quotes", patient("active:true")),
        ("a comment", good.replace("true", "true /* yes */")),
        ("True", good.replace("true", "True")),
        ("a line feed within a string", patient("\"language\":\"e\nn\"")),
        ("a raw BEL within a string", patient("\"language\":\"e\u{7}n\"")),
        ("a raw NUL within a string", patient("\"language\":\"e\0n\"")),
        ("an unknown escape", patient(r#""language":"\x41""#)),
        ("half a surrogate pair", patient(r#""name":[{"text":"\ud83d"}]"#)),
        ("a surrogate pair in the wrong order", patient(r#""name":[{"text":"\ude00\ud83d"}]"#)),
    ] {
        rows.extend(structure(name, body, "", &["JSON"]));
    }
    for number in ["01", "+1", ".5", "1.", "1e", "NaN", "Infinity", "-Infinity", "0x10", "-", "1_000", "1,5"] {
        rows.extend(structure(
            &format!("the number {number}"),
            patient(&format!(r#""multipleBirthInteger":{number}"#)),
            "",
            &["JSON"],
        ));
    }
    for other in ["[]", "[{\"resourceType\":\"Patient\"}]", "\"Patient\"", "1", "null", "true"] {
        let rows_here = structure(&format!("{other} instead of an object"), other, "", &["object"]);
        // As an entry's resource it has a row of its own among the transactions.
        rows.extend(rows_here.into_iter().take(2));
    }
    for more in ["x", "{}", "}", ",", "]", "\"\"", "null", "\0"] {
        rows.extend(structure(&format!("{more:?} after the end"), format!("{good} {more}"), "", &["after the end"]));
    }
    rows
}

fn bytes() -> Vec<Row> {
    let around = |bytes: &[u8]| {
        let text = patient(r#""name":[{"text":"@"}]"#);
        let (before, after) = text.split_once('@').expect("a place");
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    let mut rows = Vec::new();
    for (name, bytes) in [
        ("a byte that is no UTF-8", &b"\xff"[..]),
        ("an overlong NUL", b"\xc0\x80"),
        ("an overlong slash", b"\xc0\xaf"),
        ("a surrogate in UTF-8", b"\xed\xa0\x80"),
        ("beyond Unicode", b"\xf4\x90\x80\x80"),
        ("half a letter", b"\xc3"),
        ("Latin-1", b"Zo\xeb"),
    ] {
        rows.extend(structure(name, around(bytes), "", &["UTF-8"]));
    }
    let utf_16: Vec<u8> = patient("").encode_utf16().flat_map(u16::to_le_bytes).collect();
    rows.extend(structure("UTF-16", [vec![0xff, 0xfe], utf_16].concat(), "", &["UTF-8"]));
    rows
}

fn names_and_depth() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, members, expression) in [
        ("a member twice", r#""gender":"male","gender":"female""#, ""),
        ("a member twice with the same value", r#""active":true,"active":true"#, ""),
        ("a member twice, once escaped", r#""gender":"male","\u0067ender":"female""#, ""),
        ("resourceType twice", r#""resourceType":"Patient""#, ""),
        ("id twice", r#""id":"kept""#, ""),
        ("a member twice in an array's object", r#""name":[{"family":"a"},{"family":"b","family":"c"}]"#, "name[1]"),
        (
            "a member twice in an extension",
            r#""extension":[{"url":"http://x","valueString":"a","valueString":"b"}]"#,
            "extension[0]",
        ),
        (
            "a member twice three levels down",
            r#""contact":[{"name":{"period":{"start":"2020","start":"2021"}}}]"#,
            "contact[0].name.period",
        ),
        ("an unknown member twice", r#""banana":1,"banana":2"#, ""),
    ] {
        let made = structure(name, patient(members), expression, &["twice"]);
        rows.extend(
            made.into_iter()
                .map(|row| Row { expression: if row.path.is_empty() { "" } else { row.expression }, ..row }),
        );
    }
    let long = "k".repeat(1_000_000);
    rows.extend(
        structure("a name of a million letters twice", patient(&format!(r#""{long}":1,"{long}":2"#)), "", &["twice"])
            .into_iter()
            .take(2),
    );
    rows.extend(
        structure("a name of a million letters", patient(&format!(r#""{long}":1"#)), "", &["R4 has no element"])
            .into_iter()
            .take(2),
    );
    for (name, members) in [
        ("NUL in a string", r#""name":[{"family":"a\u0000b"}]"#),
        ("NUL alone", r#""name":[{"family":"\u0000"}]"#),
        ("NUL in an id of an element", r#""name":[{"id":"\u0000","family":"a"}]"#),
        (
            "NUL in a narrative",
            r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a\u0000</div>"}"#,
        ),
        ("NUL in a member's name", r#""na\u0000me":[]"#),
    ] {
        rows.extend(structure(name, patient(members), "", &["NUL"]));
    }
    let extension = r#"{"url":"http://x","extension":["#;
    for (name, deep) in [
        ("200 arrays deep", format!(r#""name":{}"#, nested("[", "", "]", 200))),
        ("200 objects deep", format!(r#""name":{}"#, nested(r#"{"a":"#, "1", "}", 200))),
        (
            "200 extensions deep",
            format!(r#""extension":[{}]"#, nested(extension, r#"{"url":"http://x","valueString":"a"}"#, "]}", 200)),
        ),
        (
            "200 contained resources deep",
            format!(r#""contained":[{}]"#, nested(r#"{"resourceType":"Patient","contained":["#, "", "]}", 200)),
        ),
        ("100 000 arrays deep", format!(r#""name":{}"#, nested("[", "", "]", 100_000))),
        ("100 000 arrays deep, never closed", format!(r#""name":{}"#, "[".repeat(100_000))),
        ("100 000 objects deep, never closed", format!(r#""name":{}"#, r#"{"a":"#.repeat(100_000))),
    ] {
        rows.extend(structure(name, patient(&deep), "", &["deep"]));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(not_json()).await;
    judge.ask(bytes()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_json_would_change_silently_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(names_and_depth()).await;
    judge.finish().await;
}

/// A body cut at any byte, with a length that fits the cut, is not JSON or not complete.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_cut_anywhere_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    let whole =
        patient(r#""name":[{"family":"Müller","given":["A"]}],"birthDate":"1970-01-01","multipleBirthInteger":2"#);
    let mut rows = Vec::new();
    for at in 0..whole.len() {
        let made = structure(&format!("cut at byte {at}"), &whole.as_bytes()[..at], "", &[]);
        rows.extend(made.into_iter().skip(1).take(1));
    }
    judge.ask(rows).await;
    judge.finish().await;
}
