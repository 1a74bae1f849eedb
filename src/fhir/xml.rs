//! Owns the way from FHIR XML to JSON, through fhirbolt's codec, in its strict mode only: its other
//! modes loop on input they do not know.

use fhirbolt::FhirReleases;
use fhirbolt::element::Element;
use fhirbolt::serde::{DeserializationConfig, DeserializationMode};

use super::json::{Json, Object};

/// Deepest nesting of elements read; the codec itself has no bound.
const MAX_DEPTH: usize = 64;

/// The JSON form of one resource in XML. Checks nothing beyond what the codec does: the decoder comes after.
pub fn to_json(bytes: &[u8]) -> Result<Object, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the XML is not UTF-8".to_owned())?;
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err("the XML has a document type declaration, which FHIR forbids: take it out".to_owned());
    }
    if depth(text) > MAX_DEPTH {
        return Err(format!("the XML is nested deeper than {MAX_DEPTH} levels"));
    }
    let config = DeserializationConfig { mode: DeserializationMode::Strict };
    let element: Element<{ FhirReleases::R4 }> =
        fhirbolt::xml::from_str(text.trim_start_matches('\u{feff}'), Some(config))
            .map_err(|error| format!("the XML cannot be read: {error}"))?;
    let json =
        fhirbolt::json::to_string(&element, None).map_err(|error| format!("the XML has no JSON form: {error}"))?;
    let Ok(Json::Object(mut resource)) = Json::parse(json.as_bytes()) else {
        return Err("the XML has no JSON form".to_owned());
    };
    // The codec trims white space within the narrative; the sender's own text goes back in.
    if let (Some(div), Some(Json::Object(narrative))) = (narrative(text), resource.get("text").cloned()) {
        let mut narrative = narrative;
        narrative.set("div", Json::string(div));
        resource.set("text", Json::Object(narrative));
    }
    Ok(resource)
}

/// The resource's own `<div>…</div>`: the first, if it comes before anything contained.
fn narrative(text: &str) -> Option<&str> {
    let start = text.find("<div")?;
    if text.find("<contained").is_some_and(|contained| contained < start) {
        return None;
    }
    let (mut level, mut at) = (0_usize, start);
    loop {
        let open = text[at..].find("<div").map(|i| at + i);
        let close = text[at..].find("</div>").map(|i| at + i)?;
        match open {
            Some(open) if open < close => {
                let end = open + text[open..].find('>')?;
                level += usize::from(!text[..end].ends_with('/'));
                at = end;
            }
            _ => {
                level = level.checked_sub(1)?;
                at = close + "</div>".len();
                if level == 0 {
                    return text.get(start..at);
                }
            }
        }
    }
}

/// How deep the tags nest, by their signs alone.
fn depth(text: &str) -> usize {
    let (mut level, mut deepest, mut rest) = (0_usize, 0_usize, text);
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if rest.starts_with("!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end..]);
            continue;
        }
        // A tag ends at the first '>' outside quotes.
        let mut quote = None;
        let end = rest.find(|c: char| match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                false
            }
            (Some(open), _) => {
                quote = quote.filter(|_| open != c);
                false
            }
            (None, _) => c == '>',
        });
        let tag = &rest[..end.unwrap_or(rest.len())];
        match tag.as_bytes().first() {
            Some(b'/') => level = level.saturating_sub(1),
            Some(b'!' | b'?') | None => {}
            _ => level += usize::from(!tag.ends_with('/')),
        }
        deepest = deepest.max(level);
        rest = &rest[tag.len()..];
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_becomes_json_with_its_decimals_and_narrative() {
        let xml = "<Observation xmlns=\"http://hl7.org/fhir\"><id value=\"a\"/><text><status value=\"generated\"/>\
                   <div xmlns=\"http://www.w3.org/1999/xhtml\"> <div> x </div> y </div></text><status value=\"final\"/>\
                   <code><text value=\"c\"/></code><valueQuantity><value value=\"1.50\"/></valueQuantity></Observation>";
        let json = Json::Object(to_json(xml.as_bytes()).expect("XML")).to_string();
        assert!(json.contains(r#""value":1.50"#), "{json}");
        assert!(json.contains("<div> x </div> y </div>"), "{json}");
        for bad in [
            "<!DOCTYPE a><Patient/>",
            "<Patient",
            "<Patient xmlns=\"http://hl7.org/fhir\"><banana value=\"1\"/></Patient>",
        ] {
            assert!(to_json(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(to_json("<a b=\"/>\">".repeat(100).as_bytes()).expect_err("deep").contains("deeper"));
        assert!(to_json("<a>".repeat(100).as_bytes()).expect_err("deep").contains("deeper"));
    }
}
