//! Owns FHIR's XML (R4 §2.6.1): both ways between it and strict JSON, driven by the element table. No digit, no
//! character and no white space of a narrative is lost or made up on the way, but for what XML cannot hold.

mod bounds;
mod read;
mod write;

pub use bounds::check as bounded;
pub use read::{XmlError, to_json};
pub use write::{fits, from_json};

/// The namespace of every element of a resource.
pub const FHIR: &str = "http://hl7.org/fhir";

/// The namespace of a narrative's `div`.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::json::{Json, Object};

    fn object(text: &str) -> Object {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(object)) => object,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn round(text: &str) -> (String, String) {
        let xml = from_json(&object(text), false);
        let back = to_json(xml.as_bytes()).unwrap_or_else(|error| panic!("{error}: {xml}"));
        (xml, Json::Object(back).to_string())
    }

    #[test]
    fn a_resource_comes_back_as_it_was() {
        for text in [
            r#"{"resourceType":"Patient","id":"a","_id":{"extension":[{"url":"u","valueCode":"x"}]},"active":true}"#,
            r#"{"resourceType":"Patient","name":[{"id":"n","given":["a",null,"b"],"_given":[null,{"id":"g"},null]}]}"#,
            r#"{"resourceType":"Patient","name":[{"_given":[{"id":"g"},{"id":"h"}]}],"_birthDate":{"id":"d"}}"#,
            r#"{"resourceType":"Patient","multipleBirthInteger":-0}"#,
            r#"{"resourceType":"Observation","status":"final","valueQuantity":{"value":1.50e+2},"component":[{"valueSampledData":{"period":0.10}}]}"#,
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"active":false}"#,
            r#"{"resourceType":"Bundle","type":"searchset","total":0,"entry":[{"resource":{"resourceType":"Basic"},"response":{"status":"200","outcome":{"resourceType":"OperationOutcome"}}}]}"#,
            r#"{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","resource":{"resourceType":"Binary","data":"AA=="}},{"name":"c","valueDecimal":1.0}]}]}"#,
            r#"{"resourceType":"Basic","extension":[{"id":"i","url":"a&b\"<","extension":[{"url":"c","valueString":" \t\r\n\u0085\u2028&amp;<b>'\"𝄞\ud7ff "}]}]}"#,
            r#"{"resourceType":"Basic","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">\r\n <p\n> a &amp; <b>b </b><!-- c --></p>\t</div>"}}"#,
        ] {
            let (xml, back) = round(text);
            assert_eq!(
                back,
                text.replace("\\u0085", "\u{85}").replace("\\u2028", "\u{2028}").replace("\\ud7ff", "\u{d7ff}"),
                "{xml}"
            );
            let pretty = from_json(&object(text), true);
            let again = to_json(pretty.as_bytes()).map(|object| Json::Object(object).to_string());
            assert_eq!(again, Ok(back), "{pretty}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced_and_told() {
        let text = r#"{"resourceType":"Basic","id":"a","language":"x\u0001\u0008\u000b\u001f\ufffe\uffff\u007fy"}"#;
        let (xml, back) = round(text);
        assert!(back.contains("\"x\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{7f}y\""), "{xml}");
        assert!(!fits(&Json::Object(object(text))) && fits(&Json::Object(object(&back))));
    }
}
