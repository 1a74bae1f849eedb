//! The oracle: which search parameters there are, and whether a resource matches a value of one.

use super::dates;
use super::definitions::{Definitions, array, lines, text};
use super::expression::{Expr, parse};
use super::fhirpath::{Node, evaluate, root};
use super::reading::Reading;
use super::syntax::split;
use super::values::{Item, Kind, Term, items, term};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The resource types of the record.
pub const TYPES: [&str; 9] = [
    "Patient",
    "Condition",
    "Observation",
    "MedicationStatement",
    "AllergyIntolerance",
    "CarePlan",
    "Practitioner",
    "PractitionerRole",
    "Organization",
];

/// Parameters no server is asked for: full-text and special ones, extension examples, and the genomics extensions.
const EXCLUDED: [&str; 14] = [
    "_text",
    "_content",
    "_query",
    "_filter",
    "_list",
    "age",
    "part-agree",
    "birthOrderBoolean",
    "mothersMaidenName",
    "amino-acid-change",
    "dna-variant",
    "gene-amino-acid-change",
    "gene-dnavariant",
    "gene-identifier",
];

/// One search parameter of one type.
pub struct Param {
    /// The elements whose parts belong together; only composites have more than the one part below.
    context: Expr,
    /// Expression and kind of each part, from the context.
    parts: Vec<(Expr, Kind)>,
    /// Whether the definition lets values be joined by commas.
    pub multiple_or: bool,
    /// The types a reference may point to.
    pub targets: Vec<String>,
}

impl Param {
    /// The kinds of its parts, one unless it is a composite.
    pub fn kinds(&self) -> Vec<Kind> {
        self.parts.iter().map(|(_, kind)| *kind).collect()
    }

    /// Whether it holds references, by which one can chain and include.
    pub fn is_reference(&self) -> bool {
        self.kinds() == [Kind::Reference]
    }

    /// Whether what it holds are canonical URLs of definitions: R4 calls these references too.
    pub fn is_canonical(&self) -> bool {
        self.is_reference() && self.targets.iter().any(|t| t == "PlanDefinition")
    }
}

/// What a resource holds for a parameter: per context, per part, the stored values.
pub type Held = Vec<Vec<Vec<Item>>>;

/// Judges resources by the published definitions alone.
pub struct Oracle {
    pub definitions: Definitions,
    /// By type and code.
    pub params: BTreeMap<(String, String), Param>,
    /// The server's base URL: a reference below it is the same as the relative one.
    pub base: String,
    /// The moment `ap` measures from, in nanoseconds since 1970.
    pub now: i128,
}

impl Oracle {
    /// Loads the definitions in a folder.
    pub fn load(spec: &Path) -> Oracle {
        let definitions = Definitions::load(spec, &TYPES);
        let all: Vec<Value> = lines(&spec.join("SearchParameter.ndjson"))
            .iter()
            .map(|line| serde_json::from_str(line).expect("a SearchParameter"))
            .collect();
        let kind_of: HashMap<&str, Kind> =
            all.iter().filter_map(|p| Some((text(p, "url")?, simple_kind(p)?))).collect();
        let mut params = BTreeMap::new();
        for definition in all.iter().filter(|p| is_served(p)) {
            let code = text(definition, "code").unwrap_or_default();
            for base in array(&definition["base"]).iter().filter_map(Value::as_str) {
                for ty in TYPES.iter().filter(|ty| base == **ty || base == "Resource") {
                    let key = (ty.to_string(), code.to_string());
                    let earlier = params.insert(key, read_param(definition, &kind_of));
                    assert!(earlier.is_none(), "{ty}.{code} is defined twice");
                }
            }
        }
        Oracle { definitions, params, base: "http://localhost/fhir".into(), now: dates::now() }
    }

    /// Whether `resource` matches one repetition of a parameter; commas in `value` join alternatives.
    pub fn matches(&self, resource: &Value, ty: &str, param: &str, value: &str) -> bool {
        let held = self.held(resource, ty, param);
        let terms = self.terms(ty, param, value).unwrap_or_else(|| panic!("{ty}?{param}={value} means nothing"));
        self.satisfies(&terms, &held, &Reading::STRICT)
    }

    /// The parameter's definition; asking for one that does not exist is a mistake of the test.
    pub fn param(&self, ty: &str, param: &str) -> &Param {
        let key = (ty.to_string(), param.to_string());
        self.params.get(&key).unwrap_or_else(|| panic!("{ty} has no parameter {param}"))
    }

    /// What `resource` holds for a parameter.
    pub fn held(&self, resource: &Value, ty: &str, param: &str) -> Held {
        if resource["resourceType"] != ty {
            return Vec::new();
        }
        let param = self.param(ty, param);
        let contexts = evaluate(&self.definitions, &param.context, &[root(resource)]);
        let part = |context, (expr, kind): &(Expr, Kind)| {
            let nodes = evaluate(&self.definitions, expr, std::slice::from_ref(context));
            nodes.iter().flat_map(|n| items(*kind, n, &self.definitions, &self.base)).collect()
        };
        contexts.iter().map(|context| param.parts.iter().map(|p| part(context, p)).collect()).collect()
    }

    /// The nodes that a parameter's expression yields, whether or not a value can be read from them.
    pub fn nodes<'a>(&self, resource: &'a Value, ty: &str, param: &str) -> Vec<Node<'a>> {
        let param = self.param(ty, param);
        let contexts = evaluate(&self.definitions, &param.context, &[root(resource)]);
        param.parts.iter().flat_map(|(expr, _)| evaluate(&self.definitions, expr, &contexts)).collect()
    }

    /// The alternatives of a raw value, each with a term per part; `None` if one of them means nothing.
    pub fn terms(&self, ty: &str, param: &str, value: &str) -> Option<Vec<Vec<Term>>> {
        let kinds = self.param(ty, param).kinds();
        let alternative = |raw: &String| {
            let parts = if kinds.len() > 1 { split(raw, '$') } else { vec![raw.clone()] };
            if parts.len() != kinds.len() {
                return None;
            }
            kinds.iter().zip(&parts).map(|(kind, raw)| term(*kind, raw, &self.base)).collect()
        };
        split(value, ',').iter().map(alternative).collect()
    }

    /// Whether some alternative holds within some context.
    pub fn satisfies(&self, terms: &[Vec<Term>], held: &Held, reading: &Reading) -> bool {
        let part_fits = |term: &Term, items: &Vec<Item>| match term.negated().filter(|_| reading.ne_of_all) {
            Some(equal) => !items.is_empty() && !items.iter().any(|i| equal.matches(i, self.now, reading)),
            None => items.iter().any(|i| term.matches(i, self.now, reading)),
        };
        let fits = |context: &Vec<Vec<Item>>, alternative: &Vec<Term>| {
            alternative.iter().zip(context).all(|(term, items)| part_fits(term, items))
        };
        held.iter().any(|context| terms.iter().any(|alternative| fits(context, alternative)))
    }
}

fn is_served(definition: &Value) -> bool {
    // the definitions whose ids begin so illustrate the SearchParameter resource and shadow the real ones
    let is_example = text(definition, "id").is_some_and(|id| id.starts_with("example"));
    let excluded = text(definition, "code").is_none_or(|code| EXCLUDED.contains(&code));
    !is_example && !excluded
}

fn simple_kind(definition: &Value) -> Option<Kind> {
    Some(match text(definition, "type")? {
        "token" => Kind::Token,
        "string" if text(definition, "xpathUsage") == Some("phonetic") => Kind::Phonetic,
        "string" => Kind::Text,
        "date" => Kind::Date,
        "reference" => Kind::Reference,
        "quantity" => Kind::Quantity,
        "uri" => Kind::Uri,
        _ => return None,
    })
}

fn read_param(definition: &Value, kind_of: &HashMap<&str, Kind>) -> Param {
    let url = text(definition, "url").unwrap_or_default();
    let expression = |of: &Value| {
        let source = text(of, "expression").unwrap_or_else(|| panic!("{url} has no expression"));
        parse(source).unwrap_or_else(|e| panic!("{url}: {e}"))
    };
    let components = array(&definition["component"]);
    let own = expression(definition);
    let (context, parts) = if components.is_empty() {
        (Expr::This, vec![(own, kind_of[url])])
    } else {
        let kind = |c| kind_of[text(c, "definition").unwrap_or_default()];
        (own, components.iter().map(|c| (expression(c), kind(c))).collect())
    };
    let targets = array(&definition["target"]).iter().filter_map(|t| t.as_str().map(str::to_string)).collect();
    Param { context, parts, multiple_or: definition["multipleOr"] != false, targets }
}
