//! Owns the shape of a resource's declaration: one table of search parameters per type, as data.
//!
//! The table drives parsing, indexing, SQL, the CapabilityStatement and the docs. A parameter is
//! written once.

/// The system of booleans.
pub const BOOLEANS: &str = "http://terminology.hl7.org/CodeSystem/special-values";

/// A resource type this record keeps.
#[derive(Debug)]
pub struct ResourceSpec {
    /// R4's name, also the path segment.
    pub name: &'static str,
    /// The table of current versions, for changes.
    pub table: &'static str,
    /// The table of all versions, for changes.
    pub history: &'static str,
    /// What reads read instead: without a reach both are empty.
    pub seen: Seen,
    /// Whose record it belongs to.
    pub compartment: Compartment,
    /// The reference parameters that, beside the subject, put it into the compartment of a Patient they name (R4 §2.1.5).
    pub members: &'static [&'static str],
    /// The parameters that say when the care was given: what `$everything` compares with its start and end.
    pub care_dates: &'static [&'static str],
    /// The type's own search parameters.
    pub params: &'static [Param],
}

/// The relations that reads are from.
#[derive(Debug)]
pub struct Seen {
    /// The current versions.
    pub current: &'static str,
    /// All versions.
    pub all: &'static str,
}

/// Whose record a resource belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compartment {
    /// It is the person.
    Person,
    /// The person that this element refers to.
    Subject(&'static str),
    /// It is nobody's: of those who give care. Everyone with leave for the type may see it.
    Nobody,
    /// It tells who looked at somebody's record: for that person, and for who oversees the record.
    Trail,
}

/// One search parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name in a query. A leading `-` marks one that only composites use.
    pub code: &'static str,
    pub kind: Kind,
    /// Where its values are: elements from the resource down; ` | ` between alternatives, `x[T]` for one type of a
    /// choice and `x[a=b]` for a condition.
    pub path: &'static str,
    /// The column, or the stem of two, that holds the values.
    pub column: &'static str,
    /// Last segment of R4's canonical, `http://hl7.org/fhir/SearchParameter/…`.
    pub definition: &'static str,
    /// What a caller finds with it.
    pub doc: &'static str,
}

/// How a parameter's values are stored and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The logical id.
    Id,
    /// When the row was last written.
    Instant,
    /// `system|code` of Codings and Identifiers.
    Token,
    /// A bare code or boolean whose system R4 fixes.
    Code(&'static str),
    /// Whether the element is there and not `false`.
    Truth,
    /// Folded text, matched from its start.
    Text,
    /// How a name sounds.
    Phonetic,
    /// One stretch of time a resource.
    Date,
    /// Several stretches of time a resource.
    Dates,
    /// References to these types.
    Reference(&'static [&'static str]),
    /// A canonical URL, with or without a version.
    Canonical(&'static [&'static str]),
    Quantity,
    Uri,
    /// Two parameters' values at the same element: of the resource, or of one component.
    Composite {
        parts: [&'static str; 2],
        within_component: bool,
    },
    /// What either of two parameters finds.
    Either([&'static str; 2]),
    /// Words of the narrative, or of all text.
    Words {
        narrative: bool,
    },
}

impl Param {
    /// Whether callers may use it by itself.
    pub fn offered(&self) -> bool {
        !self.code.starts_with('-')
    }

    /// R4's search parameter type.
    pub fn r4_type(&self) -> &'static str {
        match self.kind {
            Kind::Id | Kind::Token | Kind::Code(_) | Kind::Truth => "token",
            Kind::Instant | Kind::Date | Kind::Dates => "date",
            Kind::Text | Kind::Phonetic | Kind::Words { .. } => "string",
            Kind::Reference(_) | Kind::Canonical(_) => "reference",
            Kind::Quantity => "quantity",
            Kind::Uri => "uri",
            Kind::Composite { .. } => "composite",
            Kind::Either([first, _]) if first.contains("-value-") => "composite",
            Kind::Either([first, _]) if first.ends_with("quantity") => "quantity",
            Kind::Either(_) => "token",
        }
    }

    /// R4's canonical URL of the definition.
    pub fn definition_url(&self) -> String {
        format!("http://hl7.org/fhir/SearchParameter/{}", self.definition)
    }

    /// What its values are ordered as; rows of two types stand in one order where these are equal.
    pub fn order_type(&self) -> &'static str {
        match self.kind {
            Kind::Instant | Kind::Date | Kind::Dates => "time",
            Kind::Quantity => "number",
            _ => "text",
        }
    }

    /// Whether results can be sorted by it.
    pub fn sortable(&self) -> bool {
        self.unsortable().is_none()
    }

    /// Why results cannot be sorted by it, if they cannot.
    pub fn unsortable(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Composite { .. } => Some("it pairs values, which have no order"),
            Kind::Either(_) => Some("it looks in two places, whose values have no order together"),
            Kind::Phonetic => Some("the order of sounds says nothing"),
            Kind::Words { .. } => Some("it finds words, and a text has no one value"),
            _ => None,
        }
    }
}

impl ResourceSpec {
    /// Whether it is the person's own resource.
    pub fn is_person(&self) -> bool {
        self.compartment == Compartment::Person
    }

    /// Whether it is the audit trail's, which this service alone writes.
    pub fn is_trail(&self) -> bool {
        self.compartment == Compartment::Trail
    }

    /// Every parameter: the type's own, then those of all resources.
    pub fn all_params(&'static self) -> impl Iterator<Item = &'static Param> {
        self.params.iter().chain(super::common::PARAMS)
    }

    /// The parameter of this name, also one that only composites use.
    pub fn param(&'static self, code: &str) -> Option<&'static Param> {
        self.all_params().find(|param| param.code == code)
    }
}

/// A const-table row; the arguments in the order a reader wants them.
pub const fn param(
    code: &'static str,
    kind: Kind,
    path: &'static str,
    column: &'static str,
    definition: &'static str,
    doc: &'static str,
) -> Param {
    Param { code, kind, path, column, definition, doc }
}
