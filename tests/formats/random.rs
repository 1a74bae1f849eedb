//! Trees that nobody thought of: random resources of every type, by the element table, go through XML and back.

use lcr_facade::fhir::elements::{Shape, TypeDef, member_name, resource_types, type_def};
use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::fhir::xml;

use crate::examples::{difference, value};

/// A plain generator (splitmix64): the same trees at every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).expect("small")
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Letters that XML and JSON treat in ways of their own.
    fn text(&mut self) -> String {
        const LETTERS: &[char] = &[
            'a',
            'Z',
            '0',
            ' ',
            '\t',
            '\n',
            '\r',
            '"',
            '\'',
            '&',
            '<',
            '>',
            '\\',
            '/',
            ';',
            '#',
            ']',
            '-',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            'é',
            '\u{301}',
            '\u{2028}',
            '\u{d7ff}',
            '\u{e000}',
            '\u{feff}',
            '\u{fffd}',
            '𝄞',
            '\u{10ffff}',
        ];
        (0..self.below(12)).map(|_| self.one(LETTERS)).collect()
    }

    fn number(&mut self) -> Json {
        const NUMBERS: &[&str] = &[
            "0",
            "-0",
            "1",
            "-1",
            "1.50",
            "0.10",
            "1.0e+0",
            "-2.5E-3",
            "1e400",
            "12345678901234567890.123456789012345678",
        ];
        Json::Number(self.one(NUMBERS).to_owned())
    }

    fn narrative(&mut self) -> String {
        const PARTS: &[&str] =
            &[" ", "\n\t", "x", "&amp;", "&#160;", "<b>y </b>", "<br/>", "<p\n class='a>b'> z</p >", "<!-- c -->", "é"];
        let inside: String = (0..self.below(6)).map(|_| self.one(PARTS)).collect();
        format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>")
    }

    fn primitive(&mut self, kind: &str) -> Json {
        match kind {
            "boolean" => Json::Bool(self.below(2) == 0),
            "decimal" | "integer" | "positiveInt" | "unsignedInt" => self.number(),
            "xhtml" => Json::String(self.narrative()),
            _ => Json::String(self.text()),
        }
    }

    /// What stands beside a primitive.
    fn beside(&mut self, depth: usize) -> Option<Json> {
        let def = type_def("Element").expect("Element");
        (self.below(4) == 0).then(|| self.object(def, depth + 1)).flatten()
    }

    fn resource(&mut self, depth: usize) -> Json {
        let mut names: Vec<&str> = resource_types().collect();
        names.sort_unstable();
        let def = type_def(self.one(&names)).expect("type");
        let mut object = Object(vec![("resourceType".to_owned(), Json::string(def.name))]);
        if let Some(Json::Object(more)) = self.object(def, depth) {
            object.0.extend(more.0);
        }
        Json::Object(object)
    }

    /// A value and its twin.
    fn item(&mut self, kind: &str, depth: usize) -> (Option<Json>, Option<Json>) {
        match type_def(kind) {
            None => ((depth < 4).then(|| self.resource(depth + 1)), None),
            Some(def) if def.shape == Shape::Primitive => {
                let beside = if kind == "xhtml" { None } else { self.beside(depth) };
                let alone = beside.is_some() && self.below(2) == 0;
                ((!alone).then(|| self.primitive(kind)), beside)
            }
            Some(def) => (self.object(def, depth + 1), None),
        }
    }

    fn object(&mut self, def: &TypeDef, depth: usize) -> Option<Json> {
        let mut object = Object::default();
        let chance = 3 + 4 * depth;
        for child in &def.children {
            if depth > 7 || self.below(chance) > 0 {
                continue;
            }
            let kind = &child.types[self.below(child.types.len())];
            let name = member_name(child.name, kind.name);
            // Attributes are plain text.
            if (name == "id" && def.shape != Shape::Resource) || (name == "url" && def.name == "Extension") {
                object.0.push((name, Json::String(self.text())));
                continue;
            }
            let count = if child.many { 1 + self.below(3) } else { 1 };
            let items: Vec<_> = (0..count).map(|_| self.item(kind.name, depth)).collect();
            // What is nothing at all has no place in a list.
            let (values, beside): (Vec<_>, Vec<_>) =
                items.into_iter().filter(|(v, b)| v.is_some() || b.is_some()).unzip();
            for (name, list) in [(name.clone(), values), (format!("_{name}"), beside)] {
                if list.iter().any(Option::is_some) {
                    let mut list: Vec<Json> = list.into_iter().map(|item| item.unwrap_or(Json::Null)).collect();
                    let value = if child.many { Json::Array(list) } else { list.remove(0) };
                    object.0.push((name, value));
                }
            }
        }
        (!object.0.is_empty()).then_some(Json::Object(object))
    }
}

#[test]
fn random_resources_come_back_as_they_were() {
    let mut random = Random(20_261_122);
    let mut size = 0;
    for round in 0..4_000 {
        let Json::Object(resource) = random.resource(0) else { panic!("no object") };
        let written = xml::from_json(&resource, round % 2 == 0);
        size += written.len();
        let back = xml::to_json(written.as_bytes()).unwrap_or_else(|error| {
            panic!("{round}: {}: {error}\n{}\n{written}", error.path, Json::Object(resource.clone()))
        });
        if let Some(words) = difference("", &value(&resource), &value(&back)) {
            panic!("{round}: {words}\n{}\n{written}", Json::Object(resource));
        }
    }
    println!("4000 trees, {size} bytes of XML");
    assert!(size > 2_000_000, "the trees are too small to show anything: {size}");
}

/// Bytes changed, cut and doubled in a document make an error or a resource, never a panic.
#[test]
fn damaged_documents_are_refused_or_read() {
    let mut random = Random(7);
    let (mut refused, mut read) = (0, 0);
    for _ in 0..300 {
        let Json::Object(resource) = random.resource(0) else { panic!("no object") };
        let written = xml::from_json(&resource, false).into_bytes();
        for _ in 0..20 {
            let mut bytes = written.clone();
            for _ in 0..=random.below(3) {
                let (at, to) = (random.below(bytes.len()), random.below(bytes.len()));
                match random.below(3) {
                    0 => bytes[at] = random.one(b"<>\"'=/&; a\x00\xff!?-"),
                    1 => drop(bytes.drain(at.min(to)..at.max(to))),
                    _ => bytes.extend_from_within(at.min(to)..at.max(to)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            match xml::to_json(&bytes) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert!(error.message.len() > 10, "{error:?}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 3_000 && read > 10, "{refused} {read}");
}
