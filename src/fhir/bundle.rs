//! Owns Bundles: the ones sent out, into which stored JSON is copied as it is, and the references
//! within one that came in, which name entries by their fullUrl (R4 §3.1.0.11.2).

use std::collections::HashMap;

use uuid::Uuid;

use super::elements::{TypeDef, is_resource_type, type_def};
use super::json::{Json, Object, write_str};
use super::narrative;
use super::outcome::{Issue, outcome};
use super::reference::{self, Reference};

/// A Bundle being written.
pub struct Writer {
    out: String,
    entries: usize,
}

impl Writer {
    /// Begins a Bundle of this type with its links.
    pub fn new(kind: &str, total: Option<i64>, links: &[(&str, String)]) -> Writer {
        let mut out = format!("{{\"resourceType\":\"Bundle\",\"type\":\"{kind}\"");
        if let Some(total) = total {
            out.push_str(&format!(",\"total\":{total}"));
        }
        if !links.is_empty() {
            let links = links.iter().map(|(relation, url)| {
                Json::object([("relation", Json::string(*relation)), ("url", Json::string(url.clone()))])
            });
            out.push_str(",\"link\":");
            Json::Array(links.collect()).write(&mut out);
        }
        Writer { out, entries: 0 }
    }

    /// Begins a Bundle with these members.
    pub fn headed(head: &Object) -> Writer {
        let mut out = String::new();
        head.write(&mut out);
        out.pop();
        Writer { out, entries: 0 }
    }

    fn entry(&mut self) {
        self.out.push_str(if self.entries == 0 { ",\"entry\":[{" } else { ",{" });
        self.entries += 1;
    }

    fn member(&mut self, name: &str, raw: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out.push_str(raw);
    }

    /// A resource that matched a search.
    pub fn found(&mut self, full_url: &str, resource: &str) {
        self.entry();
        let mut url = String::new();
        write_str(full_url, &mut url);
        self.member("fullUrl", &url);
        self.member("resource", resource);
        self.member("search", "{\"mode\":\"match\"}");
        self.out.push('}');
    }

    /// A resource, of a document.
    pub fn plain(&mut self, full_url: &str, resource: &str) {
        self.entry();
        self.member("fullUrl", &Json::string(full_url).to_string());
        self.member("resource", resource);
        self.out.push('}');
    }

    /// A resource that may be the one meant, with what its `search` says of that.
    pub fn matched(&mut self, full_url: &str, resource: &str, search: &Json) {
        self.entry();
        self.member("fullUrl", &Json::string(full_url).to_string());
        self.member("resource", resource);
        self.member("search", &search.to_string());
        self.out.push('}');
    }

    /// A resource that comes along with the matches.
    pub fn included(&mut self, full_url: &str, resource: &str) {
        self.entry();
        self.member("fullUrl", &Json::string(full_url).to_string());
        self.member("resource", resource);
        self.member("search", "{\"mode\":\"include\"}");
        self.out.push('}');
    }

    /// What the caller should know of the answer. R4 wants a fullUrl of every entry; the same words have the same one.
    pub fn warnings(&mut self, issues: &[Issue]) {
        if !issues.is_empty() {
            let outcome = outcome(issues).to_string();
            let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, outcome.as_bytes());
            self.entry();
            self.member("fullUrl", &Json::string(name.urn().to_string()).to_string());
            self.member("resource", &outcome);
            self.member("search", "{\"mode\":\"outcome\"}");
            self.out.push('}');
        }
    }

    /// An entry with any of its parts, for history and transaction replies.
    pub fn exchange(
        &mut self,
        full_url: Option<&str>,
        resource: Option<&str>,
        request: Option<&Json>,
        response: &Json,
    ) {
        self.entry();
        if let Some(url) = full_url {
            self.member("fullUrl", &Json::string(url).to_string());
        }
        if let Some(resource) = resource {
            self.member("resource", resource);
        }
        if let Some(request) = request {
            self.member("request", &request.to_string());
        }
        self.member("response", &response.to_string());
        self.out.push('}');
    }

    /// What has been written so far, to be sent ahead of the rest.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// The whole text, or what was not yet taken of it.
    pub fn finish(mut self) -> String {
        if self.entries > 0 {
            self.out.push(']');
        }
        self.out.push('}');
        self.out
    }
}

/// Where the entries of a Bundle end up: fullUrl → `Type/id`.
pub type Homes = HashMap<String, String>;

/// Points every link of a resource to where the entry it names ended up. `full_url` is the resource's own entry's.
pub fn resolve(resource: &mut Object, full_url: Option<&str>, homes: &Homes) {
    let root = full_url.and_then(|url| {
        let id = url.rfind('/')?;
        let kind = url[..id].rfind('/')?;
        Some(url[..kind].to_owned()).filter(|root| root.starts_with("http"))
    });
    let resolver = Resolver { homes, root };
    if let Some(def) = resource.text("resourceType").and_then(type_def) {
        resolver.object(resource, def);
    }
}

/// The conditional references of a resource (`Patient?identifier=…`), as they are written.
pub fn conditional(resource: &Object) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(def) = resource.text("resourceType").and_then(type_def) {
        conditions(resource, def, &mut found);
    }
    found
}

fn conditions(object: &Object, def: &TypeDef, found: &mut Vec<String>) {
    for (key, value) in &object.0 {
        let Some((_, kind)) = def.member(key) else { continue };
        let is_reference = def.name == "Reference" && key == "reference";
        for item in value.items() {
            match item {
                Json::String(text) if is_reference && is_conditional(text) => found.push(text.clone()),
                Json::Object(inner) => {
                    let name = if kind.name == "Resource" { inner.text("resourceType") } else { Some(kind.name) };
                    if let Some(def) = name.and_then(type_def) {
                        conditions(inner, def, found);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_conditional(text: &str) -> bool {
    text.split_once('?').is_some_and(|(kind, _)| is_resource_type(kind))
}

struct Resolver<'a> {
    homes: &'a Homes,
    /// The base of the sender's own URLs, against which its relative references are read.
    root: Option<String>,
}

impl Resolver<'_> {
    fn object(&self, object: &mut Object, def: &TypeDef) {
        for (key, value) in &mut object.0 {
            let Some((_, kind)) = def.member(key) else { continue };
            let is_link =
                matches!(kind.name, "uri" | "url" | "oid" | "uuid") || (def.name == "Reference" && key == "reference");
            self.value(value, kind.name, is_link);
        }
    }

    fn value(&self, value: &mut Json, kind: &str, is_link: bool) {
        match value {
            Json::Array(items) => items.iter_mut().for_each(|item| self.value(item, kind, is_link)),
            Json::Object(object) => {
                let name = if kind == "Resource" {
                    object.text("resourceType").map(str::to_owned)
                } else {
                    Some(kind.to_owned())
                };
                if let Some(def) = name.as_deref().and_then(type_def) {
                    self.object(object, def);
                }
            }
            Json::String(text) if is_link => {
                if let Some(home) = self.home(text) {
                    *text = home;
                }
            }
            Json::String(text) if kind == "xhtml" => {
                if let Some(linked) = narrative::relink(text, &|link| self.home(link)) {
                    *text = linked;
                }
            }
            _ => {}
        }
    }

    fn home(&self, link: &str) -> Option<String> {
        if let Some(home) = self.homes.get(link) {
            return Some(home.clone());
        }
        let link = reference::without_version(link);
        if let Some(home) = self.homes.get(link) {
            return Some(home.clone());
        }
        let Reference::Local { kind, id } = reference::parse(link, "") else { return None };
        self.homes.get(&format!("{}/{kind}/{id}", self.root.as_deref()?)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_follow_their_entries() {
        let homes: Homes = [("urn:uuid:1", "Patient/p"), ("http://a/fhir/Patient/7", "Patient/q")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into();
        let text = r#"{"resourceType":"Condition","identifier":[{"system":"urn:uuid:1","value":"urn:uuid:1"}],
            "text":{"status":"generated","div":"<div><a href=\"urn:uuid:1\">x</a></div>"},
            "subject":{"reference":"urn:uuid:1"},"asserter":{"reference":"Patient/7"},"recorder":{"reference":"Patient/8"}}"#;
        let Ok(Json::Object(mut resource)) = Json::parse(text.as_bytes()) else { panic!("JSON") };
        resolve(&mut resource, Some("http://a/fhir/Condition/1"), &homes);
        let shown = Json::Object(resource).to_string();
        for part in [
            r#""subject":{"reference":"Patient/p"}"#,
            r#""asserter":{"reference":"Patient/q"}"#,
            r#""recorder":{"reference":"Patient/8"}"#,
            r#"href=\"Patient/p\""#,
            r#""value":"urn:uuid:1""#,
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }

    #[test]
    fn stored_text_is_copied() {
        let mut writer = Writer::new("searchset", Some(1), &[("self", "http://x/fhir/Patient".into())]);
        writer.found("http://x/fhir/Patient/1", r#"{"a":1.50}"#);
        let text = writer.finish();
        assert!(Json::parse(text.as_bytes()).is_ok() && text.contains(r#""resource":{"a":1.50}"#), "{text}");
        assert_eq!(Writer::new("searchset", None, &[]).finish(), r#"{"resourceType":"Bundle","type":"searchset"}"#);
    }
}
