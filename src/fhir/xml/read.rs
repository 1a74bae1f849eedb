//! Owns XML → JSON. It checks what JSON has no place for: namespaces, attributes, text between elements, order of kinds;
//! the decoder checks the rest, as it does for JSON. Elements may come in another order than R4's: nothing is lost by it.

use roxmltree::{Document, Node};

use super::{FHIR, XHTML, bounded};
use crate::fhir::elements::{ElementDef, Shape, TypeDef, is_resource_type, type_def};
use crate::fhir::json::{Json, MAX_DEPTH, Object};
use crate::fhir::primitive::shorten;

/// What `xsi:schemaLocation` is in; FHIR allows it and passes over it.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Why a text is not acceptable XML. `path` is a FHIRPath-like place (empty: the whole).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct XmlError {
    pub message: String,
    pub path: String,
}

impl XmlError {
    fn whole(message: impl Into<String>) -> XmlError {
        XmlError { message: message.into(), path: String::new() }
    }
}

/// The JSON form of one resource in XML, every value as it was written. The decoder comes after.
pub fn to_json(bytes: &[u8]) -> Result<Object, XmlError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        XmlError::whole(format!("the XML is not valid UTF-8 at byte {}: send UTF-8", error.valid_up_to()))
    })?;
    let text = text.trim_start_matches('\u{feff}');
    if let Some(other) = other_encoding(text) {
        return Err(XmlError::whole(format!("the XML says it is in {}: send UTF-8", shorten(other))));
    }
    bounded(text).map_err(|words| XmlError::whole(format!("the XML {words}")))?;
    let document = Document::parse(text).map_err(|error| XmlError::whole(format!("not well-formed XML: {error}")))?;
    let mut reader = Reader { text, path: String::new(), depth: 0 };
    reader.resource(document.root_element())
}

/// The encoding that the XML declaration names, if it is not UTF-8 or a part of it.
fn other_encoding(text: &str) -> Option<&str> {
    let declaration = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let name = value.get(1..)?.split(['"', '\'']).next()?;
    let known = ["utf-8", "utf8", "us-ascii", "ascii"];
    Some(name).filter(|name| !known.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// One element's values so far, in the order they came, and what stands beside each.
struct Slot<'a> {
    name: &'a str,
    many: bool,
    values: Vec<Json>,
    shadows: Vec<Json>,
}

impl Slot<'_> {
    /// The members `name` and `_name`. A list with nothing in it is left out.
    fn into_members(self, object: &mut Object) {
        for (name, mut list) in [(self.name.to_owned(), self.values), (format!("_{}", self.name), self.shadows)] {
            if list.iter().any(|item| *item != Json::Null) {
                let value = if self.many { Some(Json::Array(list)) } else { list.pop() };
                object.0.extend(value.map(|value| (name, value)));
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    path: String,
    /// How deep the JSON is that is being made.
    depth: usize,
}

impl Reader<'_> {
    fn fault(&self, message: impl Into<String>) -> XmlError {
        XmlError { message: message.into(), path: self.path.clone() }
    }

    /// Runs `f` one step further down the path and so many levels down the JSON.
    fn within<T>(
        &mut self,
        step: &str,
        levels: usize,
        f: impl FnOnce(&mut Self) -> Result<T, XmlError>,
    ) -> Result<T, XmlError> {
        let length = self.path.len();
        self.path.push_str(step);
        self.depth += levels;
        if self.depth > MAX_DEPTH {
            return Err(self.fault(format!("nested deeper than {MAX_DEPTH} levels, the most this service accepts")));
        }
        let done = f(self)?;
        self.depth -= levels;
        self.path.truncate(length);
        Ok(done)
    }

    fn resource(&mut self, node: Node<'_, '_>) -> Result<Object, XmlError> {
        let name = node.tag_name().name();
        if node.tag_name().namespace() != Some(FHIR) {
            return Err(self.fault(format!("<{}> is not in FHIR's namespace: xmlns=\"{FHIR}\"", shorten(name))));
        }
        let Some(def) = type_def(name).filter(|_| is_resource_type(name)) else {
            return Err(self.fault(format!("<{}> is not a resource type of R4", shorten(name))));
        };
        if self.path.is_empty() {
            self.path.push_str(def.name);
        }
        let mut object = Object::default();
        object.set("resourceType", Json::string(def.name));
        self.attributes(node, &[], &mut object)?;
        self.within("", 1, |reader| reader.children(node, def, true, &mut object))?;
        Ok(object)
    }

    /// Puts the attributes of these names into the object; there may be no others.
    fn attributes(&self, node: Node<'_, '_>, known: &[&str], object: &mut Object) -> Result<(), XmlError> {
        for attribute in node.attributes() {
            match attribute.namespace() {
                None if known.contains(&attribute.name()) => {
                    object.0.push((attribute.name().to_owned(), Json::string(attribute.value())));
                }
                Some(SCHEMA_INSTANCE) => {}
                _ => {
                    let words =
                        format!("has an attribute \"{}\", which FHIR does not know here", shorten(attribute.name()));
                    return Err(self.fault(words));
                }
            }
        }
        Ok(())
    }

    /// The child elements as members of the object.
    fn children(
        &mut self,
        node: Node<'_, '_>,
        def: &'static TypeDef,
        is_resource: bool,
        object: &mut Object,
    ) -> Result<(), XmlError> {
        let mut slots: Vec<Slot<'_>> = Vec::new();
        for child in node.children() {
            if child.is_text() && child.text().is_some_and(|text| !text.trim_ascii().is_empty()) {
                return Err(self.fault("holds text: in FHIR's XML a value is in an attribute, value=\"…\""));
            }
            if !child.is_element() {
                continue;
            }
            let name = child.tag_name().name();
            let is_attribute = (name == "id" && !is_resource) || (name == "url" && def.name == "Extension");
            let (element, kind) = match def.member(name) {
                Some(known) if !is_attribute => known,
                Some(_) => return Err(self.fault(format!("{name} is an attribute here, not an element"))),
                None => {
                    let words = format!("R4 has no element \"{}\" in {}", shorten(name), def.name);
                    return self.within(&format!(".{}", shorten(name)), 0, |reader| Err(reader.fault(words)));
                }
            };
            let at = slots.iter().position(|slot| slot.name == name).unwrap_or_else(|| {
                slots.push(Slot { name, many: element.many, values: Vec::new(), shadows: Vec::new() });
                slots.len() - 1
            });
            let index = slots[at].values.len();
            let step = if element.many { format!(".{name}[{index}]") } else { format!(".{name}") };
            let (value, shadow) = self.within(&step, usize::from(element.many), |reader| {
                if index > 0 && !element.many {
                    return Err(reader.fault("is there twice, but does not repeat"));
                }
                reader.element(child, element, kind.name)
            })?;
            slots[at].values.push(value);
            slots[at].shadows.push(shadow);
        }
        slots.into_iter().for_each(|slot| slot.into_members(object));
        Ok(())
    }

    /// One element: its value, and what stands beside it if it is a primitive.
    fn element(&mut self, node: Node<'_, '_>, element: &ElementDef, kind: &str) -> Result<(Json, Json), XmlError> {
        let namespace = if kind == "xhtml" { XHTML } else { FHIR };
        if node.tag_name().namespace() != Some(namespace) {
            return Err(self.fault(format!("is not in its namespace: xmlns=\"{namespace}\"")));
        }
        let Some(def) = type_def(kind) else {
            return match kind {
                "Resource" => Ok((self.inner(node)?, Json::Null)),
                _ => Err(self.fault(format!("{} has a type that this service does not know", element.name))),
            };
        };
        if kind == "xhtml" {
            return Ok((Json::String(self.narrative(node)), Json::Null));
        }
        let mut object = Object::default();
        if def.shape != Shape::Primitive {
            let url: &[&str] = if def.name == "Extension" { &["id", "url"] } else { &["id"] };
            self.attributes(node, url, &mut object)?;
            self.within("", 1, |reader| reader.children(node, def, false, &mut object))?;
            if object.0.is_empty() {
                return Err(self.fault("is empty: leave the element out or give it content"));
            }
            return Ok((Json::Object(object), Json::Null));
        }
        self.attributes(node, &["value", "id"], &mut object)?;
        let value = object.remove("value");
        // A plain value is one level of JSON less than one with something beside it.
        let levels = usize::from(node.first_element_child().is_some());
        if let Some(beside) = type_def("Element") {
            self.within("", levels, |reader| reader.children(node, beside, false, &mut object))?;
        }
        let value = match value.as_ref().and_then(Json::as_str) {
            Some(text) => self.primitive(text, def.name)?,
            None if object.0.is_empty() => {
                return Err(self.fault("is empty: give it a value=\"…\" or leave the element out"));
            }
            None => Json::Null,
        };
        Ok((value, if object.0.is_empty() { Json::Null } else { Json::Object(object) }))
    }

    /// The one resource in a `contained` or `resource` element.
    fn inner(&mut self, node: Node<'_, '_>) -> Result<Json, XmlError> {
        self.attributes(node, &[], &mut Object::default())?;
        let has_text =
            |child: Node<'_, '_>| child.is_text() && child.text().is_some_and(|t| !t.trim_ascii().is_empty());
        let mut elements = node.children().filter(Node::is_element);
        match (elements.next(), elements.next()) {
            (Some(only), None) if !node.children().any(has_text) => self.resource(only).map(Json::Object),
            _ => Err(self.fault("must hold one resource, and nothing else")),
        }
    }

    fn primitive(&self, text: &str, kind: &str) -> Result<Json, XmlError> {
        let value = match kind {
            "boolean" => match text {
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                _ => None,
            },
            // R4 allows a plus sign before whole numbers, which JSON does not.
            "integer" | "positiveInt" | "unsignedInt" => number(text.strip_prefix('+').unwrap_or(text)),
            "decimal" => number(text),
            _ => Some(Json::string(text)),
        };
        value.ok_or_else(|| self.fault(format!("\"{}\" is not a value of type {kind}", shorten(text))))
    }

    /// The narrative byte for byte, with the namespaces it has from around it.
    fn narrative(&self, node: Node<'_, '_>) -> String {
        let mut div = self.text[node.range()].to_owned();
        if Document::parse(&div).is_ok_and(|alone| alone.root_element().tag_name().namespace() == Some(XHTML)) {
            return div;
        }
        let tag = div[..div.find('>').unwrap_or(div.len())].to_owned();
        let mut declared = String::new();
        for namespace in node.namespaces().filter(|namespace| namespace.name() != Some("xml")) {
            let name = namespace.name().map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
            let is_own = tag.match_indices(&name).any(|(at, _)| tag[at + name.len()..].trim_start().starts_with('='));
            let is_used = namespace.name().is_some() || namespace.uri() == XHTML;
            if is_used && !is_own {
                declared.push_str(&format!(" {name}=\"{}\"", namespace.uri().replace('"', "&quot;")));
            }
        }
        let name = div.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(div.len());
        div.insert_str(name, &declared);
        div
    }
}

/// A number of JSON, as it is written.
fn number(text: &str) -> Option<Json> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    Json::parse(text.as_bytes()).ok().filter(|value| plain && matches!(value, Json::Number(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            patient(&format!(
                "{}<valueBoolean value='true'/>{}",
                "<extension url='u'>".repeat(n),
                "</extension>".repeat(n)
            ))
        };
        let most = (1..40).rev().find(|n| json(&nested(*n)).is_ok()).expect("some depth");
        assert_eq!(most, 31);
        assert!(Json::parse(json(&nested(most)).expect("JSON").as_bytes()).is_ok());
    }
}
