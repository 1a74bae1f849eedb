//! From any recipe to the request it stands for, which is sent to both twins.

use std::fmt;

use lcr_facade::resources::spec::Compartment;
use serde_json::{Value, json};

use super::change::{self, change, resource};
use super::query::{encoded, pairs, when};
use super::recipe::{Entry, History, Look, Place, Read, Recipe, Search};
use super::tables::{Tables, moment, pick};

/// A request under /fhir.
#[derive(Clone)]
pub struct Request {
    /// What it is, for those who count.
    pub kind: &'static str,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<String>,
    /// Whether it may change the record.
    pub changes: bool,
}

/// As it is told: moments by their numbers.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: String = self.headers.iter().map(|(name, value)| format!("\n{name}: {value}")).collect();
        let body = self.body.iter().map(|body| format!("\n\n{body}")).collect::<String>();
        let text = format!("{} {}{headers}{body}", self.method, self.path);
        f.write_str(&(0..8).fold(text, |text, n| text.replace(&moment(n), &format!("<moment {n}>"))))
    }
}

const JSON: &str = "application/fhir+json";

/// The request a recipe stands for.
pub fn request(tables: &Tables, recipe: &Recipe) -> Request {
    match recipe {
        Recipe::Look(asked) => look(tables, asked),
        Recipe::Change(asked) => {
            let asked_as = change(tables, asked, false);
            let media = if asked_as.is_json_patch { "application/json-patch+json" } else { JSON };
            let mut headers = Vec::new();
            headers.extend(asked_as.body.is_some().then(|| ("Content-Type", media.to_owned())));
            headers.extend(asked_as.if_match.map(|tag| ("If-Match", tag)));
            headers.extend(asked_as.if_none_exist.map(|criteria| ("If-None-Exist", criteria)));
            headers.extend(prefer(asked.prefer));
            Request {
                kind: asked_as.kind,
                method: asked_as.method,
                path: asked_as.url,
                headers,
                body: asked_as.body.map(|body| body.to_string()),
                changes: true,
            }
        }
        Recipe::Bundle { batch, entries } => {
            let kind = if *batch { "batch" } else { "transaction" };
            let changes = entries.iter().any(|entry| matches!(entry, Entry::Change(_)));
            let entries: Vec<Value> = entries.iter().enumerate().map(|(at, asked)| entry(tables, at, asked)).collect();
            Request {
                changes,
                ..post(kind, String::new(), &json!({"resourceType": "Bundle", "type": kind, "entry": entries}))
            }
        }
    }
}

fn get(kind: &'static str, path: String) -> Request {
    Request { kind, method: "GET", path, headers: Vec::new(), body: None, changes: false }
}

fn post(kind: &'static str, path: String, body: &Value) -> Request {
    let headers = vec![("Content-Type", JSON.to_owned())];
    Request { method: "POST", headers, body: Some(body.to_string()), ..get(kind, path) }
}

fn prefer(n: u8) -> Option<(&'static str, String)> {
    let choices = ["minimal", "representation", "OperationOutcome"];
    (n > 0).then(|| ("Prefer", format!("return={}", pick(&choices, u16::from(n)))))
}

fn entry(tables: &Tables, at: usize, entry: &Entry) -> Value {
    match entry {
        Entry::Look { look: asked, head, known } => {
            let url = look(tables, asked).path;
            let method = if *head { "HEAD" } else { "GET" };
            let mut request = json!({"method": method, "url": url});
            match known % 4 {
                1 => request["ifNoneMatch"] = json!(format!("W/\"{}\"", known / 4 % 3 + 1)),
                2 => request["ifModifiedSince"] = json!(moment(u16::from(known / 4))),
                _ => {}
            }
            json!({"request": request})
        }
        Entry::Change(asked) => {
            let change::Asked { method, url, body, if_match, if_none_exist, .. } = change(tables, asked, true);
            let mut entry = json!({"request": {"method": method, "url": url}});
            for (name, value) in [("ifMatch", if_match), ("ifNoneExist", if_none_exist)] {
                value.into_iter().for_each(|value| entry["request"][name] = json!(value));
            }
            if method == "POST" {
                entry["fullUrl"] = json!(format!("urn:uuid:00000000-0000-4000-8000-00000000000{at}"));
            }
            body.into_iter().for_each(|body| entry["resource"] = body);
            entry
        }
    }
}

fn look(tables: &Tables, look: &Look) -> Request {
    match look {
        Look::Read(asked) => read(tables, asked),
        Look::History(asked) => history(tables, asked),
        Look::Search(asked) => search(tables, asked),
        Look::Everything { patient, parts } => {
            let place = patient.map_or("Patient/".to_owned(), |n| format!("Patient/{}/", tables.id("Patient", n)));
            let one = |(form, n): &(u8, u16)| match form % 5 {
                0 => ("_type", format!("{},{}", tables.seen(*n).name, "Patient")),
                1 => ("_since", when(*n)),
                2 => ("_count", pick(&["3", "5", "1", "50"], *n).to_string()),
                3 => ("start", pick(&["2015", "2019-09-09", "2024"], *n).to_string()),
                _ => ("end", pick(&["2020", "2019-09-09", "2024-02-03"], *n).to_string()),
            };
            let parts: Vec<(String, String)> =
                parts.iter().map(one).map(|(name, value)| (name.to_owned(), value)).collect();
            get("$everything", with(format!("{place}$everything"), &encoded(&parts)))
        }
        Look::Lastn { patient, code, max, more } => {
            let spec = lcr_facade::resources::find("Observation").expect("Observation");
            let category = spec.param("category").expect("category");
            let mut parts = vec![("patient".to_owned(), tables.id("Patient", *patient))];
            parts.push(match code % 4 {
                0 => ("code".to_owned(), tables.value(spec, spec.param("code").expect("code"), code / 4)),
                1 => ("category".to_owned(), tables.value(spec, category, code / 4)),
                2 => ("code:not".to_owned(), "absent".to_owned()),
                _ => ("code".to_owned(), "38341003,13645005".to_owned()),
            });
            parts.extend((*max > 0).then(|| ("max".to_owned(), (max % 4 + 1).to_string())));
            parts.extend(pairs(tables, spec, false, more));
            get("$lastn", format!("Observation/$lastn?{}", encoded(&parts)))
        }
        Look::Match { like, leave_out, number, how } => {
            let mut patient = pick(tables.rows("Patient"), *like).clone();
            let members = patient.as_object_mut().expect("a Patient");
            members.retain(|name, _| name != "meta" && name != "id");
            for (bit, name) in ["identifier", "name", "birthDate", "address", "telecom", "gender"].iter().enumerate() {
                if leave_out >> bit & 1 == 1 {
                    members.remove(*name);
                }
            }
            let system = "https://fhir.nhs.uk/Id/nhs-number";
            number.iter().for_each(|n| patient["identifier"] = json!([{"system": system, "value": tables.number(*n)}]));
            let query =
                ["", "count=1", "onlyCertainMatches=true", "count=2&onlyCertainMatches=false"][usize::from(how % 4)];
            let body = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}]});
            post("$match", with("Patient/$match".to_owned(), query), &body)
        }
        Look::Summary(n) => get("$summary", format!("Patient/{}/$summary", tables.id("Patient", *n))),
        Look::Validate { mode, on, change } => {
            let kind = tables.written(change.ty).name;
            let id = on.map(|n| tables.id(kind, n));
            let body = resource(tables, kind, id.as_deref().or(Some("x")), &change.body);
            let mode = pick(&["create", "update", "delete"], u16::from(*mode)).to_string();
            let place = id.map_or(kind.to_owned(), |id| format!("{kind}/{id}"));
            let parts = json!([{"name": "mode", "valueCode": mode}, {"name": "resource", "resource": body}]);
            post("$validate", format!("{place}/$validate"), &json!({"resourceType": "Parameters", "parameter": parts}))
        }
    }
}

fn with(path: String, query: &str) -> String {
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

fn read(tables: &Tables, read: &Read) -> Request {
    let spec = tables.seen(read.ty);
    let id = tables.id(spec.name, read.id);
    let (kind, mut path) = match read.version {
        None => ("read", format!("{}/{id}", spec.name)),
        Some(n) => ("vread", format!("{}/{id}/_history/{n}", spec.name)),
    };
    match read.form % 6 {
        1 => path.push_str("?_summary=true"),
        2 => path.push_str("?_elements=identifier,subject"),
        3 => path.push_str("?_format=xml"),
        4 => path.push_str("?_summary=text"),
        _ => {}
    }
    let mut request = get(kind, path);
    if read.form % 6 == 5 {
        request.method = "HEAD";
    }
    request.headers.extend(match read.known % 5 {
        1 => Some(("If-None-Match", "W/\"1\"".to_owned())),
        2 => Some(("If-None-Match", "*".to_owned())),
        3 => Some(("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT".to_owned())),
        4 => Some(("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT".to_owned())),
        _ => None,
    });
    request
}

fn history(tables: &Tables, history: &History) -> Request {
    let spec = tables.seen(history.ty);
    let path = match history.level % 3 {
        0 => "_history".to_owned(),
        1 => format!("{}/_history", spec.name),
        _ => format!("{}/{}/_history", spec.name, tables.id(spec.name, history.id)),
    };
    let one = |(form, n): &(u8, u16)| match form % 3 {
        0 => ("_count".to_owned(), pick(&["3", "1", "2", "7", "100"], *n).to_string()),
        1 => ("_since".to_owned(), when(*n)),
        _ => ("_at".to_owned(), when(*n)),
    };
    let parts: Vec<(String, String)> = history.parts.iter().map(one).collect();
    get("history", with(path, &encoded(&parts)))
}

fn search(tables: &Tables, search: &Search) -> Request {
    let spec = tables.seen(search.ty);
    let patient = |n: u16| tables.id("Patient", n);
    let mut parts = Vec::new();
    let across = matches!(search.place, Place::Whole(_) | Place::Base(_));
    let (kind, path) = match &search.place {
        Place::Compartment(n) if spec.compartment != Compartment::Nobody => {
            ("compartment", format!("Patient/{}/{}", patient(*n), spec.name))
        }
        Place::Type | Place::Compartment(_) => ("search", spec.name.to_owned()),
        Place::Whole(n) => ("compartment", format!("Patient/{}/*", patient(*n))),
        Place::Base(types) => {
            let names: Vec<&str> = types.iter().map(|n| tables.seen(*n).name).collect();
            parts.extend((!names.is_empty()).then(|| ("_type".to_owned(), names.join(","))));
            ("search of types", String::new())
        }
    };
    let own: Vec<_> = search
        .parts
        .iter()
        .filter(|part| !across || !matches!(part, super::recipe::Part::Include { .. }))
        .cloned()
        .collect();
    parts.extend(pairs(tables, spec, across, &own));
    if search.way % 5 == 3 {
        parts.push(("_format".to_owned(), "xml".to_owned()));
    }
    let query = encoded(&parts);
    let mut request = match search.way % 5 {
        1 => {
            let slash = if path.is_empty() { "" } else { "/" };
            let headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
            Request { method: "POST", headers, body: Some(query), ..get("_search", format!("{path}{slash}_search")) }
        }
        _ => get(kind, with(path, &query)),
    };
    match search.way % 5 {
        2 if !across => request.method = "HEAD",
        4 => request.headers.push(("Prefer", "handling=lenient".to_owned())),
        _ => {}
    }
    request
}
