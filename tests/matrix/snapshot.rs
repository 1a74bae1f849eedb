//! Compares what is measured with the page that is kept, or writes it.

use std::path::Path;

use crate::measured::measured;
use crate::render::page;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_the_service_does() {
    let now = page(measured().await);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access-matrix.md");
    if std::env::var_os("LCR_GENERATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &now).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = differing(&kept, &now);
    assert!(
        kept == now,
        "docs/access-matrix.md is not what the service does (- the page, + the service); if that is meant, LCR_GENERATE=1 \
         cargo test --test matrix writes it anew\n{}",
        lines.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_to_ask_the_same_agree() {
    let all = measured().await.personas.iter().flat_map(|persona| persona.cells.differences.clone());
    let all: Vec<String> = all.collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// The lines that only one of two texts has, each below the heading it is under. How wide the columns of a table are makes no
/// difference.
fn differing(kept: &str, now: &str) -> Vec<String> {
    let squeezed = |text: &str| -> Vec<String> {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let rule = |line: &str| line.starts_with("| -") && !line.contains(char::is_alphanumeric);
        text.lines().map(|line| if rule(line) { "| - |".to_owned() } else { words(line) }).collect()
    };
    let (old, new) = (squeezed(kept), squeezed(now));
    // The longest common part of any two ends.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for at in (0..old.len()).rev() {
        for to in (0..new.len()).rev() {
            let longest = common[at + 1][to].max(common[at][to + 1]);
            common[at][to] = if old[at] == new[to] { common[at + 1][to + 1] + 1 } else { longest };
        }
    }
    let (mut at, mut to, mut heading, mut told) = (0, 0, "the head of the page", "");
    let mut lines = Vec::new();
    while at < old.len() || to < new.len() {
        let both = at < old.len() && to < new.len();
        if both && old[at] == new[to] {
            heading = if new[to].starts_with('#') { &new[to] } else { heading };
            (at, to) = (at + 1, to + 1);
            continue;
        }
        if told != heading {
            told = heading;
            lines.push(format!("  {heading}"));
        }
        if to == new.len() || at < old.len() && common[at + 1][to] >= common[at][to + 1] {
            lines.push(format!("- {}", old[at]));
            at += 1;
        } else {
            lines.push(format!("+ {}", new[to]));
            to += 1;
        }
    }
    lines
}

#[test]
fn a_difference_names_its_heading() {
    assert!(differing("# a\nx\ny", "# a\nx\ny").is_empty());
    assert_eq!(differing("# a\nx\n# b\ny\nz", "# a\nx\n# b\nw\nz"), ["  # b", "- y", "+ w"]);
    assert!(differing("| a  |\n| -- |", "| a |\n| - |").is_empty(), "the width of a column");
    assert_eq!(differing("", "x"), ["  the head of the page", "+ x"]);
}
