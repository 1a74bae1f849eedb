//! Owns the reading of secrets from files, as containers and systemd hand them over. What is in them is in no error.

use std::path::{Path, PathBuf};

/// Why a secret's file is of no use.
#[derive(Debug, thiserror::Error)]
#[error("{key} names {}, which {why}", .path.display())]
pub struct Unreadable {
    key: String,
    path: PathBuf,
    why: String,
}

/// The text of the file that the setting `key` names, without the white space around it: an editor's last newline is not part of a secret.
pub fn read(key: &str, path: &Path) -> Result<String, Unreadable> {
    let unreadable = |why: String| Unreadable { key: key.to_owned(), path: path.to_owned(), why };
    let bytes = std::fs::read(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("is not text".to_owned()))?;
    match text.trim() {
        "" => Err(unreadable("is empty".to_owned())),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_files_text_and_what_is_wrong_names_setting_and_file() {
        let folder = std::env::temp_dir().join(format!("lcr-secret-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let of = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).expect("a file");
            read("database_url_file", &path).map_err(|error| error.to_string())
        };
        assert_eq!(of("good", b"postgres://a:b@c/d\n"), Ok("postgres://a:b@c/d".to_owned()));
        for (name, bytes, words) in [("empty", &b" \n"[..], "is empty"), ("binary", &b"s3cret\xff"[..], "is not text")]
        {
            let error = of(name, bytes).expect_err(name);
            assert!(error.contains("database_url_file") && error.contains(name) && error.contains(words), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        let error = read("owner_url_file", &folder.join("none")).expect_err("no file").to_string();
        assert!(error.contains("owner_url_file") && error.contains("cannot be read"), "{error}");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
