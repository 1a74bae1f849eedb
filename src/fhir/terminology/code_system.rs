//! Owns code systems: their concepts, and which is below which.

use std::collections::{HashMap, HashSet};

use crate::fhir::json::{Json, Object};

/// A code system with its concepts.
#[derive(Debug)]
pub struct CodeSystem {
    pub url: String,
    pub version: Option<String>,
    /// Whether every concept is there.
    pub complete: bool,
    /// Whether its hierarchy is one of "is a".
    pub subsumes: bool,
    pub concepts: Vec<Concept>,
}

/// One concept.
#[derive(Debug)]
pub struct Concept {
    pub code: String,
    /// Places of the concepts right above it.
    pub parents: Vec<usize>,
    /// Name and value of each property, a parent's code among them.
    pub properties: Vec<(String, String)>,
}

impl CodeSystem {
    /// Reads a resource that has passed R4's checks. The error says why it cannot be kept.
    pub fn read(resource: &Object) -> Result<CodeSystem, String> {
        let url = resource.text("url").ok_or("it has no url to be known by")?;
        let content = resource.text("content").unwrap_or_default();
        if matches!(content, "supplement" | "not-present") {
            return Err(format!("its content is {content}: it brings no concepts"));
        }
        let named = |name: &str| -> Vec<&str> {
            let uri = format!("http://hl7.org/fhir/concept-properties#{name}");
            let own =
                resource.objects("property").filter(|p| p.text("uri") == Some(&uri)).filter_map(|p| p.text("code"));
            own.chain([if name == "parent" { "parent" } else { "child" }]).collect()
        };
        let mut reader = Reader {
            places: HashMap::new(),
            concepts: Vec::new(),
            edges: Vec::new(),
            up: named("parent"),
            down: named("child"),
        };
        reader.concepts(resource, None)?;
        let Reader { places, mut concepts, edges, .. } = reader;
        for (child, parent) in edges {
            // A parent that a fragment leaves out is above nobody here.
            let (Some(child), Some(parent)) = (places.get(child.as_str()), places.get(parent.as_str())) else {
                continue;
            };
            if !concepts[*child].parents.contains(parent) {
                let code = concepts[*parent].code.clone();
                concepts[*child].parents.push(*parent);
                let known = ("parent".to_owned(), code);
                if !concepts[*child].properties.contains(&known) {
                    concepts[*child].properties.push(known);
                }
            }
        }
        let meaning = resource.text("hierarchyMeaning");
        Ok(CodeSystem {
            url: url.to_owned(),
            version: resource.text("version").map(str::to_owned),
            complete: content == "complete",
            subsumes: meaning.is_none_or(|meaning| meaning == "is-a"),
            concepts,
        })
    }

    /// Places of ancestor and descendant, over any number of steps; each concept is below itself too.
    pub fn below(&self) -> Result<Vec<(usize, usize)>, String> {
        let mut pairs = Vec::with_capacity(self.concepts.len());
        for (at, concept) in self.concepts.iter().enumerate() {
            let mut seen = HashSet::from([at]);
            let mut waiting = concept.parents.clone();
            pairs.push((at, at));
            while let Some(above) = waiting.pop() {
                if above == at {
                    return Err(format!("the concept {} is below itself", concept.code));
                }
                if seen.insert(above) {
                    pairs.push((above, at));
                    waiting.extend(&self.concepts[above].parents);
                }
            }
        }
        Ok(pairs)
    }
}

struct Reader<'a> {
    places: HashMap<&'a str, usize>,
    concepts: Vec<Concept>,
    /// Child and parent, by their codes.
    edges: Vec<(String, String)>,
    up: Vec<&'a str>,
    down: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn concepts(&mut self, around: &'a Object, parent: Option<&str>) -> Result<(), String> {
        for concept in around.objects("concept") {
            let code = concept.text("code").ok_or("a concept has no code")?;
            if self.places.insert(code, self.concepts.len()).is_some() {
                return Err(format!("the concept {code} is there twice (csd-1)"));
            }
            let properties: Vec<(String, String)> = concept.objects("property").filter_map(property).collect();
            let pair = |child: &str, parent: &str| (child.to_owned(), parent.to_owned());
            self.edges.extend(parent.map(|parent| pair(code, parent)));
            for (name, value) in &properties {
                if self.up.contains(&name.as_str()) {
                    self.edges.push(pair(code, value));
                } else if self.down.contains(&name.as_str()) {
                    self.edges.push(pair(value, code));
                }
            }
            self.concepts.push(Concept { code: code.to_owned(), parents: Vec::new(), properties });
            self.concepts(concept, Some(code))?;
        }
        Ok(())
    }
}

/// A property as name and value; of a Coding the code.
fn property(property: &Object) -> Option<(String, String)> {
    let name = property.text("code")?;
    let value = property.0.iter().find(|(key, _)| key.starts_with("value")).map(|(_, value)| value)?;
    let value = match value {
        Json::String(text) | Json::Number(text) => text.clone(),
        Json::Bool(truth) => truth.to_string(),
        Json::Object(coding) => coding.text("code")?.to_owned(),
        _ => return None,
    };
    Some((name.to_owned(), value))
}
