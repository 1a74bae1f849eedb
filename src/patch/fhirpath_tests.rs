//! FHIRPath Patch by R4's rules: what each operation does to which element, and what is refused.

use super::*;
use crate::fhir::decode;

/// `type path [name|index|source destination] [value as a Parameters member]`, one operation a line.
fn parameters(lines: &str) -> Object {
    let operations = lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let mut words = line.split(" | ");
        let (kind, path) = (words.next().expect("type"), words.next().expect("path"));
        let mut parts = vec![
            format!(r#"{{"name":"type","valueCode":"{kind}"}}"#),
            format!(r#"{{"name":"path","valueString":{}}}"#, Json::string(path)),
        ];
        for (name, member) in match kind {
            "add" => vec![("name", "valueString"), ("value", "")],
            "insert" => vec![("index", "valueInteger"), ("value", "")],
            "move" => vec![("source", "valueInteger"), ("destination", "valueInteger")],
            "replace" => vec![("value", "")],
            _ => vec![],
        } {
            let word = words.next().expect(line);
            parts.push(match member {
                "" => format!(r#"{{"name":"{name}",{word}}}"#),
                "valueString" => format!(r#"{{"name":"{name}","valueString":"{word}"}}"#),
                _ => format!(r#"{{"name":"{name}","{member}":{word}}}"#),
            });
        }
        format!(r#"{{"name":"operation","part":[{}]}}"#, parts.join(","))
    });
    let list = operations.collect::<Vec<_>>().join(",");
    let text = match list.is_empty() {
        true => r#"{"resourceType":"Parameters"}"#.to_owned(),
        false => format!(r#"{{"resourceType":"Parameters","parameter":[{list}]}}"#),
    };
    let Ok(Json::Object(object)) = Json::parse(text.as_bytes()) else { panic!("{text}") };
    assert_eq!(decode::check(&object), [], "{text}");
    object
}

fn patched(resource: &str, lines: &str) -> Result<String, String> {
    let Ok(Json::Object(resource)) = Json::parse(resource.as_bytes()) else { panic!("{resource}") };
    let operations = parse(&parameters(lines)).map_err(|error| error.to_string())?;
    apply(resource, &operations, 100_000).map(|json| json.to_string()).map_err(|error| error.to_string())
}

/// A Patient with these members.
fn patient(members: &str) -> String {
    match members.is_empty() {
        true => r#"{"resourceType":"Patient"}"#.to_owned(),
        false => format!(r#"{{"resourceType":"Patient",{members}}}"#),
    }
}

/// Patient before, operations, Patient after.
#[rustfmt::skip]
const DONE: &[(&str, &str, &str)] = &[
    (r#""birthDate":"1920-01-01""#, "", r#""birthDate":"1920-01-01""#),
    (r#""birthDate":"1920-01-01""#, r#"replace | Patient.birthDate | "valueDate":"1930-01-01""#, r#""birthDate":"1930-01-01""#),
    (r#""birthDate":"1920-01-01""#, r#"replace | birthDate | "valueString":"1930-01-01""#, r#""birthDate":"1930-01-01""#),
    (r#""birthDate":"1920-01-01""#, "delete | Patient.birthDate", ""),
    ("", "delete | Patient.birthDate", ""),
    ("", "delete | Patient.contact[3].name.family", ""),
    ("", r#"add | Patient | birthDate | "valueDate":"1930-01-01""#, r#""birthDate":"1930-01-01""#),
    // What has an element's extensions is the element, with or without a value.
    (r#""birthDate":"1920","_birthDate":{"id":"b"}"#, r#"replace | Patient.birthDate | "valueDate":"1930""#, r#""birthDate":"1930""#),
    (r#""birthDate":"1920","_birthDate":{"id":"b"}"#, "delete | Patient.birthDate", ""),
    (r#""birthDate":"1920""#, r#"add | Patient.birthDate | extension | "valueString":"x""#, "!extension"),
    (r#""birthDate":"1920","gender":"male""#, r#"add | Patient.birthDate | extension | "part":[{"name":"url","valueUri":"u"},{"name":"value","valueInteger":1}]"#, r#""birthDate":"1920","_birthDate":{"extension":[{"url":"u","valueInteger":1}]},"gender":"male""#),
    (r#""birthDate":"1920","_birthDate":{"extension":[{"url":"u","valueInteger":1}]}"#, "delete | Patient.birthDate.extension('u')", r#""birthDate":"1920""#),
    (r#""birthDate":"1920","_birthDate":{"extension":[{"url":"u","valueInteger":1}]}"#, r#"replace | Patient.birthDate.extension('u').value | "valueDecimal":1.50"#, r#""birthDate":"1920","_birthDate":{"extension":[{"url":"u","valueDecimal":1.50}]}"#),
    // Nested, and complex.
    (r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#, r#"replace | Patient.contact[0].gender | "valueCode":"female""#, r#""contact":[{"name":{"text":"a"},"gender":"female"}]"#),
    (r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#, r#"replace | Patient.contact[0].name.text | "valueString":"b""#, r#""contact":[{"name":{"text":"b"},"gender":"male"}]"#),
    (r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#, "delete | Patient.contact[0].name.text", r#""contact":[{"gender":"male"}]"#),
    (r#""contact":[{"name":{"text":"a"}}],"active":true"#, "delete | Patient.contact[0].name.text", r#""active":true"#),
    (r#""contact":[{"name":{"text":"a"}}]"#, r#"add | Patient.contact[0] | gender | "valueCode":"male""#, r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#),
    ("", r#"add | Patient | maritalStatus | "valueCodeableConcept":{"text":"married"}"#, r#""maritalStatus":{"text":"married"}"#),
    (r#""maritalStatus":{"id":"1","text":"married"}"#, r#"replace | Patient.maritalStatus | "valueCodeableConcept":{"id":"2","text":"not"}"#, r#""maritalStatus":{"id":"2","text":"not"}"#),
    ("", r#"add | Patient | contact | "part":[{"name":"name","valueHumanName":{"text":"a"}},{"name":"telecom","valueContactPoint":{"system":"phone","value":"1"}},{"name":"telecom","valueContactPoint":{"system":"phone","value":"2"}}]"#, r#""contact":[{"name":{"text":"a"},"telecom":[{"system":"phone","value":"1"},{"system":"phone","value":"2"}]}]"#),
    (r#""contact":[{"gender":"male"}]"#, "delete | Patient.contact[0]", ""),
    // Choices go by their name; another type takes the place of the old one.
    (r#""deceasedBoolean":false,"active":true"#, r#"replace | Patient.deceased | "valueDateTime":"2020""#, r#""deceasedDateTime":"2020","active":true"#),
    (r#""deceasedBoolean":false"#, r#"replace | Patient.deceased.ofType(boolean) | "valueBoolean":true"#, r#""deceasedBoolean":true"#),
    (r#""deceasedBoolean":false"#, "delete | Patient.deceased.ofType(dateTime)", r#""deceasedBoolean":false"#),
    (r#""deceasedBoolean":false"#, "delete | Patient.deceased.where($this is boolean)", ""),
    (r#""deceasedBoolean":false"#, "delete | (Patient.deceased as boolean)", ""),
    ("", r#"add | Patient | deceased | "valueBoolean":true"#, r#""deceasedBoolean":true"#),
    // Lists.
    (r#""identifier":[{"value":"1"},{"value":"2"}]"#, r#"insert | Patient.identifier | 2 | "valueIdentifier":{"value":"3"}"#, r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"}]"#, r#"insert | Patient.identifier | 0 | "valueIdentifier":{"value":"3"}"#, r#""identifier":[{"value":"3"},{"value":"1"},{"value":"2"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"}]"#, r#"add | Patient | identifier | "valueIdentifier":{"value":"3"}"#, r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"}]"#, "delete | Patient.identifier[1]", r#""identifier":[{"value":"1"},{"value":"3"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"}]"#, "delete | Patient.identifier.last()", r#""identifier":[{"value":"1"},{"value":"2"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"}]"#, "delete | Patient.identifier.first()", r#""identifier":[{"value":"2"},{"value":"3"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"}]"#, "move | Patient.identifier | 3 | 1", r#""identifier":[{"value":"1"},{"value":"4"},{"value":"2"},{"value":"3"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"}]"#, "move | Patient.identifier | 0 | 3", r#""identifier":[{"value":"2"},{"value":"3"},{"value":"4"},{"value":"1"}]"#),
    (r#""identifier":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"}]"#, "move | Patient.identifier | 3 | 0\nmove | Patient.identifier | 3 | 1\nmove | Patient.identifier | 3 | 2", r#""identifier":[{"value":"4"},{"value":"3"},{"value":"2"},{"value":"1"}]"#),
    // A list of primitives with extensions keeps them beside their items.
    (r#""name":[{"given":["a","b"],"_given":[null,{"id":"x"}]}]"#, r#"insert | Patient.name.given | 0 | "valueString":"c""#, r#""name":[{"given":["c","a","b"],"_given":[null,null,{"id":"x"}]}]"#),
    (r#""name":[{"given":["a","b"],"_given":[null,{"id":"x"}]}]"#, "move | Patient.name.given | 1 | 0", r#""name":[{"given":["b","a"],"_given":[{"id":"x"},null]}]"#),
    (r#""name":[{"given":["a","b"],"_given":[null,{"id":"x"}]}]"#, "delete | Patient.name.given[1]", r#""name":[{"given":["a"]}]"#),
    (r#""name":[{"given":["a","b"]}]"#, r#"replace | Patient.name[0].given[1] | "valueString":"c","_valueString":{"id":"y"}"#, r#""name":[{"given":["a","c"],"_given":[null,{"id":"y"}]}]"#),
    (r#""name":[{"given":["a","b"],"_given":[null,{"id":"x"}]}]"#, "delete | Patient.name.given[1].id", r#""name":[{"given":["a","b"]}]"#),
    // Conditions.
    (r#""identifier":[{"use":"usual","system":"s","value":"1"},{"system":"s","value":"2"}]"#, r#"replace | Patient.identifier.where(system = 's' and value = '2').value | "valueString":"3""#, r#""identifier":[{"use":"usual","system":"s","value":"1"},{"system":"s","value":"3"}]"#),
    (r#""identifier":[{"use":"usual","value":"1"},{"value":"2"}]"#, "delete | Patient.identifier.where(use.exists())", r#""identifier":[{"value":"2"}]"#),
    (r#""identifier":[{"use":"usual","value":"1"},{"use":"old","value":"2"}]"#, "delete | Patient.identifier.where((use = 'old' or use = 'temp') and value != '1')", r#""identifier":[{"use":"usual","value":"1"}]"#),
    (r#""identifier":[{"value":"it's"},{"value":"2"}]"#, r"delete | Patient.identifier.where(value = 'it\'s')", r#""identifier":[{"value":"2"}]"#),
    (r#""contact":[{"name":{"family":"a"}},{"name":{"family":"b"}}]"#, r#"add | Patient.contact.where(name.family = 'b') | gender | "valueCode":"other""#, r#""contact":[{"name":{"family":"a"}},{"name":{"family":"b"},"gender":"other"}]"#),
    (r#""multipleBirthInteger":2"#, r#"replace | Patient.multipleBirth.where($this = 2.0) | "valueInteger":3"#, r#""multipleBirthInteger":3"#),
    (r#""name":[{"period":{"start":"2020-01-01"}}]"#, "delete | Patient.name.where(period.start = @2020-01-01)", ""),
    // A number keeps its digits, a member its place.
    (r#""extension":[{"url":"u","valueDecimal":1.50}],"active":true"#, r#"add | Patient | gender | "valueCode":"male""#, r#""extension":[{"url":"u","valueDecimal":1.50}],"active":true,"gender":"male""#),
    (r#""contained":[{"resourceType":"Organization","id":"o","name":"a"}]"#, r#"replace | Patient.contained[0].name | "valueString":"b""#, r#""contained":[{"resourceType":"Organization","id":"o","name":"b"}]"#),
];

#[test]
fn operations_do_what_r4_says() {
    for (before, lines, after) in DONE {
        let got = patched(&patient(before), lines);
        match after.strip_prefix('!') {
            Some(words) => assert!(got.expect_err(lines).contains(words), "{lines}"),
            None => assert_eq!(got, Ok(patient(after)), "{lines}"),
        }
    }
}

#[test]
fn what_cannot_be_done_names_the_operation_and_the_path() {
    let before = patient(
        r#""active":true,"birthDate":"1920","name":[{"given":["a","b"]},{"given":["c"]}],"identifier":[{"use":"official","value":"1"}]"#,
    );
    #[rustfmt::skip]
    let rows = [
        (r#"replace | Patient.gender | "valueCode":"male""#, "operation 0 (Patient.gender): the path leads to nothing"),
        ("delete | Patient.gender\nreplace | Patient.gender | \"valueCode\":\"male\"", "operation 1 (Patient.gender)"),
        (r#"add | Patient.identifier.where(use = 'official').period | end | "valueDate":"2021-12-01""#, "leads to nothing"),
        (r#"add | Patient | birthDate | "valueDate":"1930""#, "replace it"),
        (r#"add | Patient.name | text | "valueString":"x""#, "leads to 2 elements"),
        ("delete | Patient.name", "leads to 2 elements"),
        (r#"replace | Patient.name.given | "valueString":"x""#, "leads to 3 elements"),
        ("delete | Patient", "the resource itself"),
        (r#"insert | Patient.name.given | 0 | "valueString":"x""#, "one whole list"),
        (r#"insert | Patient.name[1] | 0 | "valueHumanName":{"text":"x"}"#, "one whole list"),
        (r#"insert | Patient.birthDate | 0 | "valueDate":"1930""#, "does not repeat"),
        (r#"insert | Patient.telecom | 0 | "valueContactPoint":{"use":"home"}"#, "begin a list with add"),
        (r#"insert | Patient.name | 3 | "valueHumanName":{"text":"x"}"#, "has 2 items"),
        ("move | Patient.name | 0 | 2", "has 2 items"),
        ("move | Patient.name | 2 | 0", "has 2 items"),
        (r#"add | Patient | colour | "valueString":"red""#, "no element \"colour\""),
        ("delete | Patient.colour", "no element \"colour\""),
        ("delete | Observation.status", "is a Patient"),
        ("delete | Banana.status", "no resource type"),
        (r#"replace | Patient.birthDate | "valueHumanName":{"text":"x"}"#, "is of type date"),
        (r#"add | Patient | deceased | "valueString":"x""#, "boolean, dateTime"),
        (r#"add | Patient | contact | "part":[{"name":"colour","valueString":"red"}]"#, "no element \"colour\""),
        (r#"add | Patient | contact | "part":[{"name":"gender","valueCode":"male"},{"name":"gender","valueCode":"male"}]"#, "given twice"),
        ("change | Patient.active", "not one of add"),
        ("delete | Patient.name.where(", "ends too early"),
        ("delete | Patient.name.where(use = 'x'", "ends too early"),
        ("delete | Patient.name.where(use ~ 'x')", "cannot be read"),
        ("delete | Patient.name.resolve()", "resolve()"),
        ("delete | Patient.name.where(use = 'x)", "closing quote"),
        ("delete | Patient..name", "cannot be read"),
        ("delete | Patient.name[-1]", "cannot be read"),
        ("delete | Patient.name[99999999999999999999999]", "cannot be read"),
        ("delete | Patient.name; drop", "cannot be read"),
    ];
    for (lines, words) in rows {
        let error = patched(&before, lines).expect_err(lines);
        assert!(error.contains(words), "{lines}: {error}");
    }
    let deep = format!("delete | Patient.name.where({}use = 'x'{})", "(".repeat(40), ")".repeat(40));
    assert!(patched(&before, &deep).expect_err("deep").contains("too deep"));
}

#[test]
fn parameters_that_are_no_patch_are_refused() {
    let read = |text: &str| {
        let Ok(Json::Object(object)) = Json::parse(text.as_bytes()) else { panic!("{text}") };
        parse(&object).map(|_| ()).map_err(|error| error.to_string())
    };
    for (parameter, words) in [
        (r#"{"name":"change"}"#, "named \"operation\""),
        (r#"{"name":"operation"}"#, "no type"),
        (r#"{"name":"operation","part":[{"name":"type","valueCode":"add"}]}"#, "no name"),
        (r#"{"name":"operation","part":[{"name":"type","valueCode":"delete"}]}"#, "no path"),
        (
            r#"{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"colour","valueCode":"red"}]}"#,
            "colour",
        ),
        (
            r#"{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"a"},{"name":"path","valueString":"b"}]}"#,
            "more than one path",
        ),
        (
            r#"{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"a"}]}"#,
            "no value",
        ),
        (
            r#"{"name":"operation","part":[{"name":"type","valueCode":"move"},{"name":"path","valueString":"a"},{"name":"source","valueInteger":-1}]}"#,
            "no source",
        ),
    ] {
        let error =
            read(&format!(r#"{{"resourceType":"Parameters","parameter":[{parameter}]}}"#)).expect_err(parameter);
        assert!(error.contains(words), "{parameter}: {error}");
    }
}
