//! Owns the check of a resource against a compiled profile: one walk down the profile's tree, over the JSON as it came.

use super::finding::Finding;
use super::library::Library;
use super::pattern;
use super::tree::{Element, Kind, Profile, Severity};
use crate::fhir::elements::is_resource_type;
use crate::fhir::json::Object;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::fhirpath::{Around, Item, Node};

/// The most findings told of one resource and profile.
const MOST: usize = 100;
/// Profiles within profiles, at most so deep.
const DEEPEST: usize = 8;

/// Everything that is wrong with the resource against the profile. `is_asked` tells too what could not be judged.
pub fn check(resource: &Object, profile: &Profile, library: &Library, is_asked: bool) -> Vec<Finding> {
    let Some(node) = Node::whole(resource) else { return Vec::new() };
    let members = |set: &str, system: Option<&str>, code: &str| library.terms.contains(set, system, code);
    let around = Around { resource, root: resource, members: &members };
    let mut walk = Walk { around, profile, library, is_asked, path: profile.kind.clone(), depth: 0, found: Vec::new() };
    if node.kind.name != profile.kind {
        let words = format!("this is no {}, which the profile is for", profile.kind);
        walk.path = "resourceType".to_owned();
        walk.report(&profile.root, "type", IssueType::Invalid, words);
        return walk.found;
    }
    walk.element(node, &profile.root);
    walk.found
}

struct Walk<'a> {
    around: Around<'a>,
    profile: &'a Profile,
    library: &'a Library,
    is_asked: bool,
    path: String,
    depth: usize,
    found: Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn report(&mut self, element: &Element, rule: &str, code: IssueType, words: String) {
        self.tell(Severity::Error, element, rule, code, words);
    }

    fn tell(&mut self, severity: Severity, element: &Element, rule: &str, code: IssueType, words: String) {
        // What a slice repeats of its element is told once.
        let known = |finding: &Finding| finding.rule == rule && finding.expression == self.path;
        if self.found.len() < MOST && !self.found.iter().any(known) {
            self.found.push(Finding {
                severity,
                code,
                rule: rule.to_owned(),
                expression: self.path.clone(),
                element: element.id.clone(),
                profile: self.profile.url.clone(),
                words,
            });
        }
    }

    fn within(&mut self, step: &str, f: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        f(self);
        self.path.truncate(length);
    }

    fn element(&mut self, node: Node<'a>, element: &'a Element) {
        if let Some(fixed) = &element.fixed
            && !pattern::equals(fixed, &node)
        {
            let words = format!("has to be {}", shorten(&fixed.to_string()));
            self.report(element, "fixed", IssueType::Value, words);
        }
        if let Some(wanted) = &element.pattern
            && !pattern::fits(wanted, &node)
        {
            let words = format!("has to have {}", shorten(&wanted.to_string()));
            self.report(element, "pattern", IssueType::Value, words);
        }
        self.binding(&node, element);
        for constraint in &element.constraints {
            match constraint.expression.holds(node, self.around) {
                Ok(told) if told.unwrap_or(constraint.is_r4) => {}
                Ok(_) => {
                    let words = format!("{} ({})", constraint.human, constraint.key);
                    self.tell(constraint.severity, element, &constraint.key, IssueType::Invariant, words);
                }
                Err(stopped) => {
                    let words = format!("{} ({}): it cannot be judged: {stopped}", constraint.human, constraint.key);
                    self.tell(constraint.severity, element, &constraint.key, IssueType::Invariant, words);
                }
            }
        }
        for child in &element.children {
            self.child(node, child);
        }
        self.profiles(node, element);
    }

    /// The occurrences of one child: how many, of which types, and each by itself.
    fn child(&mut self, parent: Node<'a>, element: &'a Element) {
        let mut items = Vec::new();
        parent.children(&element.name, &mut items);
        let nodes: Vec<Node<'a>> = items
            .into_iter()
            .filter_map(|item| match item {
                Item::Node(node) => Some(node),
                _ => None,
            })
            .collect();
        self.within(&format!(".{}", element.name), |walk| {
            let many = nodes.len();
            let mut counts = vec![0; element.slicing.as_ref().map_or(0, |slicing| slicing.slices.len())];
            for (at, node) in nodes.into_iter().enumerate() {
                let step = if element.many { format!("[{at}]") } else { String::new() };
                walk.within(&step, |walk| walk.occurrence(node, element, &mut counts));
            }
            for (slice, many) in element.slicing.iter().flat_map(|slicing| &slicing.slices).zip(counts) {
                walk.count(&slice.element, many);
            }
            // What a slice lacks is told as the slice's, which says more.
            walk.count(element, many);
        });
    }

    fn occurrence(&mut self, node: Node<'a>, element: &'a Element, counts: &mut [usize]) {
        if let Some(kinds) = &element.kinds {
            self.kind(&node, element, kinds);
        }
        self.element(node, element);
        let Some(slicing) = &element.slicing else { return };
        let terms = &self.library.terms;
        match slicing.slices.iter().position(|slice| slice.holds(&node, terms)) {
            Some(at) => {
                counts[at] += 1;
                self.element(node, &slicing.slices[at].element);
            }
            None if slicing.closed => {
                let names: Vec<&str> = slicing.slices.iter().map(|slice| slice.name.as_str()).collect();
                let words = format!("is none of those that may be there: {}", names.join(", "));
                self.report(element, "slice", IssueType::Structure, words);
            }
            None => {}
        }
    }

    fn count(&mut self, element: &Element, many: usize) {
        let slice = element.id.rsplit('.').next().and_then(|word| word.split_once(':')).map(|(_, slice)| slice);
        let what = slice.map_or(element.name.clone(), |slice| format!("{} of the kind {slice}", element.name));
        if many < element.min {
            let words = format!("there have to be {} of {what}, and there are {many}", element.min);
            let words = if element.min == 1 && many == 0 { format!("{what} has to be there") } else { words };
            self.report(element, "min", IssueType::Required, words);
        }
        if let Some(max) = element.max.filter(|max| many > *max) {
            let words = match max {
                0 => format!("{what} must not be there"),
                max => format!("there may be {max} of {what}, and there are {many}"),
            };
            self.report(element, "max", IssueType::Structure, words);
        }
    }

    fn kind(&mut self, node: &Node, element: &Element, kinds: &[Kind]) {
        let own = node.kind.name;
        let Some(kind) = kinds.iter().find(|kind| kind.name == own) else {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
            let words = format!("is a {own}, but may be {}", names.join(" or "));
            return self.report(element, "type", IssueType::Structure, words);
        };
        let target = node.object.and_then(|object| object.text("reference").and_then(leads_to).or(object.text("type")));
        if let Some(target) = target.filter(|target| {
            own == "Reference" && !kind.targets.is_empty() && !kind.targets.iter().any(|known| known == target)
        }) {
            let words = format!("leads to a {}, but may lead to {}", shorten(target), kind.targets.join(" or "));
            self.report(element, "type", IssueType::Structure, words);
        }
    }

    fn binding(&mut self, node: &Node, element: &Element) {
        let Some(binding) = &element.binding else { return };
        let Some(is_in) = self.library.terms.holds(&binding.set, node) else {
            if self.is_asked {
                let words =
                    format!("{} is not known here, or not whole: the code was not checked against it", binding.set);
                self.tell(Severity::Information, element, "binding", IssueType::Informational, words);
            }
            return;
        };
        let coded = node.value.is_some() || node.kind.name != "CodeableConcept" || has_code(node);
        if is_in || !(coded || binding.required) {
            return;
        }
        let words = format!("no code is of {}", binding.set);
        let severity = if binding.required { Severity::Error } else { Severity::Warning };
        self.tell(severity, element, "binding", IssueType::CodeInvalid, words);
    }

    /// One of the profiles that the element's type names has to be met.
    fn profiles(&mut self, node: Node<'a>, element: &'a Element) {
        if element.profiles.is_empty() || self.depth >= DEEPEST {
            return;
        }
        let known = element.profiles.iter().filter_map(|url| self.library.profile(url));
        let mut best: Option<Vec<Finding>> = None;
        for profile in known {
            let mut walk = Walk {
                around: self.around,
                profile,
                library: self.library,
                is_asked: self.is_asked,
                path: self.path.clone(),
                depth: self.depth + 1,
                found: Vec::new(),
            };
            walk.element(node, &profile.root);
            let errors = |found: &[Finding]| found.iter().filter(|finding| finding.severity == Severity::Error).count();
            if best.as_ref().is_none_or(|best| errors(&walk.found) < errors(best)) {
                best = Some(walk.found);
            }
        }
        self.found.extend(best.unwrap_or_default());
        self.found.truncate(MOST);
    }
}

fn has_code(node: &Node) -> bool {
    node.object.is_some_and(|object| object.objects("coding").any(|coding| coding.get("code").is_some()))
}

/// The type that a reference leads to, where it says so.
fn leads_to(reference: &str) -> Option<&str> {
    let path = reference.split(['?', '#']).next()?;
    path.rsplit('/').find(|part| is_resource_type(part))
}
