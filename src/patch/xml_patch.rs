//! XML Patch (RFC 5261): add, replace and remove in the XML of a resource. No crate for it is kept, so it is written here,
//! over roxmltree, which reads the rest of FHIR's XML too.

use roxmltree::{Document, Node as Parsed};

use super::dom::{Element, Node};
use super::selector::{End, Found, Selector};
use super::{Fault, MOST_OPERATIONS, PatchError};
use crate::fhir::primitive::shorten;
use crate::fhir::xml::bounded;

/// The deepest nesting of a resource's XML.
const DEEPEST: usize = 128;

/// One operation, read.
#[derive(Debug)]
pub struct Operation {
    text: String,
    selector: Selector,
    what: What,
}

#[derive(Debug)]
enum What {
    Add(Position, Vec<Node>),
    AddAttribute(String, String),
    Replace(Vec<Node>),
    Remove,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Position {
    Append,
    Prepend,
    Before,
    After,
}

/// Reads a patch document: `<diff>` with its operations.
pub fn parse(bytes: &[u8]) -> Result<Vec<Operation>, PatchError> {
    let whole = |words: String| PatchError::new(0, "", words);
    let text = std::str::from_utf8(bytes).map_err(|_| whole("the patch is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    bounded(text).map_err(|words| whole(format!("the patch {words}")))?;
    let document = Document::parse(text).map_err(|error| whole(format!("not well-formed XML: {error}")))?;
    let root = document.root_element();
    if root.tag_name().name() != "diff" {
        return Err(whole("an XML Patch is a <diff> with <add>, <replace> and <remove>".to_owned()));
    }
    let count = root.children().filter(Parsed::is_element).count();
    if count > MOST_OPERATIONS {
        return Err(whole(format!("{count} operations, more than the {MOST_OPERATIONS} of one patch: send an update")));
    }
    let operations = root.children().filter(Parsed::is_element).enumerate();
    operations
        .map(|(at, node)| {
            let sel = node.attribute("sel").unwrap_or_default();
            operation(node, text).map_err(|words| PatchError::new(at, sel, words))
        })
        .collect()
}

fn operation(node: Parsed<'_, '_>, text: &str) -> Result<Operation, Fault> {
    let sel = node.attribute("sel").ok_or("it has no sel, which says where")?;
    let namespaces = |prefix: &str| {
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        node.lookup_namespace_uri(prefix).map(str::to_owned)
    };
    let selector = Selector::parse(sel, &namespaces)?;
    let content = || {
        let nodes: Vec<Node> = node.children().filter_map(|child| Node::read(child, text, true)).collect();
        // White space around elements is for the eye.
        let has_element = nodes.iter().any(|node| node.element().is_some());
        let blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
        nodes.into_iter().filter(|node| !has_element || !blank(node)).collect::<Vec<Node>>()
    };
    let what = match node.tag_name().name() {
        "add" => match (node.attribute("type"), node.attribute("pos")) {
            (Some(kind), None) => match kind.strip_prefix('@') {
                Some(name) => What::AddAttribute(name.to_owned(), node.text().unwrap_or_default().to_owned()),
                None => {
                    return Err("FHIR has no use for other namespaces: type is @ and an attribute's name".to_owned());
                }
            },
            (None, None) => What::Add(Position::Append, content()),
            (None, Some("prepend")) => What::Add(Position::Prepend, content()),
            (None, Some("before")) => What::Add(Position::Before, content()),
            (None, Some("after")) => What::Add(Position::After, content()),
            (_, Some(pos)) => return Err(format!("pos \"{}\" is not one of prepend, before, after", shorten(pos))),
        },
        "replace" => What::Replace(content()),
        "remove" => What::Remove,
        other => return Err(format!("\"{}\" is not one of add, replace, remove", shorten(other))),
    };
    Ok(Operation { text: sel.to_owned(), selector, what })
}

/// The XML of a resource after the operations, in their order.
pub fn apply(resource: &str, operations: &[Operation]) -> Result<String, PatchError> {
    let document = Document::parse(resource)
        .map_err(|_| PatchError::new(0, "", "the resource has no XML form: send another kind of patch"))?;
    let mut root = Element::read(document.root_element(), resource);
    for (at, operation) in operations.iter().enumerate() {
        let done = operation.selector.one(&root).and_then(|found| run(&mut root, found, &operation.what));
        done.map_err(|words| PatchError::new(at, &operation.text, words))?;
    }
    let mut out = String::with_capacity(resource.len());
    root.write("", &mut out);
    Ok(out)
}

fn lost() -> Fault {
    "the selector finds nothing".to_owned()
}

fn run(root: &mut Element, found: Found, what: &What) -> Result<(), Fault> {
    let Found { way, end } = found;
    if let What::Add(_, nodes) | What::Replace(nodes) = what {
        let deepest = nodes.iter().filter_map(Node::element).map(Element::depth).max().unwrap_or(0);
        if way.len() + 1 + deepest > DEEPEST {
            return Err(format!("the result would be nested deeper than {DEEPEST} levels"));
        }
    }
    match (what, end) {
        (What::AddAttribute(name, value), End::Element) => {
            let element = root.at(&way).ok_or_else(lost)?;
            if element.attribute(name).is_some() {
                return Err(format!("the attribute {} is there already: replace it", shorten(name)));
            }
            element.attributes.push((name.clone(), value.clone()));
        }
        (What::Add(Position::Append, nodes), End::Element) => {
            root.at(&way).ok_or_else(lost)?.children.extend(nodes.iter().cloned());
        }
        (What::Add(Position::Prepend, nodes), End::Element) => {
            root.at(&way).ok_or_else(lost)?.children.splice(0..0, nodes.iter().cloned());
        }
        (What::Add(position, nodes), End::Element) => {
            let (parent, at) = beside(root, &way)?;
            let at = at + usize::from(*position == Position::After);
            parent.children.splice(at..at, nodes.iter().cloned());
        }
        (What::Replace(nodes), End::Element) => {
            let [Node::Element(_)] = &nodes[..] else { return Err("an element is replaced by one element".to_owned()) };
            let (parent, at) = beside(root, &way)?;
            parent.children.splice(at..=at, nodes.iter().cloned());
        }
        (What::Remove, End::Element) => {
            let (parent, at) = beside(root, &way)?;
            parent.children.remove(at);
        }
        (What::Replace(nodes), End::Attribute(name)) => {
            let text = plain(nodes)?;
            let element = root.at(&way).ok_or_else(lost)?;
            let attribute = element.attributes.iter_mut().find(|(known, _)| *known == name).ok_or_else(lost)?;
            attribute.1 = text;
        }
        (What::Remove, End::Attribute(name)) => {
            root.at(&way).ok_or_else(lost)?.attributes.retain(|(known, _)| *known != name);
        }
        (What::Replace(_) | What::Remove, End::Text(number)) => {
            let element = root.at(&way).ok_or_else(lost)?;
            let is_text = |(_, child): &(usize, &Node)| child.element().is_none();
            let at = element.children.iter().enumerate().filter(is_text).nth(number).map(|(at, _)| at);
            let at = at.ok_or_else(lost)?;
            match what {
                What::Replace(nodes) => element.children[at] = Node::Text(plain(nodes)?),
                _ => drop(element.children.remove(at)),
            }
        }
        (What::Add(..) | What::AddAttribute(..), _) => {
            return Err("something can be added to an element or beside one only".to_owned());
        }
    }
    Ok(())
}

/// The parent of an element, and which child of it that is.
fn beside<'a>(root: &'a mut Element, way: &[usize]) -> Result<(&'a mut Element, usize), Fault> {
    let (last, parent) = way.split_last().ok_or("the resource itself stays: name an element of it")?;
    Ok((root.at(parent).ok_or_else(lost)?, *last))
}

/// Content that is text alone.
fn plain(nodes: &[Node]) -> Result<String, Fault> {
    let mut text = String::new();
    for node in nodes {
        match node {
            Node::Text(own) => text.push_str(own),
            Node::Element(_) => return Err("text is replaced by text, not by elements".to_owned()),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = r#"<Patient xmlns="http://hl7.org/fhir"><id value="p"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml" class='a'>x &#160;<b>y</b> z</div></text><identifier><system value="s"/><value value="1"/></identifier><identifier><system value="s"/><value value="2"/></identifier><active value="true"/><birthDate id="b" value="1920"/></Patient>"#;

    fn patched(operations: &str) -> Result<String, String> {
        let diff = format!(
            r#"<diff xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml">{operations}</diff>"#
        );
        let operations = parse(diff.as_bytes()).map_err(|error| error.to_string())?;
        apply(PATIENT, &operations).map_err(|error| error.to_string())
    }

    #[test]
    fn operations_do_what_the_rfc_says() {
        // The operation, what of the resource goes, and what comes in its place.
        #[rustfmt::skip]
        let rows = [
            ("", "", ""),
            (r#"<replace sel="f:Patient/f:active/@value">false</replace>"#, r#"<active value="true"/>"#, r#"<active value="false"/>"#),
            (r#"<replace sel="/f:Patient/f:active"><f:active value="false"/></replace>"#, r#"<active value="true"/>"#, r#"<active value="false"/>"#),
            (r#"<replace sel="Patient/active"> <active value="false"/> </replace>"#, r#"<active value="true"/>"#, r#"<active value="false"/>"#),
            (r#"<remove sel="f:Patient/f:active"/>"#, r#"<active value="true"/>"#, ""),
            (r#"<remove sel="*/f:active" ws="both"/>"#, r#"<active value="true"/>"#, ""),
            (r#"<remove sel="f:Patient/f:birthDate/@id"/>"#, r#" id="b""#, ""),
            (r#"<add sel="f:Patient/f:active" type="@id">a&amp;b</add>"#, r#"<active value="true"/>"#, r#"<active value="true" id="a&amp;b"/>"#),
            (r#"<add sel="f:Patient"><f:gender value="male"/></add>"#, "</Patient>", r#"<gender value="male"/></Patient>"#),
            (r#"<add sel="f:Patient/f:active" pos="before"><f:gender value="male"/></add>"#, "<active", r#"<gender value="male"/><active"#),
            (r#"<add sel="f:Patient/f:id" pos="after"><f:implicitRules value="r"/></add>"#, "<text>", r#"<implicitRules value="r"/><text>"#),
            (r#"<add sel="f:Patient/f:identifier[2]" pos="prepend"><f:use value="old"/></add>"#, r#"</identifier><identifier>"#, r#"</identifier><identifier><use value="old"/>"#),
            (r#"<replace sel="f:Patient/f:identifier[f:value/@value='2']/f:value/@value">3</replace>"#, r#"<value value="2"/>"#, r#"<value value="3"/>"#),
            (r#"<replace sel="f:Patient/f:identifier[f:system/@value='s'][2]/f:value/@value">3</replace>"#, r#"<value value="2"/>"#, r#"<value value="3"/>"#),
            (r#"<replace sel="f:Patient/f:identifier[f:value[@value='2']]/f:value/@value">3</replace>"#, r#"<value value="2"/>"#, r#"<value value="3"/>"#),
            (r#"<replace sel="f:Patient/*[@id='b']/@value">1930</replace>"#, r#"value="1920""#, r#"value="1930""#),
            (r#"<remove sel="f:Patient/f:identifier[2]"/><remove sel="f:Patient/f:identifier"/>"#, r#"<identifier><system value="s"/><value value="1"/></identifier><identifier><system value="s"/><value value="2"/></identifier>"#, ""),
            // A narrative that is touched is written anew, the rest of it stays.
            (r#"<replace sel="f:Patient/f:text/h:div/h:b/text()">w</replace>"#, "class='a'>x &#160;<b>y</b>", "class=\"a\">x \u{a0}<b>w</b>"),
            (r#"<replace sel="f:Patient/f:text/h:div/text()[2]"> v</replace>"#, "class='a'>x &#160;<b>y</b> z", "class=\"a\">x \u{a0}<b>y</b> v"),
            (r#"<remove sel="f:Patient/f:text/h:div/h:b[.='y']"/>"#, "class='a'>x &#160;<b>y</b>", "class=\"a\">x \u{a0}"),
        ];
        for (operation, gone, come) in rows {
            assert_eq!(patched(operation), Ok(PATIENT.replacen(gone, come, 1)), "{operation}");
        }
    }

    #[test]
    fn what_cannot_be_done_names_the_operation_and_the_selector() {
        #[rustfmt::skip]
        let rows = [
            (r#"<remove sel="f:Patient/f:gender"/>"#, "operation 0 (f:Patient/f:gender): the selector finds nothing"),
            (r#"<remove sel="f:Patient/f:active"/><remove sel="f:Patient/f:active"/>"#, "operation 1"),
            (r#"<remove sel="f:Patient/f:identifier"/>"#, "finds 2 places"),
            (r#"<remove sel="f:Patient/f:identifier[3]"/>"#, "finds nothing"),
            (r#"<remove sel="f:Observation"/>"#, "finds nothing"),
            (r#"<remove sel="h:Patient"/>"#, "finds nothing"),
            (r#"<remove sel="f:Patient"/>"#, "the resource itself"),
            (r#"<remove sel="g:Patient/g:active"/>"#, "prefix g"),
            (r#"<remove/>"#, "no sel"),
            (r#"<remove sel=""/>"#, "too early"),
            (r#"<remove sel="f:Patient//f:active"/>"#, "cannot be read"),
            (r#"<remove sel="f:Patient/f:active["/>"#, "too early"),
            (r#"<remove sel="f:Patient/f:active[@value='true]"/>"#, "closing quote"),
            (r#"<remove sel="id('b')"/>"#, "cannot be read"),
            (r#"<remove sel="f:Patient/f:active/text()"/>"#, "finds nothing"),
            (r#"<spam sel="f:Patient"/>"#, "not one of add"),
            (r#"<add sel="f:Patient" pos="middle"/>"#, "not one of prepend"),
            (r#"<add sel="f:Patient" type="namespace::x">urn:x</add>"#, "namespaces"),
            (r#"<add sel="f:Patient/f:active" type="@value">x</add>"#, "replace it"),
            (r#"<add sel="f:Patient/f:active/@value">x</add>"#, "to an element"),
            (r#"<replace sel="f:Patient/f:active">x</replace>"#, "one element"),
            (r#"<replace sel="f:Patient/f:active/@value"><f:x/></replace>"#, "by text"),
        ];
        for (operation, words) in rows {
            let error = patched(operation).expect_err(operation);
            assert!(error.contains(words), "{operation}: {error}");
        }
        let deep = format!("{}{}", "<f:a>".repeat(100), "</f:a>".repeat(100));
        let below = format!("f:Patient{}", "/f:a".repeat(100));
        let twice = format!(r#"<add sel="f:Patient">{deep}</add><add sel="{below}">{deep}</add>"#);
        assert!(patched(&twice).expect_err("deep").contains("deeper"));
        for (document, words) in [
            ("<x/>", "<diff>"),
            ("<diff", "well-formed"),
            ("<!DOCTYPE diff><diff/>", "document type"),
            ("\u{feff}<diff/>", ""),
        ] {
            let read = parse(document.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(read.is_ok(), words.is_empty(), "{document}");
            assert!(read.err().is_none_or(|error| error.contains(words)), "{document}");
        }
    }
}
