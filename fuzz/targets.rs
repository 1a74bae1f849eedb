//! What is fuzzed: everything that reads what a caller sends. Each target takes any bytes, must come back soon and must not panic;
//! where there is more that always holds, it is asserted. `make check` runs them briefly (tests/fuzz), `make fuzz` for long.

use std::sync::LazyLock;

use lcr_facade::access::scope::Scope;
use lcr_facade::access::{Caller, Interaction};
use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::fhir::{date, decode, narrative, xml};
use lcr_facade::fhirpath::Expression;
use lcr_facade::patch::{Patch, fhirpath, json_patch, xml_patch};
use lcr_facade::profile::{self, Strictness};
use lcr_facade::resources::{self, index};
use lcr_facade::search::cursor::{Cursor, CursorKey};
use lcr_facade::search::{Context, Limits, Search, query};
use lcr_facade::smart;
use lcr_facade::smart::params::Params;
use lcr_facade::smart::{assertion, scopes};
use lcr_facade::store::Plan;

/// A target's name, which is also that of its folder of seeds, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 9] = [
    ("query", query),
    ("json", json),
    ("xml", xml),
    ("json-patch", json_patch),
    ("xml-patch", xml_patch),
    ("fhirpath", fhirpath),
    ("scope", scope),
    ("token", token),
    ("cursor", cursor),
];

const BASE: &str = "https://record.example/fhir";
/// The most that a patch may add: as in earnest, only less, so that what grows without bound is seen sooner.
const MOST: usize = 1 << 20;

static KEY: LazyLock<CursorKey> = LazyLock::new(|| CursorKey::new(vec![7; 32]));
static CALLER: LazyLock<Caller> = LazyLock::new(|| smart::operator("fuzz", "https://source.example"));
static PATIENT: LazyLock<Object> =
    LazyLock::new(|| object(include_bytes!("seeds/json/patient.json")).unwrap_or_default());

fn object(bytes: &[u8]) -> Option<Object> {
    match Json::parse(bytes) {
        Ok(Json::Object(object)) => Some(object),
        _ => None,
    }
}

fn text(value: &Json) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

/// A query string, of the type that its first byte chooses. What was used of it reads the same again: that is what links say.
fn query(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let spec = resources::ALL[usize::from(*choice) % resources::ALL.len()];
    let Ok(pairs) = query::pairs(&String::from_utf8_lossy(rest)) else { return };
    let limits = Limits { page: 20, most_page: 1_000, parameters: 100, values: 200, chain: 3, includes: 1_000 };
    let context = Context { base: BASE, limits, key: &KEY, lenient: choice & 1 == 1, within: None, during: None };
    let read = |pairs: &[(String, String)]| {
        let grant = CALLER.grant(spec, Interaction::Search).expect("the operator may search");
        Search::read(grant, pairs, &context)
    };
    let Ok(search) = read(&pairs) else { return };
    let again = query::encode(search.used());
    let again = read(&query::pairs(&again).expect("a link can be read"))
        .unwrap_or_else(|issues| panic!("the link {again} is refused: {issues:?}"));
    assert_eq!(again.used(), search.used(), "a link of a link");
    let (first, second) = (Plan::of(search), Plan::of(again));
    assert_eq!(first.text(), second.text(), "a link asks something else");
    // Values are binds: no text of the caller's is in the statement.
    if pairs.iter().any(|(_, value)| value.contains("zqj")) {
        assert!(!first.text().contains("zqj"), "a value became SQL: {}", first.text());
    }
}

/// A body in JSON: what is read prints as itself, and what keeps every rule survives XML and back, and has its columns.
fn json(bytes: &[u8]) {
    let Ok(value) = Json::parse(bytes) else { return };
    assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok(), "what no other reader takes was read");
    let printed = text(&value);
    let again = Json::parse(printed.as_bytes()).expect("what was printed can be read");
    assert_eq!(text(&again), printed);
    let Json::Object(resource) = value else { return };
    let refused = !decode::check(&resource).is_empty();
    let _ = profile::check(&resource, Strictness::Enforce);
    if refused {
        return;
    }
    if let Some(spec) = resource.text("resourceType").and_then(resources::find) {
        let _ = index::columns(spec, &resource, BASE);
    }
    let resource = Json::Object(resource);
    if let (true, Json::Object(object)) = (xml::fits(&resource), &resource) {
        let document = xml::from_json(object, false);
        xml::to_json(document.as_bytes()).unwrap_or_else(|error| panic!("{error} in {document}"));
    }
}

/// A body in XML: what is read can be written, and reads as the same again.
fn xml(bytes: &[u8]) {
    let _ = narrative::fault(&String::from_utf8_lossy(bytes));
    let Ok(resource) = xml::to_json(bytes) else { return };
    let document = xml::from_json(&resource, false);
    let again = xml::to_json(document.as_bytes()).unwrap_or_else(|error| panic!("{error} in {document}"));
    assert_eq!(xml::from_json(&again, false), document);
}

fn patched(patch: &Patch) {
    if let Ok(made) = patch.apply(PATIENT.clone(), MOST) {
        let printed = text(&made);
        // It may add no more than it is allowed to.
        assert!(printed.len() < 4 * MOST, "a patch made {} bytes", printed.len());
    }
}

fn json_patch(bytes: &[u8]) {
    if let Ok(document) = Json::parse(bytes)
        && let Ok(operations) = json_patch::parse(document)
    {
        patched(&Patch::Json(operations));
    }
}

fn xml_patch(bytes: &[u8]) {
    if let Ok(operations) = xml_patch::parse(bytes) {
        patched(&Patch::Xml(operations));
    }
}

/// A path, as an expression of its own and as the path of a patch.
fn fhirpath(bytes: &[u8]) {
    let path = String::from_utf8_lossy(bytes);
    let _ = Expression::read(&path);
    let part =
        |name: &str, key: &str, value: &str| Json::object([("name", Json::string(name)), (key, Json::string(value))]);
    let parts = vec![
        part("type", "valueCode", "replace"),
        part("path", "valueString", &path),
        part("value", "valueString", "x"),
    ];
    let operation = Json::object([("name", Json::string("operation")), ("part", Json::Array(parts))]);
    let parameters =
        Json::object([("resourceType", Json::string("Parameters")), ("parameter", Json::Array(vec![operation]))]);
    if let Json::Object(parameters) = parameters
        && let Ok(operations) = fhirpath::parse(&parameters)
    {
        patched(&Patch::FhirPath(operations));
    }
}

/// Scopes: what two have in common is within both.
fn scope(bytes: &[u8]) {
    let said = String::from_utf8_lossy(bytes);
    let _ = scopes::unknown(&said).count();
    let read = Scope::parse_all(&said);
    for (at, one) in read.iter().enumerate().take(8) {
        for other in read.iter().skip(at).take(8) {
            let Some(both) = one.meet(other) else { continue };
            for spec in resources::ALL {
                for interaction in [Interaction::Read, Interaction::Search, Interaction::Create, Interaction::Delete] {
                    if both.allows(spec.name, interaction) {
                        assert!(one.allows(spec.name, interaction) && other.allows(spec.name, interaction), "{said}");
                    }
                }
            }
        }
    }
}

/// A form with a client's assertion, and dates, which tokens, cursors and queries hold.
fn token(bytes: &[u8]) {
    let said = String::from_utf8_lossy(bytes);
    if let Ok(params) = Params::read(&said) {
        let _ = assertion::issuer(&params);
    }
    let form = format!("client_assertion_type={}&client_assertion={said}", assertion::TYPE);
    if let Ok(params) = Params::read(&form) {
        let _ = assertion::issuer(&params);
    }
    for span in
        [date::parse_date(&said), date::parse_date_time(&said), date::parse_instant(&said), date::parse_search(&said)]
    {
        assert!(span.is_none_or(|span| span.lo <= span.hi), "{said}");
    }
}

/// A cursor: what this service did not make opens nothing, whatever it looks like.
fn cursor(bytes: &[u8]) {
    let said = String::from_utf8_lossy(bytes);
    assert_eq!(KEY.open(&said, "somebody"), None, "a cursor was made by guessing: {said}");
    let made = Cursor { keys: said.chars().map(String::from).take(4).collect(), back: bytes.len().is_multiple_of(2) };
    let sealed = KEY.seal(&made, "somebody");
    assert_eq!(KEY.open(&sealed, "somebody").as_ref(), Some(&made));
    assert_eq!(KEY.open(&sealed, "another"), None);
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return };
    let mut forged = sealed.clone().into_bytes();
    let at = usize::from(*first) % forged.len();
    forged[at] ^= 1 + (last & 0x3f);
    if let Ok(forged) = String::from_utf8(forged)
        && let Some(opened) = KEY.open(&forged, "somebody")
    {
        assert_eq!(opened, made, "a changed cursor says something else");
    }
}
