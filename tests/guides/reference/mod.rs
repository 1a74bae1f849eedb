//! The pages of docs/reference/ are what the code's own tables say: compared, or written when `LCR_GENERATE=1`.

mod commands;
mod configuration;
mod errors;
mod operations;
mod scopes;
mod search;

use crate::page::root;

/// What makes a page.
type Make = fn() -> String;

/// Each page: its file, what makes it.
const PAGES: &[(&str, Make)] = &[
    ("commands", commands::page),
    ("configuration", configuration::page),
    ("errors", errors::page),
    ("operations", operations::page),
    ("scopes", scopes::page),
    ("search-parameters", search::page),
];

#[test]
fn the_reference_says_what_the_code_says() {
    let generate = std::env::var_os("LCR_GENERATE").is_some_and(|value| value == "1");
    let mut faults = Vec::new();
    for (name, make) in PAGES {
        let (path, now) = (root().join(format!("docs/reference/{name}.md")), make());
        if generate {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, &now).expect("written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        if kept != now {
            let (kept, now): (Vec<&str>, Vec<&str>) = (kept.split('\n').collect(), now.split('\n').collect());
            let at = (0..).find(|at| kept.get(*at) != now.get(*at)).unwrap_or_default();
            let line = |lines: &[&str]| lines.get(at).map_or("(nothing)".to_owned(), |line| (*line).to_owned());
            faults.push(format!("docs/reference/{name}.md:{}\n- {}\n+ {}", at + 1, line(&kept), line(&now)));
        }
    }
    assert!(
        faults.is_empty(),
        "these are not what the code says (- the page, + the code); LCR_GENERATE=1 cargo test --test guides writes them anew\n{}",
        faults.join("\n")
    );
}

/// The sentence under each page's title.
fn made_from(what: &str) -> String {
    format!("Made from {what}: `make generate` writes this page, and a test fails when it says something else.\n\n")
}
