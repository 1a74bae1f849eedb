//! Owns the International Patient Summary (http://hl7.org/fhir/uv/ips, STU 2): a document Bundle made of resources that
//! the caller may see. No I/O, no policy: what is withheld is told, never found out, here.
//!
//! Stored resources are copied as text. The narrative is made of the same rows as the entries.

mod entry;
mod front;
mod rows;
pub mod section;
mod source;
mod words;
mod xhtml;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::fhir::bundle::Writer;
use crate::fhir::date;
use crate::fhir::json::{Json, Object};
pub use entry::Entry;
use entry::Label;
use section::{Reason, Shape, Topic, shape};
use source::Sources;

/// The profile of the Composition.
pub const COMPOSITION: &str = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips";
/// The profile of the Bundle.
pub const BUNDLE: &str = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";

/// What every document has of its own.
pub struct Head<'a> {
    /// The service's public base URL.
    pub base: &'a str,
    /// A name no other document has.
    pub id: Uuid,
    pub at: OffsetDateTime,
}

/// What is known of one topic.
pub enum Content {
    Entries {
        entries: Vec<Entry>,
        /// Whether the record holds more than are here.
        more: bool,
    },
    /// The caller may not see the type.
    Withheld,
}

/// The document. Contents are in no order; entries within them newest first.
pub fn document(head: &Head<'_>, patient: &Entry, contents: Vec<(Topic, Content)>) -> String {
    // What is left out below names organisations all the same.
    let mut sources = Sources::default();
    sources.learn(&patient.json);
    for entry in contents.iter().flat_map(|(_, content)| content.entries()) {
        sources.learn(&entry.json);
        sources.learn_title(&entry.json);
    }
    let mut contents: Vec<(&'static Shape, Content)> = contents
        .into_iter()
        .map(|(topic, content)| {
            let shape = shape(topic);
            (shape, tidy(shape, content))
        })
        .collect();
    contents.sort_by_key(|(shape, _)| section::ALL.iter().position(|other| other.topic == shape.topic));
    contents.retain(|(shape, content)| {
        shape.always || matches!(content, Content::Entries { entries, .. } if !entries.is_empty())
    });
    let shown = contents.iter().flat_map(|(_, content)| content.entries()).chain([patient]);
    let label = shown.map(Label::of).max().unwrap_or_default();
    let composition = composition(head, patient, label, &contents, &sources);
    let mut writer = Writer::headed(&bundle_head(head));
    writer.plain(&urn(part(head.id, "composition")), &composition.to_string());
    writer.plain(&patient.url(head.base), &patient.text);
    writer.plain(&urn(part(head.id, "device")), &device(head).to_string());
    for entry in contents.iter().flat_map(|(_, content)| content.entries()) {
        writer.plain(&entry.url(head.base), &entry.text);
    }
    writer.finish()
}

impl Content {
    fn entries(&self) -> &[Entry] {
        match self {
            Content::Entries { entries, .. } => entries,
            Content::Withheld => &[],
        }
    }
}

/// In reading order, without what says nothing.
fn tidy(shape: &Shape, content: Content) -> Content {
    match content {
        Content::Entries { mut entries, more } => {
            entries.retain(|entry| !entry.is_bare_panel());
            if shape.newest {
                entries = entry::newest(entries);
            }
            entries.sort_by_key(Entry::rank);
            Content::Entries { entries, more }
        }
        Content::Withheld => Content::Withheld,
    }
}

/// The id of a part of a document.
fn part(document: Uuid, name: &str) -> Uuid {
    Uuid::new_v5(&document, name.as_bytes())
}

fn urn(id: Uuid) -> String {
    format!("urn:uuid:{id}")
}

fn object(members: Vec<(&str, Json)>) -> Json {
    Json::Object(Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

fn concept(system: &str, code: &str, display: &str) -> Json {
    let coding = Json::object([
        ("system", Json::string(system)),
        ("code", Json::string(code)),
        ("display", Json::string(display)),
    ]);
    Json::object([("coding", Json::Array(vec![coding]))])
}

fn profile(url: &str) -> Json {
    Json::object([("profile", Json::Array(vec![Json::string(url)]))])
}

fn identifier(head: &Head<'_>) -> Json {
    Json::object([("system", Json::string("urn:ietf:rfc:3986")), ("value", Json::string(urn(head.id)))])
}

fn bundle_head(head: &Head<'_>) -> Object {
    let members = [
        ("resourceType", Json::string("Bundle")),
        ("id", Json::string(head.id.to_string())),
        ("meta", profile(BUNDLE)),
        ("language", Json::string("en-GB")),
        ("identifier", identifier(head)),
        ("type", Json::string("document")),
        ("timestamp", Json::string(date::to_instant(head.at))),
    ];
    Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What wrote it: this program, from what sources share.
fn device(head: &Head<'_>) -> Json {
    let name = Json::object([
        ("name", Json::string("London Care Record FHIR facade")),
        ("type", Json::string("user-friendly-name")),
    ]);
    let version = Json::object([("value", Json::string(env!("CARGO_PKG_VERSION")))]);
    object(vec![
        ("resourceType", Json::string("Device")),
        ("id", Json::string(part(head.id, "device").to_string())),
        ("status", Json::string("active")),
        ("deviceName", Json::Array(vec![name])),
        ("type", Json::object([("text", Json::string("Software that makes summaries of a shared care record"))])),
        ("version", Json::Array(vec![version])),
        ("url", Json::string(head.base)),
    ])
}

fn composition(
    head: &Head<'_>,
    patient: &Entry,
    label: Label,
    contents: &[(&'static Shape, Content)],
    sources: &Sources,
) -> Json {
    let name = front::name_of(&patient.json);
    let mut subject = vec![("reference", Json::string(patient.url(head.base)))];
    if !name.is_empty() {
        subject.push(("display", Json::string(name.clone())));
    }
    let author = Json::object([
        ("reference", Json::string(urn(part(head.id, "device")))),
        ("display", Json::string("London Care Record FHIR facade")),
    ]);
    let text = xhtml::div(&front::page(head, patient, sources));
    let sections = contents.iter().map(|(shape, content)| self::section(head, shape, content, sources));
    let title = if name.is_empty() { "Patient summary".to_owned() } else { format!("Patient summary: {name}") };
    object(vec![
        ("resourceType", Json::string("Composition")),
        ("id", Json::string(part(head.id, "composition").to_string())),
        ("meta", profile(COMPOSITION)),
        ("language", Json::string("en-GB")),
        ("text", narrative(text)),
        ("identifier", identifier(head)),
        ("status", Json::string("final")),
        ("type", concept("http://loinc.org", "60591-5", "Patient summary Document")),
        ("subject", object(subject)),
        ("date", Json::string(date::to_instant(head.at))),
        ("author", Json::Array(vec![author])),
        ("title", Json::string(title)),
        ("confidentiality", Json::string(label.code())),
        ("section", Json::Array(sections.collect())),
    ])
}

fn narrative(div: String) -> Json {
    Json::object([("status", Json::string("generated")), ("div", Json::string(div))])
}

fn section(head: &Head<'_>, shape: &Shape, content: &Content, sources: &Sources) -> Json {
    let reason = match content {
        Content::Withheld => Some(Reason::Withheld),
        Content::Entries { entries, .. } if entries.is_empty() => Some(Reason::Unavailable),
        Content::Entries { .. } => None,
    };
    let mut members =
        vec![("title", Json::string(shape.title)), ("code", concept("http://loinc.org", shape.code, shape.display))];
    match (reason, content) {
        (Some(reason), _) => {
            let words = reason.words(shape);
            let (code, display) = reason.coding();
            let mut why = concept("http://terminology.hl7.org/CodeSystem/list-empty-reason", code, display);
            if let Json::Object(why) = &mut why {
                why.set("text", Json::string(words.clone()));
            }
            members.push(("text", narrative(xhtml::div(&xhtml::paragraph(&words)))));
            members.push(("emptyReason", why));
        }
        (None, Content::Entries { entries, more }) => {
            members.push(("text", narrative(section::narrative(shape, entries, *more, sources))));
            let reference = |entry: &Entry| Json::object([("reference", Json::string(entry.url(head.base)))]);
            members.push(("entry", Json::Array(entries.iter().map(reference).collect())));
        }
        (None, Content::Withheld) => {}
    }
    object(members)
}
