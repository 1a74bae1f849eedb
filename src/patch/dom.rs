//! Owns a small XML tree that can be changed: elements, attributes and text, which is all that a resource is made of. A
//! narrative that nothing touches keeps its letters.

use roxmltree::Node as Parsed;

use crate::fhir::xml::{FHIR, XHTML};

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An element.
#[derive(Debug, Clone)]
pub struct Element {
    pub namespace: String,
    pub name: String,
    /// In their order, by the names they are written with.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
    /// The text it was read from, of a narrative that is as it was.
    source: Option<String>,
}

/// What an element holds.
#[derive(Debug, Clone)]
pub enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// The tree of a parsed element. What has no namespace is taken for FHIR's; white space between elements is left out.
    pub fn read(node: Parsed<'_, '_>, text: &str) -> Element {
        let namespace = node.tag_name().namespace().unwrap_or(FHIR).to_owned();
        let named = |attribute: roxmltree::Attribute<'_, '_>| {
            let prefix = if attribute.namespace() == Some(XML) { "xml:" } else { "" };
            (format!("{prefix}{}", attribute.name()), attribute.value().to_owned())
        };
        let is_div = namespace == XHTML && node.tag_name().name() == "div";
        let whole = node.parent_element().is_none_or(|parent| parent.tag_name().namespace() != Some(XHTML));
        Element {
            name: node.tag_name().name().to_owned(),
            attributes: node.attributes().map(named).collect(),
            children: node.children().filter_map(|child| Node::read(child, text, namespace == XHTML)).collect(),
            source: (is_div && whole).then(|| text.get(node.range()).unwrap_or_default().to_owned()),
            namespace,
        }
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All the text within.
    pub fn text(&self) -> String {
        let one = |node: &Node| match node {
            Node::Element(element) => element.text(),
            Node::Text(text) => text.clone(),
        };
        self.children.iter().map(one).collect()
    }

    /// How many levels there are within.
    pub fn depth(&self) -> usize {
        1 + self.children.iter().filter_map(Node::element).map(Element::depth).max().unwrap_or(0)
    }

    /// The element at the end of a way of child numbers, to be changed: what it was read from counts no more.
    pub fn at(&mut self, way: &[usize]) -> Option<&mut Element> {
        self.source = None;
        match way.split_first() {
            None => Some(self),
            Some((first, rest)) => match self.children.get_mut(*first)? {
                Node::Element(element) => element.at(rest),
                Node::Text(_) => None,
            },
        }
    }

    /// Appends the element as text. `around` is the namespace it is in.
    pub fn write(&self, around: &str, out: &mut String) {
        if let Some(source) = &self.source {
            out.push_str(source);
            return;
        }
        out.push('<');
        out.push_str(&self.name);
        if self.namespace != around {
            write_attribute("xmlns", &self.namespace, out);
        }
        for (name, value) in &self.attributes {
            write_attribute(name, value, out);
        }
        if self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for child in &self.children {
            match child {
                Node::Element(element) => element.write(&self.namespace, out),
                Node::Text(text) => escape(text, out),
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

impl Node {
    /// The tree of a parsed node; none for a comment, and for white space where text has no place.
    pub fn read(node: Parsed<'_, '_>, text: &str, in_narrative: bool) -> Option<Node> {
        if node.is_element() {
            return Some(Node::Element(Element::read(node, text)));
        }
        let own = node.text().filter(|_| node.is_text())?;
        (in_narrative || !own.trim().is_empty()).then(|| Node::Text(own.to_owned()))
    }

    /// The element it is, if it is one.
    pub fn element(&self) -> Option<&Element> {
        match self {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        }
    }
}

fn write_attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, out);
    out.push('"');
}

/// What a parser would otherwise read as markup, or change.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(letter))),
            plain => out.push(plain),
        }
    }
}
