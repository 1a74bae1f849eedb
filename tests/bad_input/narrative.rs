//! Narrative goes into clinicians' browsers: what R4 §2.4.1 keeps out of it, however it is written.

use serde_json::json;

use super::table::{Judge, resource};
use crate::common::TestApp;

/// Inside of a div that has to be refused.
#[rustfmt::skip]
const REFUSED: &[(&str, &str)] = &[
    ("a script", "<script>alert(1)</script>"),
    ("a script in capitals", "<SCRIPT>alert(1)</SCRIPT>"),
    ("a script with a source", "<p>a</p><script src=\"http://x/a.js\"/>"),
    ("a script over two lines", "<script\n>alert(1)</script\n>"),
    ("an event", "<p onclick=\"alert(1)\">a</p>"),
    ("an event with blanks about its sign", "<p onclick = \"alert(1)\">a</p>"),
    ("an event after a line feed", "<p\nonclick\n=\n'alert(1)'>a</p>"),
    ("an event in capitals", "<p ONCLICK=\"alert(1)\">a</p>"),
    ("an event after an attribute that holds a sign", "<img alt=\">\" src=\"x\" onerror=\"alert(1)\"/>"),
    ("an event of an image", "<img src=\"#a\" onerror=\"alert(1)\"/>"),
    ("a script address", "<a href=\"javascript:alert(1)\">a</a>"),
    ("a script address in capitals", "<a href=\"JavaScript:alert(1)\">a</a>"),
    ("a script address as character references", "<a href=\"java&#115;cript:alert(1)\">a</a>"),
    ("a script address with a tab", "<a href=\"java&#9;script:alert(1)\">a</a>"),
    ("a script address of another kind", "<a href=\"vbscript:alert(1)\">a</a>"),
    ("a document in an address", "<a href=\"data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;\">a</a>"),
    ("an inner frame", "<iframe src=\"http://x\"/>"),
    ("an object", "<object data=\"http://x\"/>"),
    ("an embedded thing", "<embed src=\"http://x\"/>"),
    ("a form", "<form action=\"http://x\"><input name=\"a\"/></form>"),
    ("an input", "<input type=\"text\"/>"),
    ("a base", "<base href=\"http://x\"/>"),
    ("a link", "<link rel=\"stylesheet\" href=\"http://x\"/>"),
    ("a head", "<head><title>a</title></head>"),
    ("a body", "<body>a</body>"),
    ("a meta", "<meta http-equiv=\"refresh\" content=\"0;url=http://x\"/>"),
    ("a drawing that runs", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
    ("a style sheet", "<style>@import 'http://x';</style>"),
    ("nothing but white space", " \n\t "),
    ("a tag that is not closed", "<p>a"),
    ("tags that cross", "<b><i>a</b></i>"),
    ("an ampersand that begins nothing", "a & b"),
    ("a reference to an entity that is not there", "&banana;"),
    ("two divs", "a</div><div xmlns=\"http://www.w3.org/1999/xhtml\">b"),
];

/// Inside of a div that R4 allows.
const ALLOWED: &[&str] = &[
    "plain",
    " a\r\n\t b  c ",
    "<p>The child said: this happened once, only = once.</p>",
    "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td colspan=\"2\">on = off</td></tr></tbody></table>",
    "<a href=\"http://x/?a=1&amp;b=2\">a</a> <a name=\"here\"/> <img src=\"#pic\" alt=\"1 &gt; 0\"/>",
    "<ul class=\"once\"><li style=\"color: red\">&#233;&#160;&lt;script&gt;</li></ul><br/><hr/>",
    "<h1>a</h1><blockquote>b</blockquote><pre>  c\n  d</pre><sub>e</sub><sup>f</sup><dl><dt>g</dt><dd>h</dd></dl>",
    "<!-- a comment --><span lang=\"cy\" title=\"javascript is an island's script\">ŵ</span>",
];

fn patient(inside: &str) -> String {
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>");
    json!({"resourceType": "Patient", "id": "kept", "text": {"status": "generated", "div": div}}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrative_that_could_run_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    for (name, inside) in REFUSED {
        judge.ask(resource(name, "Patient", patient(inside), 400, "", "Patient.text.div", &[])).await;
    }
    for (name, div) in [
        ("no div", "plain"),
        ("another element", "<p xmlns=\"http://www.w3.org/1999/xhtml\">a</p>"),
        ("a div that is not closed", "<div xmlns=\"http://www.w3.org/1999/xhtml\">a"),
        ("text before the div", "a<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"),
        ("a divider", "<divider>a</div>"),
        (
            "a document type",
            "<!DOCTYPE div [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><div xmlns=\"http://www.w3.org/1999/xhtml\">&e;</div>",
        ),
    ] {
        let body =
            json!({"resourceType": "Patient", "id": "kept", "text": {"status": "generated", "div": div}}).to_string();
        judge.ask(resource(name, "Patient", body, 400, "", "Patient.text.div", &[])).await;
    }
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrative_that_r4_allows_is_kept_to_the_byte() {
    let app = TestApp::start().await;
    let session = app.source("x").await;
    let mut wrong = Vec::new();
    for inside in ALLOWED {
        let body = patient(inside);
        let reply = session.put("Patient/kept", &body).await;
        if !reply.status.is_success() {
            wrong.push(format!("{inside}: {} {}", reply.status, reply.text));
            continue;
        }
        let sent: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let read = session.get("Patient/kept").await.json();
        assert_eq!(read["text"], sent["text"], "{inside}");
    }
    assert!(wrong.is_empty(), "refused:\n{}", wrong.join("\n"));
}
