//! Clients that write and read about one patient, at once and without a pause, and note what they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::journal::{Deed, Journal};
use crate::parts::PATIENCE;

/// Resources of one transaction.
pub const WHOLE: usize = 5;

/// Clients at work.
pub struct Load {
    pub journal: Arc<Journal>,
    pub patient: String,
    ends: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

/// One client.
#[derive(Clone)]
struct One {
    client: Client,
    base: String,
    token: String,
    patient: String,
    name: String,
    journal: Arc<Journal>,
    ends: Arc<AtomicBool>,
}

impl Load {
    /// Makes a patient, and begins.
    pub async fn begin(base: &str, token: &str, name: &str) -> Load {
        let client = Client::builder().timeout(Duration::from_secs(8)).build().expect("a client");
        let patient = patient(&client, base, token).await;
        let (journal, ends) = (Arc::new(Journal::default()), Arc::new(AtomicBool::new(false)));
        let one = |kind: &str| One {
            client: client.clone(),
            base: base.to_owned(),
            token: token.to_owned(),
            patient: patient.clone(),
            name: format!("{name}-{kind}"),
            journal: Arc::clone(&journal),
            ends: Arc::clone(&ends),
        };
        let clients = vec![
            tokio::spawn(one("c").creates()),
            tokio::spawn(one("u").updates()),
            tokio::spawn(one("t").transacts()),
            tokio::spawn(one("r").reads(false)),
            tokio::spawn(one("e").reads(true)),
        ];
        Load { journal, patient, ends, clients }
    }

    /// Waits until both writes and reads were acknowledged after this moment; says how long that took.
    pub async fn back(&self, moment: Instant) -> Duration {
        loop {
            if let Some(time) = self.journal.back_after(moment) {
                return time;
            }
            assert!(moment.elapsed() < PATIENCE, "nothing is acknowledged {PATIENCE:?} after the fault was over");
            assert!(self.clients.iter().all(|client| !client.is_finished()), "a client has ended: see its panic");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets requests under way end, and sends no more.
    pub async fn end(self) -> (Arc<Journal>, String) {
        self.ends.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.expect("a client whose answers were as they should be");
        }
        (self.journal, self.patient)
    }
}

/// The patient of a round, made however long it takes.
async fn patient(client: &Client, base: &str, token: &str) -> String {
    let body = json!({"resourceType": "Patient", "name": [{"family": "Faults"}]}).to_string();
    let began = Instant::now();
    loop {
        let request = client.post(format!("{base}/fhir/Patient")).bearer_auth(token);
        let answer = request.header("Content-Type", "application/fhir+json").body(body.clone()).send().await;
        if let Ok(answer) = answer
            && answer.status() == 201
        {
            let made: Value = answer.json().await.expect("JSON");
            return made["id"].as_str().expect("an id").to_owned();
        }
        assert!(began.elapsed() < PATIENCE, "no patient can be made");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl One {
    fn observation(&self, value: &str) -> Value {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": "faults"},
            "identifier": [{"system": "urn:faults", "value": value}], "subject": {"reference": format!("Patient/{}", self.patient)}})
    }

    fn going_on(&self) -> bool {
        !self.ends.load(Ordering::SeqCst)
    }

    /// Sends, and notes what it is told; a refusal that a fault does not explain ends the test.
    async fn send(&self, deed: Deed, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let mut request = self.client.request(method, format!("{}/fhir{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/fhir+json").body(body.to_string());
        }
        let place = self.journal.sent(deed.clone());
        match self.answer(&deed, request.send().await).await {
            Some((request, made, value)) => {
                self.journal.done(place, request, made);
                Some(value)
            }
            None => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                None
            }
        }
    }

    async fn answer(
        &self,
        deed: &Deed,
        answer: Result<Response, reqwest::Error>,
    ) -> Option<(Uuid, Option<(String, i32)>, Value)> {
        let answer = answer.ok()?;
        let status = answer.status().as_u16();
        let head = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let request = head("x-request-id");
        let made = head("location").and_then(|url| made(&url));
        let retry = head("retry-after");
        // A body that breaks off is no answer.
        let text = answer.text().await.ok()?;
        if status == 503 {
            assert!(retry.is_some() && text.contains("transient"), "a 503 says when to come again: {text}");
            return None;
        }
        assert!(matches!(status, 200 | 201 | 204), "{deed:?} got {status}: {text}");
        let request = request.expect("X-Request-Id").parse().expect("a UUID");
        if text.is_empty() {
            return Some((request, made, Value::Null));
        }
        let value: Value = serde_json::from_str(&text).ok().filter(|_| text.ends_with('}'))?;
        if let Deed::Read(least) = deed {
            let found = value["entry"].as_array().map_or(0, Vec::len);
            assert!(found >= *least, "{found} resources, and {least} were acknowledged before: {deed:?}");
        }
        let version = value["meta"]["versionId"].as_str().and_then(|version| version.parse().ok());
        let made = made.or(value["id"].as_str().map(str::to_owned).zip(version));
        Some((request, made, value))
    }

    async fn creates(self) {
        for number in 0.. {
            if !self.going_on() {
                return;
            }
            let value = format!("{}{number}", self.name);
            let deed = Deed::Create(value.clone());
            let made = self.send(deed, Method::POST, "/Observation", Some(self.observation(&value))).await;
            if let Some(id) = made.filter(|_| number % 4 == 3).and_then(|made| made["id"].as_str().map(str::to_owned)) {
                self.send(Deed::Delete(value), Method::DELETE, &format!("/Observation/{id}"), None).await;
            }
        }
    }

    async fn updates(self) {
        let mut id = None;
        for number in 0.. {
            if !self.going_on() {
                return;
            }
            let value = format!("{}{number}", self.name);
            let mut body = self.observation(&value);
            match &id {
                None => {
                    let made = self.send(Deed::Create(value), Method::POST, "/Observation", Some(body)).await;
                    id = made.and_then(|made| made["id"].as_str().map(str::to_owned));
                }
                Some(id) => {
                    body["id"] = json!(id);
                    self.send(Deed::Update(value), Method::PUT, &format!("/Observation/{id}"), Some(body)).await;
                }
            }
        }
    }

    async fn transacts(self) {
        for number in 0.. {
            if !self.going_on() {
                return;
            }
            let value = format!("{}{number}", self.name);
            let entry = |at: usize| {
                let resource = self.observation(&format!("{value}.{at}"));
                json!({"resource": resource, "request": {"method": "POST", "url": "Observation"}})
            };
            let entries: Vec<Value> = (0..WHOLE).map(entry).collect();
            let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
            self.send(Deed::Transaction(value, WHOLE), Method::POST, "", Some(bundle)).await;
        }
    }

    async fn reads(self, everything: bool) {
        let mut least = 0;
        while self.going_on() {
            let path = match everything {
                true => format!("/Patient/{}/$everything", self.patient),
                false => format!("/Observation?patient={}&_count=50", self.patient),
            };
            let found = self.send(Deed::Read(least), Method::GET, &path, None).await;
            // A client deletes one of four that it made, so there is never more than one less than there was.
            let count = found.and_then(|found| Some(found["entry"].as_array()?.len())).unwrap_or(least);
            least = least.max(count.saturating_sub(1)).min(20);
        }
    }
}

/// The id and version that a Location names.
fn made(url: &str) -> Option<(String, i32)> {
    let (front, version) = url.split_once("/_history/")?;
    Some((front.rsplit('/').next()?.to_owned(), version.parse().ok()?))
}
