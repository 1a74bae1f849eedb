//! The record that is asked: who is in it, who is involved in whose care, and the rows of every persona.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use lcr_facade::access::Claims;
use lcr_facade::sandbox;
use lcr_facade::store::Relationship;
use serde_json::{Value, json};

use crate::ask::{Asker, Log, open};
use crate::common::{Session, TestApp};
use crate::rows::{Case, LABELS, Label, Person, Row, about_somebody, cases, example, is_trail, kinds, numbers};

/// A source that is nobody's of the personas.
pub const ELSEWHERE: &str = "https://lcr.example/source/elsewhere";

/// How a persona comes to see anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is their own record.
    Own,
    /// They, or their organisation, are involved in somebody's care in the sandbox.
    Related,
    /// Only by this operation.
    Opened(&'static str),
    /// Not at all.
    Nobody,
}

/// A persona.
pub struct Who {
    pub name: String,
    pub title: String,
    pub claims: Claims,
    pub way: Way,
}

/// The service with its rows.
pub struct World {
    pub app: TestApp,
    pub log: Log,
    pub personas: Vec<Who>,
    /// In the care of all personas who are involved in somebody's.
    pub near: Person,
    /// In nobody's care.
    pub far: Person,
    rows: BTreeMap<String, Vec<Row>>,
    numbers: Mutex<Box<dyn Iterator<Item = String> + Send>>,
    tokens: Mutex<BTreeMap<String, String>>,
}

impl World {
    /// Everything but what is asked of it.
    pub async fn new() -> World {
        let mut numbers: Box<dyn Iterator<Item = String> + Send> = Box::new(numbers());
        let mut person = |id: &str| Person { id: id.to_owned(), number: numbers.next().expect("a number") };
        let (near, far) = (person("near"), person("far"));
        let (app, log) = (TestApp::start().await, Log::default());
        let numbers = Mutex::new(numbers);
        let mut world =
            World { app, log, personas: people(), near, far, rows: BTreeMap::new(), numbers, tokens: Mutex::default() };
        for person in [world.near.clone(), world.far.clone()] {
            world.put(ELSEWHERE, vec![example("Patient", &person.id, &person, Label::N)]).await;
        }
        let mut related = vec![world.near.number.clone()];
        let mut written: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for who in &world.personas {
            let mine: Vec<Row> =
                kinds().into_iter().filter(|kind| !is_trail(kind)).flat_map(|kind| world.plan(who, kind)).collect();
            for row in &mine {
                written.entry(row.source.clone()).or_default().push(row.resource());
                if row.kind == "Patient" && row.case.near {
                    related.push(row.about.number.clone());
                }
            }
            world.rows.insert(who.name.clone(), mine);
        }
        for (source, resources) in written {
            world.put(&source, resources).await;
        }
        world.relate(&related).await;
        world.add_trail().await;
        world.open().await;
        world
    }

    /// The rows of this type for a persona.
    fn plan(&self, who: &Who, kind: &'static str) -> Vec<Row> {
        let row = |case: Case| {
            let (whose, place) = (if case.own { "own" } else { "other" }, if case.near { "in" } else { "out" });
            let id = format!("{}.{kind}.{whose}.{place}.{:?}", who.name, case.label);
            let about = match kind {
                // The other Patients of a patient are others but for one, which another source shares of the same person.
                "Patient" if who.claims.patient.is_some() && case.near && case.label == Label::N => {
                    Person { id: id.clone(), number: self.near.number.clone() }
                }
                "Patient" => self.person(&id),
                _ if case.near => self.near.clone(),
                _ => self.far.clone(),
            };
            let source = who.claims.source.clone().filter(|_| case.own).unwrap_or_else(|| ELSEWHERE.to_owned());
            Row { kind, id, case, source, about }
        };
        cases(kind, who.claims.source.is_some()).into_iter().map(row).collect()
    }

    /// Somebody new; their Patient is not yet there.
    pub fn person(&self, id: &str) -> Person {
        let number = self.numbers.lock().expect("numbers").next().expect("a number");
        Person { id: id.to_owned(), number }
    }

    /// A persona's rows of a type.
    pub fn rows_of(&self, who: &Who, kind: &str) -> Vec<Row> {
        self.rows[&who.name].iter().filter(|row| row.kind == kind).cloned().collect()
    }

    /// Writes resources under their ids as a source.
    pub async fn put(&self, source: &str, resources: Vec<Value>) {
        let session = self.owner(source).await;
        for some in resources.chunks(100) {
            let entries = some.iter().map(|resource| {
                let url = format!(
                    "{}/{}",
                    resource["resourceType"].as_str().expect("type"),
                    resource["id"].as_str().expect("id")
                );
                json!({"resource": resource, "request": {"method": "PUT", "url": url}})
            });
            let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries.collect::<Vec<_>>()});
            let base = self.app.base.clone();
            let reply = session.post(&base, bundle).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
    }

    /// Relates all who are involved in somebody's care in the sandbox to the people with these numbers.
    pub async fn relate(&self, numbers: &[String]) {
        let holders = holders(&self.personas);
        let of = |number: &String| {
            let number = number.clone();
            holders.iter().map(move |(kind, holder)| Relationship {
                nhs_number: number.clone(),
                holder_kind: kind.clone(),
                holder: holder.clone(),
                basis: "referral".to_owned(),
                valid_from: "2000-01-01T00:00:00Z".to_owned(),
                valid_to: None,
                source: "test".to_owned(),
                reason: "test".to_owned(),
            })
        };
        let all: Vec<Relationship> = numbers.iter().flat_map(of).collect();
        let unknown = self.app.store.relate(&all).await.expect("relationships");
        assert!(unknown.is_empty(), "somebody is not there: {unknown:?}");
    }

    /// Adds to every persona's rows an event about each of the two people: of a search, which says what was asked.
    async fn add_trail(&mut self) {
        let officer = self.app.persona("privacy-officer").await.token;
        let mut found = Vec::new();
        for kind in kinds().into_iter().filter(|kind| is_trail(kind)) {
            for (person, near) in [(&self.near, true), (&self.far, false)] {
                let about = format!("patient=Patient/{}", person.id);
                self.owner(ELSEWHERE).await.get(&format!("Patient?_id={}", person.id)).await;
                let officer = Session { app: &self.app, token: officer.clone() };
                let reply = officer.get(&format!("{kind}?{about}&subtype=search-type&_count=1")).await;
                let id = reply.ids().into_iter().next().expect("an event");
                let case = Case { own: false, near, label: Label::N };
                found.push(Row { kind, id, case, source: String::new(), about: person.clone() });
            }
        }
        self.rows.values_mut().for_each(|rows| rows.extend(found.iter().cloned()));
    }

    /// Personas who are involved in nobody's care open the records of those in reach, each in the way they can.
    async fn open(&mut self) {
        for at in 0..self.personas.len() {
            if self.personas[at].way != Way::Nobody {
                continue;
            }
            let who = &self.personas[at];
            let asker = self.asker(who, None).await;
            let mut way = Way::Nobody;
            for operation in ["break-glass", "self-claim"] {
                if way == Way::Nobody && open(&asker, "in reach", operation, &self.near, &[]).await.status == 200 {
                    way = Way::Opened(operation);
                }
            }
            if let Way::Opened(operation) = way {
                for row in self.rows_of(who, "Patient").iter().filter(|row| row.case.near) {
                    open(&asker, "in reach", operation, &row.about, &[]).await;
                }
            }
            self.personas[at].way = way;
        }
    }

    /// A persona at work; one who is a patient with the record of this Patient, or of `near`.
    pub async fn asker(&self, who: &Who, launch: Option<&str>) -> Asker<'_> {
        let own = who.claims.patient.as_ref().map(|_| launch.unwrap_or(&self.near.id).to_owned());
        self.asker_as(&Claims { patient: own, ..who.claims.clone() }).await
    }

    /// Somebody with these claims.
    pub async fn asker_as(&self, claims: &Claims) -> Asker<'_> {
        Asker { session: Session { app: &self.app, token: self.app.token(claims).await }, log: &self.log }
    }

    /// The source of a row, which sees it whatever becomes of it.
    pub async fn owner(&self, source: &str) -> Session<'_> {
        let known = self.tokens.lock().expect("tokens").get(source).cloned();
        let token = match known {
            Some(token) => token,
            None => self.app.source(source).await.token,
        };
        self.tokens.lock().expect("tokens").insert(source.to_owned(), token.clone());
        Session { app: &self.app, token }
    }

    /// Somebody with a row of every type about them, each in every label, by a source that is none of the personas'.
    pub async fn apart(&self, id: &str, label: Label) -> (Person, Vec<Row>) {
        let person = self.person(id);
        let mut rows = Vec::new();
        for kind in kinds().into_iter().filter(|kind| about_somebody(kind)) {
            rows.extend(LABELS.map(|label| Row {
                kind,
                id: format!("{id}.{kind}.{label:?}"),
                case: Case { own: false, near: true, label },
                source: ELSEWHERE.to_owned(),
                about: person.clone(),
            }));
        }
        let patient = example("Patient", id, &person, label);
        self.put(ELSEWHERE, std::iter::once(patient).chain(rows.iter().map(Row::resource)).collect()).await;
        (person, rows)
    }
}

/// Every persona of the sandbox, in the order of its file.
fn people() -> Vec<Who> {
    let text = include_str!("../../sandbox/personas.toml");
    let personas = sandbox::personas().expect("personas.toml");
    let related = related_holders();
    let mut all: Vec<Who> = personas
        .into_iter()
        .map(|(name, persona)| {
            let involved = of(&persona.claims).iter().any(|holder| related.contains(holder));
            let way = match (&persona.claims.patient, involved) {
                (Some(_), _) => Way::Own,
                (None, true) => Way::Related,
                (None, false) => Way::Nobody,
            };
            Who { name, title: persona.title, claims: persona.claims, way }
        })
        .collect();
    all.sort_by_key(|who| text.find(&format!("[{}]", who.name)));
    all
}

/// Those who hold a relationship in the sandbox.
fn related_holders() -> BTreeSet<(String, String)> {
    let told = sandbox::relationships().expect("relationships.csv");
    told.into_iter().map(|told| (told.holder_kind, told.holder)).collect()
}

/// The holders whose relationships are a caller's.
fn of(claims: &Claims) -> Vec<(String, String)> {
    let user = claims.user.iter().map(|user| ("practitioner".to_owned(), user.clone()));
    let organisation = claims.organisation.iter().map(|ods| ("organisation".to_owned(), ods.clone()));
    user.chain(organisation).collect()
}

/// Those of the personas who hold a relationship in the sandbox, as it has them.
fn holders(personas: &[Who]) -> BTreeSet<(String, String)> {
    let told = related_holders();
    personas.iter().flat_map(|who| of(&who.claims)).filter(|holder| told.contains(holder)).collect()
}
