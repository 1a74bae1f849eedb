//! UK Core's own examples, held to our profiles: a second opinion on what the service's checker finds in them, which
//! `tests/profiles/ukcore.txt` has. Where the two differ, `ukcore.txt` here says why.

use std::collections::{BTreeMap, BTreeSet};

use crate::examples::files;
use crate::hapi::{Found, Item, root};
use crate::{common, held, judged};

/// The examples of types that have a profile here.
pub fn items() -> Vec<Item> {
    let Some(shared) = common::shared() else { return Vec::new() };
    let all = files(&shared.join("data/ukcore-examples/json")).into_iter();
    let of = |(name, text): (String, String)| {
        let resource = serde_json::from_str(&text).expect("JSON");
        let profile = held::profile(&resource)?;
        Some(Item::new(format!("ukcore/{}", name.trim_end_matches(".json")), &[&profile], text))
    };
    all.filter_map(of).collect()
}

/// A finding as the checker would write it: severity, rule, place. None: it is not about what both judge.
fn line(found: &Found) -> Option<String> {
    // A choice has its type in HAPI's places, and none in the checker's.
    let at = found.at.split(".ofType(").next().unwrap_or(&found.at);
    if let Some(key) = found.constraint() {
        return (found.is_error() || key.starts_with("lcr-")).then(|| format!("{} {key} {at}", found.severity));
    }
    if !found.is_error() {
        return None;
    }
    for (rule, words) in [("min", ": minimum required"), ("max", ": max allowed")] {
        if let Some((element, _)) = found.message.split_once(words) {
            let name = element.rsplit('.').next()?.split(':').next()?.trim_end_matches("[x]");
            return Some(format!("error {rule} {at}.{name}"));
        }
    }
    Some(format!("error {} {at}", found.id))
}

/// The table's findings of each example that both judge: errors, and warnings of our own constraints.
fn checkers() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("tests/profiles/ukcore.txt")).expect("the checker's verdicts");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        match line.strip_prefix("  ") {
            None => {
                name = line.to_owned();
                all.entry(name.clone()).or_default();
            }
            Some(finding) if finding.starts_with("error ") || finding.starts_with("warning lcr-") => {
                all.entry(name.clone()).or_default().insert(finding.to_owned());
            }
            Some(_) => {}
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn hapi_and_the_checker_agree_but_where_it_is_explained() {
    let Some(judged) = judged().await else { return };
    let checkers = checkers();
    let names = judged.names("ukcore");
    if names.is_empty() {
        return;
    }
    assert!(names.len() > 50, "{} examples", names.len());
    let mut differences = BTreeSet::new();
    let mut same = 0;
    for name in names {
        let example = &name["ukcore/".len()..];
        let hapis: BTreeSet<String> = judged.of(name).iter().filter_map(line).collect();
        let own = checkers.get(example).unwrap_or_else(|| panic!("the checker has no verdict on {example}"));
        same += hapis.intersection(own).count();
        differences.extend(hapis.difference(own).map(|line| format!("HAPI alone: {example}: {line}")));
        differences.extend(own.difference(&hapis).map(|line| format!("checker alone: {example}: {line}")));
    }
    println!("UK Core's examples: {same} findings are the same, {} differ", differences.len());
    let text = std::fs::read_to_string(root().join("tests/validator/ukcore.txt")).expect("the explanations");
    let explained: BTreeSet<String> = text
        .lines()
        .filter(|line| line.starts_with("HAPI alone") || line.starts_with("checker alone"))
        .map(str::to_owned)
        .collect();
    let new: Vec<&String> = differences.difference(&explained).collect();
    let gone: Vec<&String> = explained.difference(&differences).collect();
    assert!(new.is_empty() && gone.is_empty(), "not explained: {new:#?}\nno longer so: {gone:#?}");
}
