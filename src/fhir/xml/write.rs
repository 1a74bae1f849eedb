//! Owns JSON → XML. The element table gives the order that XML asks for; what it does not know comes after what it
//! does, so that nothing stored can make an answer fail.

use roxmltree::Document;

use super::{FHIR, XHTML, bounded};
use crate::fhir::elements::{TypeDef, type_def};
use crate::fhir::json::{Json, Object};

/// The XML document of a resource; `pretty`: a line for each element. Characters that XML 1.0 has no way to write
/// (U+0001 and its like, U+FFFE, U+FFFF) are replaced by U+FFFD.
pub fn from_json(resource: &Object, pretty: bool) -> String {
    let out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
    let mut writer = Writer { out, pretty, level: 0 };
    writer.resource(resource, true);
    writer.out
}

/// Whether XML can hold every character of the value.
pub fn fits(value: &Json) -> bool {
    match value {
        Json::String(text) => text.chars().all(is_allowed),
        Json::Array(items) => items.iter().all(fits),
        Json::Object(object) => object.0.iter().all(|(_, value)| fits(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => true,
    }
}

/// The characters of XML 1.0 (§2.2).
fn is_allowed(letter: char) -> bool {
    !matches!(letter, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// A member and its twin: the value, and what stands beside it in `_name`.
struct Member<'a> {
    /// Where R4 has it among its type's elements.
    place: usize,
    name: &'a str,
    value: Option<&'a Json>,
    shadow: Option<&'a Json>,
}

/// The members of an object in the order of the table.
fn members<'a>(object: &'a Object, def: Option<&TypeDef>) -> Vec<Member<'a>> {
    let mut members: Vec<Member<'a>> = Vec::with_capacity(object.0.len());
    for (key, value) in &object.0 {
        let (name, shadow) = key.strip_prefix('_').map_or((key.as_str(), false), |name| (name, true));
        let at = members.iter().position(|member| member.name == name).unwrap_or_else(|| {
            let place = def.and_then(|def| def.place(name)).unwrap_or(usize::MAX);
            members.push(Member { place, name, value: None, shadow: None });
            members.len() - 1
        });
        *(if shadow { &mut members[at].shadow } else { &mut members[at].value }) = Some(value);
    }
    members.sort_by_key(|member| member.place);
    members
}

struct Writer {
    out: String,
    pretty: bool,
    level: usize,
}

impl Writer {
    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.level));
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(value, &mut self.out);
        self.out.push('"');
    }

    /// What `inside` writes, between the element's start tag, which stands there but for its `>`, and its end tag.
    fn close(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        self.out.push('>');
        self.level += 1;
        inside(self);
        self.level -= 1;
        if self.out.len() == start + 1 {
            self.out.truncate(start);
            return self.out.push_str("/>");
        }
        self.line();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn open(&mut self, name: &str) {
        self.line();
        self.out.push('<');
        self.out.push_str(name);
    }

    fn resource(&mut self, object: &Object, outermost: bool) {
        let name = object.text("resourceType").filter(|name| is_name(name)).unwrap_or("Resource");
        self.open(name);
        if outermost {
            self.attribute("xmlns", FHIR);
        }
        let def = type_def(name);
        self.close(name, |writer| {
            for member in members(object, def).iter().filter(|member| member.name != "resourceType") {
                writer.member(member, def);
            }
        });
    }

    fn member(&mut self, member: &Member<'_>, def: Option<&TypeDef>) {
        if !is_name(member.name) {
            return;
        }
        let kind = def.and_then(|def| def.member(member.name)).map_or("", |(_, kind)| kind.name);
        let items = |value: Option<&'_ Json>| value.map_or(0, |value| value.items().len());
        for index in 0..items(member.value).max(items(member.shadow)) {
            let value = nth(member.value, index);
            let shadow = nth(member.shadow, index).and_then(Json::as_object);
            self.element(member.name, kind, value, shadow);
        }
    }

    fn element(&mut self, name: &str, kind: &str, value: Option<&Json>, shadow: Option<&Object>) {
        match value {
            None if shadow.is_none() => {}
            // An element of a known type may itself be called resourceType.
            Some(Json::Object(object))
                if kind == "Resource" || (type_def(kind).is_none() && object.get("resourceType").is_some()) =>
            {
                self.open(name);
                self.close(name, |writer| writer.resource(object, false));
            }
            Some(Json::Object(object)) => self.complex(name, kind, None, object),
            Some(Json::String(text)) if kind == "xhtml" => {
                self.line();
                narrative(text, &mut self.out);
            }
            Some(Json::Array(items)) => items.iter().for_each(|item| self.element(name, kind, Some(item), None)),
            value => {
                let text = match value {
                    Some(Json::String(text)) => Some(text.clone()),
                    Some(other) => Some(other.to_string()),
                    None => None,
                };
                self.complex(name, "Element", text.as_deref(), shadow.unwrap_or(&Object::default()));
            }
        }
    }

    /// An element with its attributes and children; `value`: of a primitive.
    fn complex(&mut self, name: &str, kind: &str, value: Option<&str>, object: &Object) {
        let def = type_def(kind);
        let members = members(object, def);
        let attribute = |member: &&Member<'_>| member.name == "id" || (member.name == "url" && kind == "Extension");
        self.open(name);
        for member in members.iter().filter(attribute) {
            if let Some(text) = member.value.and_then(Json::as_str) {
                self.attribute(member.name, text);
            }
        }
        if let Some(value) = value {
            self.attribute("value", value);
        }
        self.close(name, |writer| {
            for member in members.iter().filter(|member| !attribute(member)) {
                writer.member(member, def);
            }
        });
    }
}

/// The item of an array, or the value itself as its only one; null is none.
fn nth(value: Option<&Json>, index: usize) -> Option<&Json> {
    value?.items().nth(index).filter(|item| **item != Json::Null)
}

/// Whether a member's name can be an element's.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Appends an attribute's value: white space by number, since a reader makes a plain one of it otherwise.
fn escape(text: &str, out: &mut String) {
    let mut plain = 0;
    for (at, letter) in text.char_indices() {
        let written = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\t' => "&#9;",
            '\n' => "&#10;",
            '\r' => "&#13;",
            other if is_allowed(other) => continue,
            _ => "\u{fffd}",
        };
        out.push_str(&text[plain..at]);
        out.push_str(written);
        plain = at + letter.len_utf8();
    }
    out.push_str(&text[plain..]);
}

/// Appends a narrative's `div` byte for byte. One that names no namespace gets XHTML's; a text that is no XML at all,
/// which only a database of somebody's own can hold, is shown as text.
fn narrative(text: &str, out: &mut String) {
    let parsed =
        bounded(text).ok().and_then(|()| Document::parse(text).ok().or_else(|| Document::parse(text.trim()).ok()));
    let Some(document) = parsed else {
        out.push_str(&format!("<div xmlns=\"{XHTML}\">"));
        escape(text, out);
        return out.push_str("</div>");
    };
    let root = document.root_element();
    let div = &document.input_text()[root.range()];
    match root.tag_name().namespace() {
        Some(_) => out.push_str(div),
        None => {
            let (tag, rest) = div.split_at(1 + root.tag_name().name().len());
            out.push_str(&format!("{tag} xmlns=\"{XHTML}\"{rest}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(text: &str, pretty: bool) -> String {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(object)) => from_json(&object, pretty).split_once("?>").expect("declaration").1.to_owned(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn elements_come_in_the_order_of_r4() {
        let text = r#"{"valueQuantity":{"unit":"g","value":1.50},"code":{"text":"c","id":"i"},"status":"final",
            "meta":{"versionId":"1"},"id":"o","resourceType":"Observation","_status":{"extension":[{"valueBoolean":true,"url":"u"}],"id":"s"}}"#;
        let start = "<Observation xmlns=\"http://hl7.org/fhir\"><id value=\"o\"/><meta><versionId value=\"1\"/></meta>";
        let status =
            "<status id=\"s\" value=\"final\"><extension url=\"u\"><valueBoolean value=\"true\"/></extension></status>";
        let end = "<code id=\"i\"><text value=\"c\"/></code><valueQuantity><value value=\"1.50\"/><unit value=\"g\"/></valueQuantity></Observation>";
        assert_eq!(xml(text, false), format!("{start}{status}{end}"));
        let pretty = "\n<Basic xmlns=\"http://hl7.org/fhir\">\n  <code>\n    <text value=\"c\"/>\n  </code>\n</Basic>";
        assert_eq!(xml(r#"{"resourceType":"Basic","code":{"text":"c"}}"#, true), pretty);
    }

    #[test]
    fn what_the_table_does_not_know_harms_nothing() {
        for (json, wanted) in [
            (
                r#"{"resourceType":"Banana","b":[1,{"c":null}],"id":"x"}"#,
                "<Banana xmlns=\"http://hl7.org/fhir\"><b value=\"1\"/><b/><id value=\"x\"/></Banana>",
            ),
            (r#"{"a b":1,"<":2,"é":3}"#, "<Resource xmlns=\"http://hl7.org/fhir\"/>"),
            (r#"{"resourceType":"<x>"}"#, "<Resource xmlns=\"http://hl7.org/fhir\"/>"),
            (
                r#"{"resourceType":"Patient","banana":[[1],{"resourceType":"Kiwi"}],"active":true}"#,
                "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/><banana value=\"1\"/><banana><Kiwi/></banana></Patient>",
            ),
        ] {
            assert_eq!(xml(json, false), wanted);
        }
    }

    #[test]
    fn a_narrative_is_always_well_formed_xhtml() {
        let shown = |div: &str| {
            let mut out = String::new();
            narrative(div, &mut out);
            Document::parse(&out).unwrap_or_else(|error| panic!("{out}: {error}"));
            out
        };
        let whole = "<div xmlns=\"http://www.w3.org/1999/xhtml\">\r\n a\t<b/>&#160;</div>";
        let prefixed = "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:p>a</h:p></h:div>";
        for (div, wanted) in [
            (whole, whole),
            (prefixed, prefixed),
            (&format!("\u{feff}<?xml version=\"1.0\"?>\n{whole}<!-- x -->\n"), whole),
            (&format!(" {whole} "), whole),
            ("<div>a</div>", "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"),
            ("<div\nid='x'>a</div>", "<div xmlns=\"http://www.w3.org/1999/xhtml\"\nid='x'>a</div>"),
            ("<div/>", "<div xmlns=\"http://www.w3.org/1999/xhtml\"/>"),
            ("a & b\u{1}", "<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; b\u{fffd}</div>"),
            (
                "<div>&nbsp;</div>",
                "<div xmlns=\"http://www.w3.org/1999/xhtml\">&lt;div&gt;&amp;nbsp;&lt;/div&gt;</div>",
            ),
        ] {
            assert_eq!(shown(div), wanted);
        }
    }
}
