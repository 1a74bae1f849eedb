//! The links between pages lead somewhere: files are there, and headings are in them.

use std::collections::BTreeMap;

use crate::page::{Page, all, root};
use crate::shell::Shell;

/// Folders whose names in the text are paths of the checkout.
const FOLDERS: [&str; 7] = ["src/", "docs/", "tests/", "migrations/", "scripts/", "sandbox/", "openapi/"];

fn pages() -> Vec<Page> {
    let mut pages = all();
    pages.extend(
        ["ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "migrations/README.md", "sandbox/app/README.md"]
            .map(Page::read),
    );
    pages
}

/// What GitHub calls a heading in an address; the second of the same name has `-1` after it.
fn anchors(page: &Page) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let anchor = |(_, heading): &(usize, String)| {
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
        let name: String = heading.chars().filter(kept).collect::<String>().to_lowercase().replace(' ', "-");
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}-{}", *count - 1) }
    };
    page.headings.iter().map(anchor).collect()
}

/// The targets of a line's links.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let (mut faults, mut followed) = (Vec::new(), 0);
    for page in &pages {
        let folder = page.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, text) in &page.prose {
            for target in targets(text).filter(|target| !target.contains("://")) {
                followed += 1;
                let (path, anchor) =
                    target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
                let name = if path.is_empty() { page.name.clone() } else { joined(folder, path) };
                if !root().join(&name).exists() {
                    faults.push(format!("{}:{line}: there is no {name}", page.name));
                } else if let Some(anchor) = anchor {
                    let there = pages
                        .iter()
                        .find(|other| other.name == name)
                        .is_some_and(|other| anchors(other).iter().any(|a| a == anchor));
                    if !there {
                        faults.push(format!("{}:{line}: {name} has no heading #{anchor}", page.name));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(followed > 30, "only {followed} links were seen");
}

/// A path from a folder, with what `..` says taken away.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn files_that_the_text_names_are_there() {
    let mut faults = Vec::new();
    for page in pages().iter().filter(|page| page.name != "CHANGELOG.md") {
        for (line, text) in &page.prose {
            for name in
                text.split('`').skip(1).step_by(2).filter(|name| FOLDERS.iter().any(|folder| name.starts_with(folder)))
            {
                // What is a pattern, or has a place in it, is no one file.
                if !name.contains(['*', '<', ' ', '$', '{', ':']) && !root().join(name).exists() {
                    faults.push(format!("{}:{line}: there is no {name}", page.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The addresses of the demo that a page tells its reader to open, and that do not answer.
pub fn unanswered(page: &Page, shell: &mut Shell) -> Vec<String> {
    let mut faults = Vec::new();
    for (line, text) in &page.prose {
        for address in text.split("<http://127.0.0.1:8080").skip(1).filter_map(|rest| rest.split('>').next()) {
            let ran = shell.run(&format!("curl -s -o /dev/null 'http://127.0.0.1:8080{address}'"));
            if ran.statuses.iter().any(|status| *status >= 400) || ran.statuses.is_empty() {
                faults.push(format!("{}:{line}: {address} answers {:?}", page.name, ran.statuses));
            }
        }
    }
    faults
}

#[test]
fn a_heading_has_its_address() {
    let page = Page::of("p.md", "# Who sees what?\n## `lcr client add`\n## A\n## A\n");
    assert_eq!(anchors(&page), ["who-sees-what", "lcr-client-add", "a", "a-1"]);
    assert_eq!(targets("see [a](b.md#c) and [d](e)").collect::<Vec<_>>(), ["b.md#c", "e"]);
    assert_eq!(joined("docs/reference", "../api.md"), "docs/api.md");
}
