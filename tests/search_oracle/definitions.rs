//! The R4 element table, read from the published StructureDefinitions: which type stands at which path,
//! and which code system a `code` element with a required binding implies.

use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// What the definition says about one element.
pub struct Element {
    pub types: Vec<String>,
    /// `contentReference` without its `#`: children are found there instead.
    pub same_as: Option<String>,
    /// `isSummary`: part of `_summary=true`.
    pub summary: bool,
    /// `isModifier`: changes the meaning of what surrounds it.
    pub modifier: bool,
    /// Has to be there.
    pub mandatory: bool,
    required_value_set: Option<String>,
}

/// Element path (`Patient.name`, `HumanName.given`, `Observation.value[x]`) to its definition.
pub struct Definitions {
    elements: HashMap<String, Element>,
    implied_systems: HashMap<String, String>,
}

impl Definitions {
    /// Reads the definitions of `types` and of every data type.
    pub fn load(spec: &Path, types: &[&str]) -> Definitions {
        let mut elements = HashMap::new();
        for line in lines(&spec.join("StructureDefinition.ndjson")) {
            // Most of the file is about other things, and parsing is slow.
            let about = |line: &str| types.iter().any(|t| line.contains(&format!("\"{t}\"")));
            if !about(line.get(..200).unwrap_or(&line)) && !line.contains("\"complex-type\"") {
                continue;
            }
            let definition: Value = serde_json::from_str(&line).expect("a StructureDefinition");
            if definition["kind"] != "complex-type" && !types.iter().any(|t| definition["id"] == **t) {
                continue;
            }
            for element in array(&definition["snapshot"]["element"]) {
                let path = text(element, "path").unwrap_or_default().to_string();
                elements.entry(path).or_insert_with(|| read_element(element));
            }
        }
        let implied_systems = implied_systems(spec, &elements);
        Definitions { elements, implied_systems }
    }

    /// The definition of the element at `path`.
    pub fn get(&self, path: &str) -> Option<&Element> {
        self.elements.get(path)
    }

    /// The elements right below a path, by name; of a choice, the name is without its `[x]`.
    pub fn below(&self, path: &str) -> Vec<(&str, &Element)> {
        let direct = |(at, element)| {
            let name = str::strip_prefix(at, path)?.strip_prefix('.')?;
            (!name.contains('.')).then_some((name.trim_end_matches("[x]"), element))
        };
        self.elements.iter().map(|(at, element)| (at.as_str(), element)).filter_map(direct).collect()
    }

    /// The code system of a `code` element whose required value set draws on one system only.
    pub fn implied_system(&self, path: &str) -> Option<&str> {
        self.implied_systems.get(path).map(String::as_str)
    }
}

fn read_element(element: &Value) -> Element {
    let types = array(&element["type"])
        .iter()
        .filter_map(|t| text(t, "code"))
        // ids and the like are declared with FHIRPath's own type names
        .map(|code| if code.starts_with("http://hl7.org/fhirpath/") { "string" } else { code })
        .map(str::to_string)
        .collect();
    let required = element["binding"]["strength"] == "required";
    let value_set = text(&element["binding"], "valueSet").filter(|_| required);
    Element {
        types,
        same_as: text(element, "contentReference").map(|r| r.trim_start_matches('#').to_string()),
        summary: element["isSummary"] == true,
        modifier: element["isModifier"] == true,
        mandatory: element["min"].as_u64().is_some_and(|min| min > 0),
        required_value_set: value_set.map(|v| v.split('|').next().unwrap_or(v).to_string()),
    }
}

fn implied_systems(spec: &Path, elements: &HashMap<String, Element>) -> HashMap<String, String> {
    let mut system_of = HashMap::new();
    for line in lines(&spec.join("ValueSet.ndjson")) {
        let value_set: Value = serde_json::from_str(&line).expect("a ValueSet");
        let includes = array(&value_set["compose"]["include"]);
        let mut systems: Vec<&str> = includes.iter().filter_map(|i| text(i, "system")).collect();
        let only_systems = systems.len() == includes.len() && includes.iter().all(|i| i.get("valueSet").is_none());
        systems.dedup();
        if let (true, [one], Some(url)) = (only_systems, systems.as_slice(), text(&value_set, "url")) {
            system_of.insert(url.to_string(), one.to_string());
        }
    }
    let codes = elements.iter().filter(|(_, e)| e.types.iter().any(|t| t == "code"));
    codes.filter_map(|(path, e)| Some((path.clone(), system_of.get(e.required_value_set.as_ref()?)?.clone()))).collect()
}

/// The non-empty lines of an NDJSON file.
pub fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    text.lines().filter(|l| !l.trim().is_empty()).map(str::to_string).collect()
}

/// The array's items, or nothing for any other value.
pub fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The string property `name`.
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
