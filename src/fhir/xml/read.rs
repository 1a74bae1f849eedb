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
