//! `Observation/$lastn` (R4 observation-operation-lastn): the newest Observations of each code.

use super::super::{Answer, Call};
use super::input::{Body, Input};
use crate::access::Interaction;
use crate::error::Problem;
use crate::fhir::bundle::Writer;
use crate::fhir::outcome::IssueType;
use crate::resources::spec::{Kind, Param, ResourceSpec};
use crate::search::value::Test;
use crate::search::{Filter, Search, query};
use crate::store::{Lastn, Latest};

/// What says how a page is made, which this operation decides itself.
const NOT_HERE: [&str; 5] = ["_sort", "_count", "_cursor", "_include", "_revinclude"];

/// Answers a call.
pub async fn run(call: &Call, spec: &'static ResourceSpec, body: Body) -> Result<Answer, Problem> {
    let mut row = call.audit("E", spec.name, &format!("{}/$lastn?{}", spec.name, call.query));
    let read = async {
        call.grant(spec, Interaction::Search)?;
        body.read(call).await
    };
    let read = read.await;
    let input = call.audited(row.clone(), read).await?;
    row.query = format!("{}/$lastn?{}", spec.name, query::encode(&input.values));
    let url = format!("{}/{}", call.state.base, row.query);
    let result = find(call, spec, input).await;
    let found = call.audited(row.clone(), result).await?;
    let mut people: Vec<i64> =
        found.rows.iter().map(|row| row.patient_id).chain(found.counted.iter().copied()).collect();
    people.extend(call.state.store.asked_about(&found.search, found.rows.len()).await?);
    call.saw(row, people).await?;
    let mut writer = Writer::new("searchset", Some(found.total), &[("self", url)]);
    for row in found.rows {
        let resource = found.search.subset().apply(row.resource);
        writer.found(&format!("{}/{}/{}", call.state.base, spec.name, row.id), &resource);
    }
    writer.warnings(found.search.warnings());
    Ok(Answer::ok(writer.finish()))
}

async fn find(call: &Call, spec: &'static ResourceSpec, mut input: Input) -> Result<Latest, Problem> {
    let max = input.number("max")?.unwrap_or(1);
    if let Some((name, _)) = input.values.iter().find(|(name, _)| NOT_HERE.contains(&stem(name))) {
        let words =
            format!("{} is not for $lastn, which gives the newest of each code, newest first: use max", stem(name));
        return Err(Problem::bad_request(IssueType::NotSupported, words).at(&format!("http.{}", stem(name))));
    }
    let search = super::super::search::understand(call, spec.name, None, &query::encode(&input.values))?;
    complete(&search)?;
    let most = call.state.config.limits.most_page;
    Ok(call.state.store.lastn(Lastn::of(search, max, most)).await?)
}

/// The name without a modifier or a chain.
fn stem(name: &str) -> &str {
    name.split([':', '.']).next().unwrap_or(name)
}

/// The definition wants a subject, and a category or a code.
fn complete(search: &Search) -> Result<(), Problem> {
    let asked = |wanted: &dyn Fn(&Param) -> bool| {
        search.filters().iter().any(|filter| match filter {
            Filter::Own { param, test } => wanted(param) && !matches!(test, Test::Missing(_) | Test::Not(_)),
            Filter::Chain { param, .. } => wanted(param),
            _ => false,
        })
    };
    let needs = |words: &str, expression: &str| Err(Problem::bad_request(IssueType::Required, words).at(expression));
    if !asked(&|param| matches!(param.code, "patient" | "subject")) {
        return needs("$lastn needs a patient or a subject: add patient=[id]", "http.patient");
    }
    // Any parameter over a code element serves: code, code-value-quantity, component-code and so on.
    let codes = |param: &Param| {
        param.code == "category"
            || (param.code.split('-').any(|word| word == "code")
                && matches!(param.kind, Kind::Token | Kind::Composite { .. } | Kind::Either(_)))
    };
    if !asked(&codes) {
        return needs(
            "$lastn needs a category or a code: add category=vital-signs, or code=[system]|[code]",
            "http.category",
        );
    }
    Ok(())
}
