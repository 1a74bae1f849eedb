//! Owns the tree that an expression is read into.

use bigdecimal::BigDecimal;
use regex::Regex;

/// One step of an expression.
#[derive(Debug)]
pub enum Expr {
    /// `{}`
    Nothing,
    Text(String),
    Truth(bool),
    Integer(i64),
    Decimal(BigDecimal),
    /// A date or time, as it was written.
    Moment(String),
    /// What the expression is asked of, or `$this`.
    This,
    /// `$index`
    Index,
    /// `%resource`
    Resource,
    /// `%rootResource`
    Root,
    /// `%context`
    Context,
    /// Children of this name; a first step may also name the type.
    Member {
        of: Box<Expr>,
        name: String,
        first: bool,
    },
    /// `[n]`
    At {
        of: Box<Expr>,
        at: Box<Expr>,
    },
    Call {
        of: Box<Expr>,
        function: Function,
        arguments: Vec<Expr>,
    },
    /// `matches('…')`, its pattern read.
    Matches {
        of: Box<Expr>,
        pattern: Regex,
    },
    /// `is` and `is()`
    Is {
        of: Box<Expr>,
        kind: String,
    },
    /// `as`, `as()` and `ofType()`
    OfType {
        of: Box<Expr>,
        kind: String,
    },
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Negative(Box<Expr>),
}

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Times,
    Over,
    Div,
    Mod,
    Plus,
    Minus,
    Join,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Like,
    NotLike,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

/// A function that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Abs,
    All,
    AllTrue,
    AnyTrue,
    Children,
    Combine,
    Contains,
    Count,
    Descendants,
    Distinct,
    Empty,
    EndsWith,
    Exclude,
    Exists,
    Extension,
    First,
    HasValue,
    HtmlChecks,
    Iif,
    IndexOf,
    Intersect,
    IsDistinct,
    Last,
    Length,
    Lower,
    MemberOf,
    Not,
    Now,
    Replace,
    Resolve,
    Select,
    Single,
    Skip,
    StartsWith,
    SubsetOf,
    Substring,
    Tail,
    Take,
    ToDecimal,
    ToInteger,
    ToString,
    Today,
    Trace,
    Trim,
    Union,
    Upper,
    Where,
}

/// Name, function, and how few and how many arguments it takes.
pub const FUNCTIONS: &[(&str, Function, usize, usize)] = &[
    ("abs", Function::Abs, 0, 0),
    ("all", Function::All, 1, 1),
    ("allTrue", Function::AllTrue, 0, 0),
    ("anyTrue", Function::AnyTrue, 0, 0),
    ("children", Function::Children, 0, 0),
    ("combine", Function::Combine, 1, 1),
    ("contains", Function::Contains, 1, 1),
    ("count", Function::Count, 0, 0),
    ("descendants", Function::Descendants, 0, 0),
    ("distinct", Function::Distinct, 0, 0),
    ("empty", Function::Empty, 0, 0),
    ("endsWith", Function::EndsWith, 1, 1),
    ("exclude", Function::Exclude, 1, 1),
    ("exists", Function::Exists, 0, 1),
    ("extension", Function::Extension, 1, 1),
    ("first", Function::First, 0, 0),
    ("hasValue", Function::HasValue, 0, 0),
    ("htmlChecks", Function::HtmlChecks, 0, 0),
    ("iif", Function::Iif, 2, 3),
    ("indexOf", Function::IndexOf, 1, 1),
    ("intersect", Function::Intersect, 1, 1),
    ("isDistinct", Function::IsDistinct, 0, 0),
    ("last", Function::Last, 0, 0),
    ("length", Function::Length, 0, 0),
    ("lower", Function::Lower, 0, 0),
    ("memberOf", Function::MemberOf, 1, 1),
    ("not", Function::Not, 0, 0),
    ("now", Function::Now, 0, 0),
    ("replace", Function::Replace, 2, 2),
    ("resolve", Function::Resolve, 0, 0),
    ("select", Function::Select, 1, 1),
    ("single", Function::Single, 0, 0),
    ("skip", Function::Skip, 1, 1),
    ("startsWith", Function::StartsWith, 1, 1),
    ("subsetOf", Function::SubsetOf, 1, 1),
    ("substring", Function::Substring, 1, 2),
    ("tail", Function::Tail, 0, 0),
    ("take", Function::Take, 1, 1),
    ("toDecimal", Function::ToDecimal, 0, 0),
    ("toInteger", Function::ToInteger, 0, 0),
    ("toString", Function::ToString, 0, 0),
    ("today", Function::Today, 0, 0),
    ("trace", Function::Trace, 1, 2),
    ("trim", Function::Trim, 0, 0),
    ("union", Function::Union, 1, 1),
    ("upper", Function::Upper, 0, 0),
    ("where", Function::Where, 1, 1),
];
