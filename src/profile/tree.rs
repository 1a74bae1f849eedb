//! Owns a profile as it is compiled: a tree of what it asks beyond R4. What R4 itself asks is `fhir::decode`'s, and not in it.

use crate::fhir::json::Json;
use crate::fhirpath::Expression;

/// One profile.
#[derive(Debug)]
pub struct Profile {
    pub url: String,
    pub version: String,
    /// The type that it is for.
    pub kind: String,
    pub root: Element,
}

/// What is asked of one element, or of one slice of it.
#[derive(Debug, Default)]
pub struct Element {
    /// As in the definition: `Patient.identifier:nhsNumber.system`.
    pub id: String,
    /// The element's name in R4, a choice without its `[x]`.
    pub name: String,
    /// Whether R4 lets it repeat: then places have an index.
    pub many: bool,
    pub min: usize,
    /// None: any number.
    pub max: Option<usize>,
    /// None: any type that R4 allows.
    pub kinds: Option<Vec<Kind>>,
    pub fixed: Option<Json>,
    pub pattern: Option<Json>,
    pub binding: Option<Binding>,
    pub constraints: Vec<Constraint>,
    /// Profiles of which one has to be met, where they are known here.
    pub profiles: Vec<String>,
    pub children: Vec<Element>,
    pub slicing: Option<Slicing>,
}

/// A type that an element may have.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub name: String,
    /// Of a Reference, the resource types it may lead to; none: any.
    pub targets: Vec<String>,
}

/// A value set, and how binding it is.
#[derive(Debug)]
pub struct Binding {
    pub required: bool,
    pub set: String,
}

/// A rule in FHIRPath.
#[derive(Debug)]
pub struct Constraint {
    pub key: String,
    pub severity: Severity,
    pub human: String,
    pub expression: Expression,
    /// Whether R4 asks it of every resource of the type. R4's rules are written so that nothing at all breaks none of them.
    pub is_r4: bool,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Information,
    Warning,
    Error,
}

/// How an element's occurrences are told apart.
#[derive(Debug)]
pub struct Slicing {
    /// Whether what is of no slice is refused.
    pub closed: bool,
    pub slices: Vec<Slice>,
}

/// One slice: what is of it, and what is asked of that.
#[derive(Debug)]
pub struct Slice {
    pub name: String,
    pub tests: Vec<Test>,
    pub element: Element,
}

/// One discriminator, for one slice.
#[derive(Debug)]
pub struct Test {
    pub path: Vec<Step>,
    pub wanted: Wanted,
}

/// A step of a discriminator's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Child(String),
    Extension(String),
}

/// What a discriminator tells a slice by.
#[derive(Debug)]
pub enum Wanted {
    Fixed(Json),
    Pattern(Json),
    /// A code of this value set.
    Code(String),
    /// One of these types.
    Kind(Vec<String>),
    /// Whether something is there.
    There(bool),
}

impl Element {
    /// Whether it asks for nothing.
    pub fn is_silent(&self) -> bool {
        self.min == 0
            && self.max.is_none()
            && self.kinds.is_none()
            && self.fixed.is_none()
            && self.pattern.is_none()
            && self.binding.is_none()
            && self.constraints.is_empty()
            && self.profiles.is_empty()
            && self.children.is_empty()
            && self.slicing.is_none()
    }
}
