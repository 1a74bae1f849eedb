//! From a file to the JSON documents in it: one for JSON and XML, one a line for NDJSON.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

use crate::fhir::json::{Json, Object};
use crate::fhir::xml;

/// A document with its place in the file (`:3` for a line), or why there is none.
pub type Document = Result<(String, Object), (String, String)>;

/// Calls `each` with every document and the bytes it took, until it is told that no more is wanted. NDJSON is read line by line,
/// whatever its size.
pub fn documents(file: &Path, each: &mut dyn FnMut(Document, u64) -> ControlFlow<()>) -> io::Result<ControlFlow<()>> {
    let place = String::new();
    if file.extension().is_none_or(|ending| ending != "ndjson") {
        let bytes = std::fs::read(file)?;
        let read = if file.extension().is_some_and(|ending| ending == "xml") { xml(&bytes) } else { json(&bytes) };
        let document = read.map(|object| (place.clone(), object)).map_err(|reason| (place, reason));
        return Ok(each(document, bytes.len() as u64));
    }
    let mut reader = BufReader::new(File::open(file)?);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        let size = reader.read_until(b'\n', &mut line)?;
        if size == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        number += 1;
        let text = line.trim_ascii();
        if !text.is_empty() {
            let place = format!(":{number}");
            let document = json(text).map(|object| (place.clone(), object)).map_err(|reason| (place, reason));
            if each(document, size as u64).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}

/// One JSON object.
pub fn json(bytes: &[u8]) -> Result<Object, String> {
    match Json::parse(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err("not a resource: the JSON is not an object".to_owned()),
        Err(error) => Err(at(&error.path, error.message)),
    }
}

/// One resource in XML.
fn xml(bytes: &[u8]) -> Result<Object, String> {
    xml::to_json(bytes).map_err(|error| at(&error.path, error.message))
}

/// A message with its place, if it has one.
fn at(path: &str, message: String) -> String {
    if path.is_empty() { message } else { format!("{path}: {message}") }
}
