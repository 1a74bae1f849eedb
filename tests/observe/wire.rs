//! Reads what OTLP's ExportTraceServiceRequest is on the wire, by the numbers of opentelemetry/proto/trace/v1/trace.proto
//! and nothing that the service uses to write it.

use std::collections::BTreeMap;

/// A span as a collector gets it.
#[derive(Debug, Clone)]
pub struct Span {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub kind: u64,
    pub began: u64,
    pub ended: u64,
    pub attributes: BTreeMap<String, String>,
    pub is_error: bool,
    /// The attributes of the resource it is of.
    pub resource: BTreeMap<String, String>,
}

/// A field's value.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)),
            1 => Value::Number(u64::from_le_bytes(take(&mut bytes, 8).try_into().expect("eight bytes"))),
            2 => {
                let length = varint(&mut bytes);
                Value::Bytes(take(&mut bytes, usize::try_from(length).expect("a length")))
            }
            5 => Value::Number(u32::from_le_bytes(take(&mut bytes, 4).try_into().expect("four bytes")).into()),
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, value));
    }
    found
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (head, rest) = bytes.split_at(count);
    *bytes = rest;
    head
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = take(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

fn messages(bytes: &[u8], field: u64) -> Vec<&[u8]> {
    let found = fields(bytes).into_iter().filter(|(number, _)| *number == field);
    found.filter_map(|(_, value)| if let Value::Bytes(bytes) = value { Some(bytes) } else { None }).collect()
}

fn number(bytes: &[u8], field: u64) -> u64 {
    let found = fields(bytes).into_iter().find(|(number, _)| *number == field);
    found.map_or(0, |(_, value)| if let Value::Number(number) = value { number } else { 0 })
}

fn text(bytes: &[u8], field: u64) -> String {
    messages(bytes, field).first().map_or(String::new(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn hex(bytes: &[u8], field: u64) -> String {
    let bytes = messages(bytes, field).first().copied().unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// KeyValues: an AnyValue is a string (1), a bool (2) or an int (3) here.
fn attributes(bytes: &[u8], field: u64) -> BTreeMap<String, String> {
    let pairs = messages(bytes, field).into_iter().map(|pair| {
        let value = messages(pair, 2).first().copied().unwrap_or_default();
        let words = text(value, 1);
        let shown = if words.is_empty() { (number(value, 2) + number(value, 3)).to_string() } else { words };
        (text(pair, 1), shown)
    });
    pairs.collect()
}

/// The spans of a request's body.
pub fn spans(body: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    for of_resource in messages(body, 1) {
        let resource = messages(of_resource, 1).first().map_or_else(BTreeMap::new, |resource| attributes(resource, 1));
        for span in messages(of_resource, 2).into_iter().flat_map(|scope| messages(scope, 2)) {
            found.push(Span {
                trace: hex(span, 1),
                id: hex(span, 2),
                parent: hex(span, 4),
                name: text(span, 5),
                kind: number(span, 6),
                began: number(span, 7),
                ended: number(span, 8),
                attributes: attributes(span, 9),
                is_error: messages(span, 15).first().is_some_and(|status| number(status, 3) == 2),
                resource: resource.clone(),
            });
        }
    }
    found
}
