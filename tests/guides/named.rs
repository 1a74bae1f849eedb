//! What the pages name is there: variables, commands, types, operations and personas of the program.

use std::collections::BTreeSet;

use lcr_facade::config::settings::{ENVIRONMENT, SETTINGS};
use lcr_facade::operations;

use crate::page::{Page, all, root};

/// What only the tests of this checkout read; README and the pages may speak of it.
const OF_TESTS: [&str; 5] = ["LCR_SHARED", "LCR_SCREENSHOTS", "LCR_GENERATE", "LCR_CHROMIUM", "LCR_PAGE"];

/// The lines of a page, in blocks and outside.
fn lines(page: &Page) -> impl Iterator<Item = (usize, &str)> {
    let blocks = page
        .blocks
        .iter()
        .flat_map(|block| block.text.iter().enumerate().map(|(at, line)| (block.line + at, line.as_str())));
    page.prose.iter().map(|(line, text)| (*line, text.as_str())).chain(blocks)
}

/// The words of a text that begin so, letters, digits and underscores.
fn words<'a>(text: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(begin).map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn variables() -> BTreeSet<&'static str> {
    let of_keys = SETTINGS.iter().filter_map(|setting| setting.variable);
    of_keys.chain(ENVIRONMENT.iter().map(|(name, _)| *name)).chain(OF_TESTS).collect()
}

#[test]
fn variables_that_are_named_are_read() {
    let known = variables();
    for page in all() {
        for (line, text) in lines(&page) {
            for word in words(text, "LCR_").filter(|word| word.len() > 4) {
                assert!(known.contains(word), "{}:{line}: nothing reads {word}", page.name);
            }
        }
    }
}

#[test]
fn variables_that_are_read_are_listed() {
    let known = variables();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                for word in words(&text, "LCR_").filter(|word| word.len() > 4) {
                    assert!(known.contains(word), "{}: {word} is in no table", path.display());
                }
            }
        }
    }
}

#[test]
fn commands_that_are_named_are_there() {
    let command = lcr_facade::cli::command();
    for page in all() {
        for (line, text) in &page.prose {
            for code in text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("lcr ")) {
                let mut at = &command;
                for word in code.split_whitespace() {
                    if !at.has_subcommands() || !word.chars().all(|c| c.is_ascii_lowercase() || c == '-') {
                        break;
                    }
                    let next = at.find_subcommand(word);
                    at = next.unwrap_or_else(|| panic!("{}:{line}: there is no command `lcr {code}`", page.name));
                }
            }
        }
    }
}

#[test]
fn operations_that_are_named_are_there() {
    for page in all() {
        for (line, text) in &page.prose {
            for code in text.split('`').skip(1).step_by(2) {
                let name = code
                    .split_once('$')
                    .filter(|(before, _)| before.is_empty() || before.ends_with('/'))
                    .map(|(_, name)| name);
                let name: String =
                    name.unwrap_or_default().chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
                let known = name.is_empty() || operations::ALL.iter().any(|operation| operation.name == name);
                assert!(known, "{}:{line}: there is no operation ${name}", page.name);
            }
        }
    }
}

#[test]
fn personas_that_are_named_are_there() {
    let known = lcr_facade::sandbox::personas().expect("personas");
    for page in all() {
        for (line, text) in lines(&page) {
            for rest in text.split("lcr sandbox token ").skip(1) {
                let name: String =
                    rest.chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-').collect();
                assert!(
                    name.is_empty() || known.contains_key(&name),
                    "{}:{line}: there is no persona {name}",
                    page.name
                );
            }
        }
    }
}
