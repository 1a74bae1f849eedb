//! Owns the files of Swagger UI, which a crate brings as the archive that its makers release: the few that the page needs
//! are taken out of it once. Only that archive is ever read here, so what a hostile one could hold is not looked for.

use std::io::Read;
use std::sync::OnceLock;

use flate2::read::DeflateDecoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// The files that are served, by name, with their media types.
const FILES: [(&str, &str); 4] = [
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("oauth2-redirect.html", "text/html; charset=utf-8"),
    ("oauth2-redirect.js", "text/javascript; charset=utf-8"),
];

/// A file of Swagger UI with its media type.
pub fn file(name: &str) -> Option<(&'static str, &'static [u8])> {
    static TAKEN: OnceLock<Vec<Option<Vec<u8>>>> = OnceLock::new();
    let at = FILES.iter().position(|(known, _)| *known == name)?;
    let taken = TAKEN.get_or_init(|| FILES.iter().map(|(name, _)| take(SWAGGER_UI_VENDORED, name)).collect());
    Some((FILES[at].1, taken.get(at)?.as_deref()?))
}

/// The file `<release>/dist/<name>` of a zip archive (APPNOTE 4.3): its entry in the directory at the end says where it is.
fn take(archive: &[u8], name: &str) -> Option<Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        let field = archive.get(at..at + bytes)?;
        Some(field.iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let end = archive.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let (entries, mut at) = (number(end + 10, 2)?, number(end + 16, 4)?);
    let wanted = format!("/dist/{name}");
    for _ in 0..entries {
        let (method, packed, whole) = (number(at + 10, 2)?, number(at + 20, 4)?, number(at + 24, 4)?);
        let (name, extra, comment) = (number(at + 28, 2)?, number(at + 30, 2)?, number(at + 32, 2)?);
        let path = archive.get(at + 46..at + 46 + name)?;
        // At the top of the release; its `flavors` have a `dist` of their own.
        if path.ends_with(wanted.as_bytes()) && path.iter().filter(|byte| **byte == b'/').count() == 2 {
            let local = number(at + 42, 4)?;
            let from = local + 30 + number(local + 26, 2)? + number(local + 28, 2)?;
            let data = archive.get(from..from + packed)?;
            let mut text = Vec::with_capacity(whole);
            match method {
                0 => text.extend_from_slice(data),
                _ => drop(DeflateDecoder::new(data).read_to_end(&mut text).ok()?),
            }
            return (text.len() == whole).then_some(text);
        }
        at += 46 + name + extra + comment;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{FILES, file};

    #[test]
    fn every_file_is_in_the_archive() {
        for (name, kind) in FILES {
            let (media, bytes) = file(name).unwrap_or_else(|| panic!("{name} is not there"));
            assert!(media == kind && !bytes.is_empty() && std::str::from_utf8(bytes).is_ok(), "{name}");
        }
        assert!(file("swagger-ui-bundle.js").is_some_and(|(_, text)| text.len() > 1_000_000));
        assert!(file("index.html").is_none() && file("../package.json").is_none());
    }
}
