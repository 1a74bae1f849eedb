//! What the decoder says of every published example of the record's types.

use lcr_facade::fhir::{decode, json::Json};
use std::path::{Path, PathBuf};

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}
#[test]
fn examples() {
    let mut list = Vec::new();
    files(Path::new("../shared/data"), &mut list);
    let (mut n, mut bad) = (0, 0);
    for f in list {
        let name = f.display().to_string();
        if name.contains("definitions") || name.ends_with("xml") || name.ends_with("md") { continue }
        let bytes = std::fs::read(&f).unwrap();
        let docs: Vec<Vec<u8>> = if name.ends_with("ndjson") { bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(<[u8]>::to_vec).collect() } else { vec![bytes] };
        for d in docs {
            let j = match Json::parse(&d) { Ok(j) => j, Err(e) => { println!("PARSE {name} {e}"); continue } };
            let o = j.as_object().unwrap();
            n += 1;
            let issues = decode::check(o);
            if !issues.is_empty() { bad += 1; println!("BAD {name}"); for i in issues.iter().take(4) { println!("    {:?} {} {}", i.expression, i.code.code(), i.diagnostics); } }
        }
    }
    println!("{n} checked, {bad} bad");
}
