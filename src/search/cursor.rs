//! Owns the place in a result where a page begins: signed, so that nobody can make one, and bound
//! to the caller and the query, so that nobody can use another's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The secret with which cursors are signed; all instances on one database share it.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorKey(Vec<u8>);

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// The sort keys of the row the page is next to, as text PostgreSQL reads, ending in the tie-breaker.
    pub keys: Vec<String>,
    /// Whether the page lies before that row.
    pub back: bool,
}

impl CursorKey {
    /// A key from its bytes.
    pub fn new(bytes: Vec<u8>) -> CursorKey {
        CursorKey(bytes)
    }

    /// The cursor as a link carries it. `bound` names the caller and the query.
    pub fn seal(&self, cursor: &Cursor, bound: &str) -> String {
        let payload = serde_json::to_vec(cursor).unwrap_or_default();
        let tag = self.mac(&payload, bound).finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&payload), URL_SAFE_NO_PAD.encode(&tag[..16]))
    }

    /// The cursor of a link, if this service made it for this caller and query.
    pub fn open(&self, text: &str, bound: &str) -> Option<Cursor> {
        let (payload, tag) = text.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok().filter(|tag| tag.len() == 16)?;
        self.mac(&payload, bound).verify_truncated_left(&tag).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    fn mac(&self, payload: &[u8], bound: &str) -> Hmac<Sha256> {
        // HMAC takes a key of any length, so this cannot fail; a failure would only make links that do not open.
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(&(bound.len() as u64).to_be_bytes());
        mac.update(bound.as_bytes());
        mac.update(payload);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_cursor_opens() {
        let key = CursorKey::new(vec![7; 32]);
        let cursor = Cursor { keys: vec!["2020".into(), "a".into()], back: false };
        let sealed = key.seal(&cursor, "gp|Patient?name=a");
        assert_eq!(key.open(&sealed, "gp|Patient?name=a"), Some(cursor));
        assert_eq!(key.open(&sealed, "gp|Patient?name=b"), None);
        assert_eq!(CursorKey::new(vec![8; 32]).open(&sealed, "gp|Patient?name=a"), None);
        let mut forged = sealed.clone();
        forged.insert(0, 'A');
        assert_eq!(key.open(&forged, "gp|Patient?name=a"), None);
        assert_eq!(key.open("", ""), None);
    }
}
