//! What goes in and out of XML, and what is refused.

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

fn patient(inside: &str) -> String {
    format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>")
}

fn json(xml: &str) -> Result<String, XmlError> {
    to_json(xml.as_bytes()).map(|object| Json::Object(object).to_string())
}

#[test]
fn values_stay_as_they_were_written() {
    for (xml, wanted) in [
        (patient("<active value='true'/>"), r#"{"resourceType":"Patient","active":true}"#),
        (patient("<multipleBirthInteger value='+2'/>"), r#"{"resourceType":"Patient","multipleBirthInteger":2}"#),
        (
            patient("<extension url='u'><valueDecimal value='-1.50E+2'/></extension>"),
            r#"{"resourceType":"Patient","extension":[{"url":"u","valueDecimal":-1.50E+2}]}"#,
        ),
        (
            patient("<name><given value='a'/><given id='x'/><given value='&#x1D11E;&#9;b'/></name>"),
            r#"{"resourceType":"Patient","name":[{"given":["a",null,"𝄞\tb"],"_given":[null,{"id":"x"},null]}]}"#,
        ),
        (
            "\u{feff}<?xml version='1.0' encoding='utf-8'?><?a b?><!-- c -->\n<f:Basic xmlns:f='http://hl7.org/fhir' \
             xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'>\n<!-- d --><f:id value='i'/></f:Basic>"
                .to_owned(),
            r#"{"resourceType":"Basic","id":"i"}"#,
        ),
        // Elements in another order, and repeats with others between.
        (
            patient("<gender value='male'/><name><family value='b'/></name><active value='true'/><name><text value='c'/></name>"),
            r#"{"resourceType":"Patient","gender":"male","name":[{"family":"b"},{"text":"c"}],"active":true}"#,
        ),
    ] {
        assert_eq!(json(&xml).as_deref(), Ok(wanted), "{xml}");
    }
}

#[test]
fn a_narrative_stays_as_it_was_and_stands_alone() {
    let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\"> <div>\r\n x</div > y &#160;<br\n/><!-- z --></div>";
    for (root, inside, wanted) in [
        ("xmlns='http://hl7.org/fhir'", div.to_owned(), div.to_owned()),
        (
            "xmlns='http://hl7.org/fhir' xmlns:h='http://www.w3.org/1999/xhtml'",
            "<h:div class='a>'>b</h:div>".to_owned(),
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\" class='a>'>b</h:div>".to_owned(),
        ),
    ] {
        let xml = format!("<Basic {root}><text><status value='generated'/>{inside}</text></Basic>");
        let resource = to_json(xml.as_bytes()).expect("XML");
        let shown = resource.get("text").and_then(Json::as_object).and_then(|text| text.text("div"));
        assert_eq!(shown, Some(wanted.as_str()));
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let deep = "<extension url='u'>".repeat(40) + &"</extension>".repeat(40);
    for (xml, path, words) in [
        ("<Patient".to_owned(), "", "well-formed"),
        (patient("<a>"), "", "well-formed"),
        (patient("<active value='true' value='false'/>"), "", "well-formed"),
        (patient("<id value='&#0;'/>"), "", "well-formed"),
        (patient("<id value='&#1;'/>"), "", "well-formed"),
        (patient("<id value='&nbsp;'/>"), "", "well-formed"),
        (patient("<id value='\u{1}'/>"), "", "well-formed"),
        (String::new(), "", "well-formed"),
        (
            "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><Patient xmlns='http://hl7.org/fhir'/>".to_owned(),
            "",
            "document type",
        ),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><Patient/>".to_owned(), "", "ISO-8859-1"),
        ("<Patient/>".to_owned(), "", "namespace"),
        ("<Patient xmlns='http://hl7.org/fhir2'/>".to_owned(), "", "namespace"),
        ("<Banana xmlns='http://hl7.org/fhir'/>".to_owned(), "", "resource type"),
        ("<HumanName xmlns='http://hl7.org/fhir'/>".to_owned(), "", "resource type"),
        (patient("<banana value='1'/>"), "Patient.banana", "no element"),
        (patient("<active xmlns='x' value='true'/>"), "Patient.active", "namespace"),
        (patient("<active value='true'/><active value='true'/>"), "Patient.active", "twice"),
        (patient("<active value='TRUE'/>"), "Patient.active", "boolean"),
        (patient("<active/>"), "Patient.active", "empty"),
        (patient("<active value='true'>x</active>"), "Patient.active", "text"),
        (patient("<active v='true'/>"), "Patient.active", "\"v\""),
        (patient("<active xmlns:b='c' b:value='true'/>"), "Patient.active", "\"value\""),
        (patient("<name/>"), "Patient.name[0]", "empty"),
        (patient("<name><family value='a'/></name><name>x</name>"), "Patient.name[1]", "text"),
        (patient("<name value='x'/>"), "Patient.name[0]", "\"value\""),
        (patient("<name><id value='x'/></name>"), "Patient.name[0]", "attribute"),
        (patient("<extension><url value='x'/></extension>"), "Patient.extension[0]", "attribute"),
        (patient("<multipleBirthInteger value=' 1'/>"), "Patient.multipleBirthInteger", "integer"),
        (patient("<multipleBirthInteger value='NaN'/>"), "Patient.multipleBirthInteger", "integer"),
        (patient("<multipleBirthInteger value='01'/>"), "Patient.multipleBirthInteger", "integer"),
        (patient("<multipleBirthInteger value=''/>"), "Patient.multipleBirthInteger", "integer"),
        (
            patient("<extension url='u'><valueDecimal value='+1.0'/></extension>"),
            "Patient.extension[0].valueDecimal",
            "decimal",
        ),
        (patient("<contained/>"), "Patient.contained[0]", "one resource"),
        (patient("<contained><Basic/><Basic/></contained>"), "Patient.contained[0]", "one resource"),
        (patient("<contained>x<Basic/></contained>"), "Patient.contained[0]", "one resource"),
        (patient("<contained><Banana/></contained>"), "Patient.contained[0]", "resource type"),
        (patient("<text><div>x</div></text>"), "Patient.text.div", "1999/xhtml"),
        (patient(&deep), "Patient.extension[0]", "deeper"),
    ] {
        let error = json(&xml).expect_err(&xml);
        assert!(error.path.starts_with(path) && (path.is_empty() == error.path.is_empty()), "{xml}: {error:?}");
        assert!(error.message.contains(words), "{xml}: {error:?}");
    }
}

#[test]
fn a_depth_that_json_may_have_is_read() {
    // Each extension is an array and an object; with the resource and the value that makes 64 levels at most.
    let nested = |n: usize| {
        patient(&format!("{}<valueBoolean value='true'/>{}", "<extension url='u'>".repeat(n), "</extension>".repeat(n)))
    };
    let most = (1..40).rev().find(|n| json(&nested(*n)).is_ok()).expect("some depth");
    assert_eq!(most, 31);
    assert!(Json::parse(json(&nested(most)).expect("JSON").as_bytes()).is_ok());
}
