//! The parameters that say how an answer looks: `_sort`, `_count`, `_total`, `_summary`, `_elements`, includes.

use super::truth::Truth;

/// Whether a parameter is about the answer, not about the resources.
pub fn result_param(name: &str) -> bool {
    let own =
        ["_sort", "_count", "_total", "_summary", "_elements", "_format", "_pretty", "_contained", "_containedType"];
    let include = ["_include", "_revinclude"]
        .iter()
        .any(|i| name == *i || name.strip_prefix(i).is_some_and(|r| r.starts_with(':')));
    own.contains(&name) || include
}

/// How an answer is to look.
#[derive(Clone, Debug, Default)]
pub struct Page<'a> {
    pub count: Option<usize>,
    pub total: Option<&'a str>,
    pub summary: Option<&'a str>,
    pub elements: Option<Vec<&'a str>>,
    pub sort: Vec<(&'a str, bool)>,
    pub includes: Vec<(&'a str, &'a str)>,
    /// Whether it has to be taken, apart from what depends on the type.
    pub fair: Option<Truth>,
    /// One of them is there twice: which counts, R4 does not say.
    pub doubtful: bool,
}

impl<'a> Page<'a> {
    pub fn of(params: impl Iterator<Item = (&'a str, &'a str)>) -> Page<'a> {
        let mut page = Page::default();
        let mut fair = Truth::Yes;
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in params {
            if name.starts_with("_include") || name.starts_with("_revinclude") {
                page.includes.push((name, value));
                continue;
            }
            if seen.contains(&name) {
                page.doubtful = true;
            }
            seen.push(name);
            fair = fair.min(page.read(name, value));
        }
        if page.summary.is_some_and(|s| s != "false") && page.elements.is_some() {
            fair = fair.min(Truth::Open);
        }
        // The text alone, and yet more resources: R4 does not want that.
        if page.summary == Some("text") && !page.includes.is_empty() {
            fair = fair.min(Truth::Open);
        }
        page.fair = Some(if page.doubtful { Truth::Open } else { fair });
        page
    }

    fn read(&mut self, name: &str, value: &'a str) -> Truth {
        match name {
            "_count" => {
                let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                self.count = value.parse().ok();
                match (digits, self.count) {
                    (true, Some(count)) if count < 100_000 => Truth::Yes,
                    (true, _) => Truth::Open,
                    (false, Some(_)) => Truth::Open,
                    _ => Truth::No,
                }
            }
            "_total" => {
                self.total = Some(value);
                ["none", "estimate", "accurate"].contains(&value).into()
            }
            "_summary" => {
                self.summary = Some(value);
                ["true", "text", "data", "count", "false"].contains(&value).into()
            }
            "_elements" => {
                self.elements = Some(value.split(',').collect());
                Truth::Yes
            }
            "_sort" => {
                self.sort =
                    value.split(',').map(|key| key.strip_prefix('-').map_or((key, false), |k| (k, true))).collect();
                Truth::Yes
            }
            _ => Truth::Open,
        }
    }

    /// Whether only a number is asked for.
    pub fn only_counts(&self) -> bool {
        self.summary == Some("count") || self.count == Some(0)
    }
}
