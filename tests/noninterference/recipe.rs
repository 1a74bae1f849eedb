//! What a request is made of: small numbers, which stand for what occurs in the twins. They shrink to zero, and lists to
//! nothing, so that a request that tells the twins apart ends as a short one.

/// A request to be.
#[derive(Clone, Debug)]
pub enum Recipe {
    Look(Look),
    Change(Change),
    Bundle { batch: bool, entries: Vec<Entry> },
}

/// An entry of a Bundle to be.
#[derive(Clone, Debug)]
pub enum Entry {
    Look { look: Look, head: bool, known: u8 },
    Change(Change),
}

/// What changes nothing.
#[derive(Clone, Debug)]
pub enum Look {
    Read(Read),
    History(History),
    Search(Search),
    Everything { patient: Option<u16>, parts: Vec<(u8, u16)> },
    Lastn { patient: u16, code: u16, max: u8, more: Vec<Part> },
    Match { like: u16, leave_out: u8, number: Option<u16>, how: u8 },
    Summary(u16),
    Validate { mode: u8, on: Option<u16>, change: Change },
}

/// A read or vread.
#[derive(Clone, Debug)]
pub struct Read {
    pub ty: u16,
    pub id: u16,
    pub version: Option<u8>,
    /// Its form: HEAD, `_summary`, `_elements`, XML.
    pub form: u8,
    /// What the caller has already: If-None-Match, If-Modified-Since.
    pub known: u8,
}

/// A history.
#[derive(Clone, Debug)]
pub struct History {
    /// The whole record's, a type's or an instance's.
    pub level: u8,
    pub ty: u16,
    pub id: u16,
    pub parts: Vec<(u8, u16)>,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    pub place: Place,
    pub ty: u16,
    pub parts: Vec<Part>,
    /// By GET, by POST, by HEAD, leniently, in XML.
    pub way: u8,
}

/// Where it searches.
#[derive(Clone, Debug)]
pub enum Place {
    Type,
    /// `Patient/id/Type`
    Compartment(u16),
    /// `Patient/id/*`
    Whole(u16),
    /// The base, with `_type` of so many types.
    Base(Vec<u16>),
}

/// One parameter.
#[derive(Clone, Debug)]
pub enum Part {
    Filter(Vec<Step>, Own),
    Include { reverse: bool, iterate: bool, form: u8, ty: u16, param: u16, target: u16 },
    Sort(Vec<(u16, bool)>),
    Count(u8),
    Total(u8),
    Summary(u8),
    Elements(Vec<u16>),
    Junk(u8, u16),
}

/// A step into another type.
#[derive(Clone, Debug)]
pub enum Step {
    Chain { param: u16, target: u16 },
    Has { ty: u16, param: u16 },
}

/// A parameter of the type arrived at.
#[derive(Clone, Debug)]
pub struct Own {
    pub param: u16,
    pub modifier: u8,
    /// Which values, and what is done to each.
    pub values: Vec<(u16, u8)>,
}

/// A change.
#[derive(Clone, Debug)]
pub struct Change {
    pub verb: Verb,
    pub ty: u16,
    pub body: Body,
    pub if_match: Option<u8>,
    /// `Prefer: return=…`
    pub prefer: u8,
}

/// What is to be done, to the one of this id or to what these criteria find.
#[derive(Clone, Debug)]
pub enum Verb {
    Create(Option<Vec<Part>>),
    Update(Named),
    Patch(Named, u8),
    Delete(Named),
}

/// How a change names what it is about.
#[derive(Clone, Debug)]
pub enum Named {
    Id(u16),
    Where(Vec<Part>),
}

/// A resource to be sent.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its own id, where a change does not say.
    pub id: Option<u16>,
    pub subject: u16,
    pub number: u16,
    pub identifier: Option<u16>,
    /// What it refers to beside its subject.
    pub refers: Option<u16>,
    pub label: u8,
}
