//! Owns value sets: of what they are composed, or what an expansion lists.

use crate::fhir::json::{Json, Object};

/// A value set as it is composed.
#[derive(Debug, Default)]
pub struct ValueSet {
    pub url: String,
    pub id: Option<String>,
    pub version: Option<String>,
    pub include: Vec<Part>,
    pub exclude: Vec<Part>,
    /// The expansion that came with it, where it is whole.
    pub expansion: Vec<Part>,
}

/// One include or exclude: what all it names have in common.
#[derive(Debug, Default)]
pub struct Part {
    pub system: Option<String>,
    pub system_version: Option<String>,
    /// The codes listed; none: all of the system, or those the filters leave.
    pub codes: Vec<String>,
    pub filters: Vec<Filter>,
    /// Canonicals of value sets, with or without a version.
    pub sets: Vec<String>,
}

/// A condition on the concepts of a system.
#[derive(Debug)]
pub struct Filter {
    pub property: String,
    pub op: Op,
    pub value: String,
}

/// The conditions that can be asked of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Equals,
    In,
    IsA,
    DescendentOf,
    IsNotA,
}

impl ValueSet {
    /// Reads a resource that has passed R4's checks. The error says why it cannot be kept.
    pub fn read(resource: &Object) -> Result<ValueSet, String> {
        let url = resource.text("url").ok_or("it has no url to be known by")?;
        let parts = |name: &str| -> Result<Vec<Part>, String> {
            resource.objects("compose").flat_map(|compose| compose.objects(name)).map(part).collect()
        };
        let expansion = resource.objects("expansion").next().and_then(expansion).unwrap_or_default();
        let mut set = ValueSet {
            url: url.to_owned(),
            id: resource.text("id").map(str::to_owned),
            version: resource.text("version").map(str::to_owned),
            expansion,
            ..ValueSet::default()
        };
        match (parts("include"), parts("exclude")) {
            (Ok(include), Ok(exclude)) => (set.include, set.exclude) = (include, exclude),
            // What it is composed of cannot be followed, but somebody who could has said what is in it.
            _ if !set.expansion.is_empty() => {}
            (Err(reason), _) | (_, Err(reason)) => return Err(reason),
        }
        if set.include.is_empty() && set.expansion.is_empty() {
            return Err("it has neither compose.include nor a whole expansion".to_owned());
        }
        Ok(set)
    }

    /// The value sets it takes in, without their versions.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.include.iter().chain(&self.exclude).flat_map(|part| &part.sets).map(|canonical| split_version(canonical).0)
    }
}

/// A canonical and the version behind its bar.
pub fn split_version(canonical: &str) -> (&str, Option<&str>) {
    canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)))
}

fn part(part: &Object) -> Result<Part, String> {
    let all = |name: &str| part.get(name).into_iter().flat_map(Json::items).filter_map(Json::as_str).map(str::to_owned);
    let part = Part {
        system: part.text("system").map(str::to_owned),
        system_version: part.text("version").map(str::to_owned),
        codes: part.objects("concept").filter_map(|concept| concept.text("code")).map(str::to_owned).collect(),
        filters: part.objects("filter").map(filter).collect::<Result<_, _>>()?,
        sets: all("valueSet").collect(),
    };
    match part.system.is_none() && part.sets.is_empty() {
        true => Err("one of its parts names no system and no value set".to_owned()),
        false => Ok(part),
    }
}

fn filter(filter: &Object) -> Result<Filter, String> {
    let text = |name: &str| filter.text(name).unwrap_or_default().to_owned();
    let (property, op, value) = (text("property"), text("op"), text("value"));
    let hierarchy = property == "concept" || property == "code";
    let known = match op.as_str() {
        "=" => Some(Op::Equals),
        "in" => Some(Op::In),
        "is-a" if hierarchy => Some(Op::IsA),
        "descendent-of" if hierarchy => Some(Op::DescendentOf),
        "is-not-a" if hierarchy => Some(Op::IsNotA),
        _ => None,
    };
    let op =
        known.ok_or_else(|| format!("the filter \"{property} {op} {value}\" is not one that can be followed here"))?;
    Ok(Filter { property, op, value })
}

/// The codes of an expansion, if all of them are there.
fn expansion(expansion: &Object) -> Option<Vec<Part>> {
    let mut codes: Vec<(String, Vec<String>)> = Vec::new();
    let listed = contained(expansion, &mut codes);
    let number = |name: &str| match expansion.get(name) {
        Some(Json::Number(text)) => text.parse::<usize>().ok(),
        _ => None,
    };
    let partly = expansion.objects("extension").any(|e| e.text("url").is_some_and(|url| url.contains("toocostly")));
    let whole = !partly && number("offset").unwrap_or(0) == 0 && number("total").is_none_or(|total| total <= listed);
    let part = |(system, codes)| Part { system: Some(system), codes, ..Part::default() };
    (whole && listed > 0).then(|| codes.into_iter().map(part).collect())
}

fn contained(around: &Object, codes: &mut Vec<(String, Vec<String>)>) -> usize {
    let mut listed = 0;
    for entry in around.objects("contains") {
        if let (Some(system), Some(code)) = (entry.text("system"), entry.text("code")) {
            listed += 1;
            match codes
                .iter_mut()
                .find(|(known, _)| known == system)
                .filter(|_| entry.get("abstract") != Some(&Json::Bool(true)))
            {
                Some((_, known)) => known.push(code.to_owned()),
                None if entry.get("abstract") == Some(&Json::Bool(true)) => {}
                None => codes.push((system.to_owned(), vec![code.to_owned()])),
            }
        }
        listed += contained(entry, codes);
    }
    listed
}
