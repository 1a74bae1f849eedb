//! Owns the small path language of the parameter tables, checked against R4's element table when compiled.

use crate::fhir::elements::{TypeDef, member_name, type_def};
use crate::fhir::json::{Json, Object};

/// A compiled path: where values are, and of which R4 type.
#[derive(Debug)]
pub struct Path(Vec<Vec<Step>>);

#[derive(Debug)]
struct Step {
    /// JSON member names that lead on, with the type found there.
    members: Vec<(String, &'static str)>,
    /// Only objects whose member has this value.
    condition: Option<(&'static str, &'static str)>,
}

/// Compiles a path of the table. The error names the step R4 does not have.
pub fn compile(kind: &str, path: &'static str) -> Result<Path, String> {
    let alternatives = path.split(" | ").map(|alternative| {
        let mut defs: Vec<&'static TypeDef> = type_def(kind).into_iter().collect();
        let mut steps = Vec::new();
        for text in alternative.split('.') {
            let step = step(&defs, text).ok_or_else(|| format!("{kind}.{path}: R4 has no {text} there"))?;
            defs = step.members.iter().filter_map(|(_, name)| type_def(name)).collect();
            steps.push(step);
        }
        Ok(steps)
    });
    alternatives.collect::<Result<_, String>>().map(Path)
}

fn step(defs: &[&'static TypeDef], text: &'static str) -> Option<Step> {
    let (name, bracket) = match text.split_once('[') {
        Some((name, rest)) => (name, rest.trim_end_matches(']')),
        None => (text, ""),
    };
    let condition = bracket.split_once('=');
    let choice = (condition.is_none() && !bracket.is_empty()).then_some(bracket);
    let mut members = Vec::new();
    for def in defs {
        let element = match choice {
            Some(_) => def.child(&format!("{name}[x]")),
            None => def.child(name),
        };
        for kind in element.into_iter().flat_map(|e| &e.types) {
            if choice.is_none_or(|wanted| wanted == "x" || wanted == kind.name) {
                let stem = if choice.is_some() { format!("{name}[x]") } else { name.to_owned() };
                members.push((member_name(&stem, kind.name), kind.name));
            }
        }
    }
    (!members.is_empty()).then_some(Step { members, condition })
}

impl Path {
    /// The R4 types of what the path leads to.
    pub fn types(&self) -> Vec<&'static str> {
        let last = self.0.iter().filter_map(|steps| steps.last());
        last.flat_map(|step| step.members.iter().map(|(_, kind)| *kind)).collect()
    }

    /// Every value the path leads to, with its R4 type.
    pub fn values<'a>(&'a self, from: &'a Object) -> Vec<(&'a Json, &'static str)> {
        let mut found = Vec::new();
        for steps in &self.0 {
            descend(from, steps, &mut found);
        }
        found
    }
}

fn descend<'a>(object: &'a Object, steps: &'a [Step], found: &mut Vec<(&'a Json, &'static str)>) {
    let Some((step, rest)) = steps.split_first() else { return };
    for (name, kind) in &step.members {
        let Some(value) = object.get(name) else { continue };
        for item in value.items() {
            let holds = match (step.condition, item) {
                (None, _) => true,
                (Some((member, wanted)), Json::Object(inner)) => inner.text(member) == Some(wanted),
                _ => false,
            };
            match item {
                _ if !holds => {}
                Json::Null => {}
                item if rest.is_empty() => found.push((item, kind)),
                Json::Object(inner) => descend(inner, rest, found),
                _ => {}
            }
        }
    }
}
