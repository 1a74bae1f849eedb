//! The table of faults: one row is one request and what has to come of it.

use reqwest::Method;
use serde_json::Value;

use super::bodies;
use super::outcome::{faults, says, short};
use crate::common::{Reply, Session, TestApp, send};

const TYPES: [&str; 6] =
    ["Patient", "Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "CarePlan"];

/// One fault.
#[derive(Clone)]
pub struct Row {
    pub name: String,
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    pub status: u16,
    pub code: &'static str,
    /// A part of the place, or nothing where a fault has no place.
    pub expression: &'static str,
    pub words: Vec<&'static str>,
}

impl Row {
    /// A request without a body.
    pub fn new(
        method: Method,
        path: &str,
        status: u16,
        code: &'static str,
        expression: &'static str,
        words: &[&'static str],
    ) -> Row {
        Row {
            name: String::new(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            status,
            code,
            expression,
            words: words.to_vec(),
        }
    }

    /// With a JSON body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Row {
        self.body = Some(body.into());
        self.header("Content-Type", "application/fhir+json")
    }

    /// With a header, in place of one of that name.
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Row {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub fn named(mut self, name: impl Into<String>) -> Row {
        self.name = name.into();
        self
    }

    fn title(&self) -> String {
        format!("{} [{} {}]", self.name, self.method, short(&self.path).chars().take(80).collect::<String>())
    }
}

/// A resource with a fault, sent each way a resource can come: by POST, by PUT over one that is stored, and in a
/// transaction with a good one.
pub fn resource(
    name: &str,
    kind: &str,
    body: impl AsRef<[u8]>,
    status: u16,
    code: &'static str,
    expression: &'static str,
    words: &[&'static str],
) -> Vec<Row> {
    let body = body.as_ref();
    let post = Row::new(Method::POST, kind, status, code, expression, words).body(body).named(name);
    let put = Row { method: Method::PUT, path: format!("{kind}/kept"), ..post.clone() };
    let mut rows = vec![post, put];
    if let (Ok(text), Ok(_)) = (std::str::from_utf8(body), serde_json::from_slice::<Value>(body)) {
        let entry = format!(r#"{{"resource":{text},"request":{{"method":"PUT","url":"{kind}/kept"}}}}"#);
        let bundle = bodies::transaction(&[&bodies::good_entry(), &entry]);
        let transaction = Row::new(Method::POST, "", status, code, "entry[1]", words).body(bundle);
        rows.push(transaction.named(format!("{name}, in a transaction")));
    }
    rows
}

/// Sends rows and keeps a list of what was answered wrongly.
pub struct Judge<'a> {
    pub session: Session<'a>,
    stored: Vec<i64>,
    kept: Vec<(String, String)>,
    wrong: Vec<String>,
    asked: usize,
}

impl<'a> Judge<'a> {
    /// A service with one resource of each type, all with the id `kept`.
    pub async fn start(app: &'a TestApp) -> Judge<'a> {
        let session = app.source("x").await;
        for (kind, body) in bodies::all() {
            let reply = session.put(&format!("{kind}/kept"), body).await;
            assert_eq!(reply.status, 201, "{kind}: {}", reply.text);
        }
        let mut judge = Judge { session, stored: Vec::new(), kept: Vec::new(), wrong: Vec::new(), asked: 0 };
        judge.stored = judge.count().await;
        judge.kept = judge.read_kept().await;
        judge
    }

    /// How many resources there are of each type, and how many versions.
    async fn count(&self) -> Vec<i64> {
        let one = async |kind: &str| {
            let (search, history) = (format!("{kind}?_total=accurate&_count=0"), format!("{kind}/_history?_count=1"));
            let (search, history) = tokio::join!(self.session.get(&search), self.session.get(&history));
            [search, history].map(|reply| {
                assert_eq!(reply.status, 200, "counting {kind}: {}", reply.text);
                reply.json()["total"].as_i64().expect("total")
            })
        };
        let [a, b, c, d, e, f] = TYPES;
        let counts = tokio::join!(one(a), one(b), one(c), one(d), one(e), one(f));
        [counts.0, counts.1, counts.2, counts.3, counts.4, counts.5].concat()
    }

    async fn read_kept(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for kind in TYPES {
            let (current, history) = (format!("{kind}/kept"), format!("{kind}/kept/_history"));
            let (current, history) = tokio::join!(self.session.get(&current), self.session.get(&history));
            let versions = serde_json::from_str::<Value>(&history.text).unwrap_or_default()["total"].to_string();
            texts.push((current.text, versions));
        }
        texts
    }

    pub async fn ask(&mut self, rows: Vec<Row>) {
        for row in rows {
            let mut request = self.session.request(row.method.clone(), &row.path);
            for (name, value) in &row.headers {
                request = request.header(*name, value.clone());
            }
            if let Some(body) = &row.body {
                request = request.body(body.clone());
            }
            let reply = send(request).await;
            self.judge(&row, &reply).await;
        }
    }

    /// Judges one answer, and what is stored after it.
    pub async fn judge(&mut self, row: &Row, reply: &Reply) {
        self.asked += 1;
        let mut wrong: Vec<String> = Vec::new();
        if reply.status != row.status {
            wrong.push(format!("the status is {}, not {}", reply.status.as_u16(), row.status));
        }
        if !reply.status.is_success() {
            wrong.extend(faults(reply));
        }
        if wrong.is_empty() && !says(reply, row.code, row.expression, &row.words) {
            wrong.push(format!("no issue is {} at {} with {:?}", row.code, row.expression, row.words));
        }
        let stored = self.count().await;
        if stored != self.stored {
            wrong.push(format!("something was stored: {:?} became {stored:?}", self.stored));
            self.stored = stored;
        }
        if !wrong.is_empty() {
            self.wrong.push(format!("{}: {}; the answer was {}", row.title(), wrong.join("; "), short(&reply.text)));
        }
    }

    /// Adds a finding of a test's own.
    pub fn fail(&mut self, words: String) {
        self.wrong.push(words);
    }

    /// The service still answers, what was there is unchanged, and every row was answered rightly.
    pub async fn finish(mut self) {
        for at in 0..50 {
            let reply = self.session.get(&format!("{}/kept", TYPES[at % TYPES.len()])).await;
            if reply.status != 200 {
                self.fail(format!("read {at} afterwards: {} {}", reply.status, short(&reply.text)));
                break;
            }
        }
        let kept = self.read_kept().await;
        let changed: Vec<_> = kept.iter().zip(&self.kept).filter(|(now, before)| now != before).collect();
        if !changed.is_empty() {
            let changed = format!("{changed:?}");
            self.fail(format!("what was stored before has changed: {}", short(&changed)));
        }
        println!("{} faults sent, {} findings", self.asked, self.wrong.len());
        for line in &self.wrong {
            println!("- {line}");
        }
        assert!(self.wrong.is_empty(), "{} findings in {} faults", self.wrong.len(), self.asked);
    }
}
