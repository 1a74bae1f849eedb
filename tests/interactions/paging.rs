//! Paging: each match once, in one order, forward and back, while nothing changes and while rows come in.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};
use crate::support::*;

/// Every order that is walked. Most have many rows of one value.
const SORTS: [&str; 8] = [
    "",
    "_sort=-date",
    "_sort=code,-date",
    "_sort=_lastUpdated",
    "_sort=-_lastUpdated",
    "_sort=-value-quantity",
    "_sort=value-string,-code,value-quantity",
    "_sort=-status,code,-_id",
];

/// The most pages a walk may take before it counts as endless.
const ENDLESS: usize = 3_000;

/// Row `n` of many: few values and many ties, some of them missing, some at the edges of what can be sent.
fn row(n: usize) -> Value {
    let dates =
        ["2020", "2020-01-01", "2020-01-01T00:00:00Z", "0001-01-01", "9999-12-31", "2024-02-29T23:59:59.999+14:00"];
    let values = ["1", "1.0", "1.00", "-1e30", "1e30", "0", "-0", "0.000000000000000000001"];
    let strings = ["", "b", "B", "it's \"quoted\"", "back\\slash", "{a,NULL}", "\u{1F600} %_", "NULL"];
    let mut body = with(
        minimal("Observation", &format!("Patient/p{}", n % 3)),
        json!({"status": (if n.is_multiple_of(2) { "final" } else { "amended" }), "code": {"coding": [{"system": CODES, "code": format!("{}", n % 4)}]}}),
    );
    if !n.is_multiple_of(7) {
        body["effectiveDateTime"] = json!(dates[n % dates.len()]);
    }
    if n % 5 == 1 {
        let text = strings[n % strings.len()];
        body["valueString"] = json!(if text.is_empty() { "a" } else { text });
    } else if !n.is_multiple_of(5) {
        body["valueQuantity"] =
            json!({"value": values[n % values.len()].parse::<serde_json::Number>().expect("number")});
    }
    body
}

/// Puts rows in, many of them in one transaction and so of one moment.
async fn fill(session: &Session<'_>, rows: usize, mark: &str) {
    let entries: Vec<Value> = (0..rows).map(|n| entry("POST", "Observation", Some(marked(row(n), mark)))).collect();
    for some in entries.chunks(11) {
        let reply = transact(session, some.to_vec()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

fn question(sort: &str, count: usize) -> String {
    match sort {
        "" => format!("Observation?_count={count}"),
        _ => format!("Observation?{sort}&_count={count}"),
    }
}

async fn page(session: &Session<'_>, url: &str) -> Reply {
    let reply = get(session, url).await;
    assert_eq!(reply.status, 200, "{url}: {}", reply.text);
    reply
}

/// The pages from this one on, by one kind of link.
async fn walk(session: &Session<'_>, first: &str, relation: &str) -> Vec<Reply> {
    let mut pages = vec![page(session, first).await];
    while let Some(url) = pages.last().and_then(|last| last.link(relation)) {
        pages.push(page(session, &url).await);
        assert!(pages.len() < ENDLESS, "{first} has no end by {relation}");
    }
    pages
}

fn ids(pages: &[Reply]) -> Vec<Vec<String>> {
    pages.iter().map(Reply::ids).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn forward_and_back_give_each_match_once_in_one_order() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let rows = 42;
    fill(&session, rows, "all").await;
    for sort in SORTS {
        let whole = page(&session, &question(sort, 1000)).await.ids();
        let unique: BTreeMap<&String, ()> = whole.iter().map(|id| (id, ())).collect();
        assert_eq!((whole.len(), unique.len()), (rows, rows), "{sort}");
        for size in [1, 3, 7, 13, 41, 42, 43] {
            let case = format!("{sort} by {size}");
            let forward = walk(&session, &question(sort, size), "next").await;
            assert_eq!(forward.len(), rows.div_ceil(size), "{case}: pages forward");
            assert_eq!(ids(&forward).concat(), whole, "{case}: forward");
            assert!(forward[0].link("previous").is_none(), "{case}: nothing is before the first page");
            assert!(forward[1..].iter().all(|page| page.link("previous").is_some()), "{case}: previous links");
            let Some(previous) = forward.last().and_then(|last| last.link("previous")) else { continue };

            let mut back = walk(&session, &previous, "previous").await;
            back.reverse();
            assert_eq!(ids(&back), ids(&forward[..forward.len() - 1]), "{case}: the same pages backward");
            for (at, earlier) in back.iter().enumerate() {
                let next = earlier.link("next").unwrap_or_else(|| panic!("{case}: page {at} from behind has a next"));
                assert_eq!(
                    page(&session, &next).await.ids(),
                    forward[at + 1].ids(),
                    "{case}: forward again from page {at}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_have_another_size_and_a_self_link_shows_the_page() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session, 20, "all").await;
    let whole = page(&session, &question("_sort=-date", 1000)).await.ids();
    let first = page(&session, &question("_sort=-date", 3)).await;
    let next = first.link("next").expect("next");
    let second = page(&session, &next.replace("_count=3", "_count=5")).await;
    assert_eq!(second.ids(), whole[3..8], "a larger page goes on where the last one ended");
    let own = second.link("self").expect("self");
    assert_eq!(page(&session, &own).await.ids(), second.ids(), "self of a later page is that page");
    assert_eq!(page(&session, &first.link("self").expect("self")).await.ids(), first.ids());
    // A link lasts: it is as good for a new token of the same caller.
    let again = app.source("a").await;
    assert_eq!(page(&again, &next).await.ids(), whole[3..6]);
}

/// How many rows come in during a walk, at most: an order in which new rows are last has to have an end.
const MOST: usize = 150;

/// Puts rows in while it is waited for, before and behind every place of every order. Counts them.
async fn pour(session: &Session<'_>, mark: &str, made: &Cell<usize>) {
    while made.get() < MOST {
        made.set(made.get() + 1);
        let reply = post(session, "Observation", &marked(row(made.get() * 5 + made.get() / 8), mark)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    std::future::pending().await
}

/// Each of the first rows once and in the order they had; no row twice.
fn each_once(case: &str, whole: &[String], seen: &[String]) {
    let mut times: HashMap<&String, usize> = HashMap::new();
    for id in seen {
        *times.entry(id).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{case}: seen twice {twice:?}");
    let old: Vec<&String> = seen.iter().filter(|id| whole.contains(id)).collect();
    let missed: Vec<_> = whole.iter().filter(|id| !old.contains(id)).collect();
    assert!(missed.is_empty(), "{case}: missed {missed:?}");
    assert!(old.iter().copied().eq(whole), "{case}: in another order");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_match_is_visited_once_while_rows_come_in() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for (round, sort) in SORTS.into_iter().enumerate() {
        let (mark, size) = (format!("round-{round}"), 4 + round % 2 * 3);
        fill(&session, 60, &mark).await;
        let question = |count: usize| format!("{}&identifier={mark}", question(sort, count));
        let whole = page(&session, &question(1000)).await.ids();
        assert_eq!(whole.len(), 60);
        let (made, first) = (Cell::new(0), question(size));
        let (forward, meanwhile, back) = tokio::select! {
            _ = async { tokio::join!(pour(&session, &mark, &made), pour(&session, &mark, &made), pour(&session, &mark, &made)) } => {
                unreachable!("pouring has no end")
            }
            pages = async {
                let forward = walk(&session, &first, "next").await;
                let (from, meanwhile) = (forward.last().and_then(|last| last.link("previous")), made.replace(0));
                (forward, meanwhile, walk(&session, &from.expect("previous"), "previous").await)
            } => pages,
        };
        let case = format!("{sort} by {size} with {meanwhile} and {} new rows", made.get());
        println!("{case}: {} pages forward, {} back", forward.len(), back.len());
        assert!(meanwhile > 0, "{case}: no rows came in, so it shows nothing");
        each_once(&format!("{case}, forward"), &whole, &ids(&forward).concat());
        // Backward from the last page: all that lies before it.
        let mut seen = ids(&back);
        seen.reverse();
        let end = forward.last().expect("a page").ids();
        let before: Vec<String> = whole.iter().filter(|id| !end.contains(id)).cloned().collect();
        each_once(&format!("{case}, backward"), &before, &seen.concat());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_go_take_no_other_with_them() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    fill(&session, 30, "all").await;
    for sort in ["", "_sort=code,-date"] {
        let whole = page(&session, &question(sort, 1000)).await.ids();
        let (mut seen, mut gone, mut next) = (Vec::new(), Vec::new(), Some(question(sort, 4)));
        while let Some(url) = next {
            let reply = page(&session, &url).await;
            next = reply.link("next");
            // The row the next page begins behind, and one from far behind it.
            let here = reply.ids();
            seen.extend(here.iter().cloned());
            let far = whole.iter().rev().find(|id| !seen.contains(id) && !gone.contains(*id)).cloned();
            for id in here.last().cloned().into_iter().chain(far) {
                assert_eq!(delete(&session, &format!("Observation/{id}")).await.status, 204);
                gone.push(id);
            }
        }
        let wanted: Vec<&String> = whole.iter().filter(|id| seen.contains(id) || !gone.contains(id)).collect();
        assert!(seen.iter().eq(wanted), "{sort}: what stayed is visited once");
    }
}

/// Sort keys as large as a value may be must not make a link that cannot be followed.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_end_at_a_very_long_value() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for (n, size) in [100, 10_000, 200_000, 500_000].into_iter().enumerate() {
        let body = with(
            minimal("Observation", "Patient/p"),
            json!({"valueString": "ä long value ".repeat(size / 13), "issued": format!("20{n:02}-01-01T00:00:00Z")}),
        );
        assert_eq!(post(&session, "Observation", &body).await.status, 201, "{size}");
    }
    let whole = page(&session, &question("_sort=value-string", 1000)).await.ids();
    for sort in ["value-string", "-value-string"] {
        let (mut seen, mut next) = (Vec::new(), Some(question(&format!("_sort={sort}"), 1)));
        while let Some(url) = next {
            // What every part of the web takes (RFC 9110 §4.1).
            assert!(url.len() < 8_000, "_sort={sort}: a link of {} letters behind row {}", url.len(), seen.len());
            let reply = page(&session, &url).await;
            seen.extend(reply.ids());
            next = reply.link("next");
        }
        assert_eq!(seen.len(), whole.len(), "_sort={sort}");
        if sort.starts_with('-') {
            seen.reverse();
        }
        assert_eq!(seen, whole, "_sort={sort}");
    }
}
