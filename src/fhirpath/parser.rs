//! Reads words into a tree. Functions, variables and types that are not known end it here.

use regex::Regex;

use super::lexer::{Token, words};
use super::tree::{Expr, FUNCTIONS, Function, Operator};

/// The longest expression read, in bytes, and its deepest nesting.
const MOST: usize = 20_000;
const DEEPEST: usize = 64;

/// Operators from the loosest to the tightest; `is` and `as` stand between the fifth and the sixth row.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("implies", Operator::Implies)],
    &[("or", Operator::Or), ("xor", Operator::Xor)],
    &[("and", Operator::And)],
    &[("in", Operator::In), ("contains", Operator::Contains)],
    &[("=", Operator::Equal), ("!=", Operator::NotEqual), ("~", Operator::Like), ("!~", Operator::NotLike)],
    &[("<=", Operator::LessOrEqual), (">=", Operator::GreaterOrEqual), ("<", Operator::Less), (">", Operator::Greater)],
    &[("|", Operator::Union)],
    // Types are tested here.
    &[],
    &[("+", Operator::Plus), ("-", Operator::Minus), ("&", Operator::Join)],
    &[("*", Operator::Times), ("/", Operator::Over), ("div", Operator::Div), ("mod", Operator::Mod)],
];

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, String> {
    if text.len() > MOST {
        return Err(format!("it is longer than {MOST} bytes"));
    }
    let mut parser = Parser { words: words(text)?, at: 0, depth: 0 };
    let tree = parser.level(0)?;
    match parser.words.get(parser.at) {
        None => Ok(tree),
        Some(word) => Err(format!("{word:?} is not expected there")),
    }
}

struct Parser {
    words: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn take(&mut self, symbol: &str) -> bool {
        let here = matches!(self.words.get(self.at), Some(Token::Symbol(own)) if *own == symbol);
        self.at += usize::from(here);
        here
    }

    fn need(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) { Ok(()) } else { Err(format!("there is no \"{symbol}\" where one is needed")) }
    }

    /// The operator of this level that is next.
    fn operator(&mut self, level: &[(&str, Operator)]) -> Option<Operator> {
        let word = match self.words.get(self.at)? {
            Token::Symbol(symbol) => *symbol,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        let found = level.iter().find(|(name, _)| *name == word).map(|(_, operator)| *operator)?;
        self.at += 1;
        Some(found)
    }

    fn level(&mut self, level: usize) -> Result<Expr, String> {
        let Some(operators) = LEVELS.get(level) else { return self.signed() };
        if operators.is_empty() {
            return self.typed(level);
        }
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            let right = self.level(level + 1)?;
            left = Expr::Binary { operator, left: Box::new(left), right: Box::new(right) };
        }
        Ok(left)
    }

    fn typed(&mut self, level: usize) -> Result<Expr, String> {
        let mut left = self.level(level + 1)?;
        loop {
            let tests = match self.words.get(self.at) {
                Some(Token::Name(name)) if name == "is" => true,
                Some(Token::Name(name)) if name == "as" => false,
                _ => return Ok(left),
            };
            self.at += 1;
            left = type_step(left, self.type_name()?, tests);
        }
    }

    fn signed(&mut self) -> Result<Expr, String> {
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.signed()?)));
        }
        self.take("+");
        self.path()
    }

    /// A term and the steps behind it.
    fn path(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        let mut left = self.term()?;
        loop {
            if self.take(".") {
                left = self.step(left, false)?;
            } else if self.take("[") {
                let at = self.level(0)?;
                self.need("]")?;
                left = Expr::At { of: Box::new(left), at: Box::new(at) };
            } else {
                break;
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn term(&mut self) -> Result<Expr, String> {
        let Some(word) = self.words.get(self.at).cloned() else { return Err("it ends too early".to_owned()) };
        self.at += 1;
        Ok(match word {
            Token::Text(text) => Expr::Text(text),
            Token::Number(digits) => match digits.contains('.') {
                true => Expr::Decimal(digits.parse().map_err(|_| format!("{digits} is no number"))?),
                false => Expr::Integer(digits.parse().map_err(|_| format!("{digits} is too large"))?),
            },
            Token::Moment(text) => Expr::Moment(text),
            Token::Constant(name) => constant(&name)?,
            Token::Symbol("(") => {
                let inner = self.level(0)?;
                self.need(")")?;
                inner
            }
            Token::Symbol("{") => {
                self.need("}")?;
                Expr::Nothing
            }
            Token::Symbol("$this") => Expr::This,
            Token::Symbol("$index") => Expr::Index,
            Token::Name(name) if name == "true" || name == "false" => Expr::Truth(name == "true"),
            Token::Name(_) | Token::Quoted(_) => {
                self.at -= 1;
                self.step(Expr::This, true)?
            }
            Token::Symbol(symbol) => return Err(format!("\"{symbol}\" is not expected there")),
        })
    }

    /// A member or a function.
    fn step(&mut self, of: Expr, first: bool) -> Result<Expr, String> {
        let (name, plain) = match self.words.get(self.at) {
            Some(Token::Name(name)) => (name.clone(), true),
            Some(Token::Quoted(name)) => (name.clone(), false),
            Some(Token::Symbol("$this")) => {
                self.at += 1;
                return Ok(of);
            }
            other => return Err(format!("{other:?} is no step of a path")),
        };
        self.at += 1;
        if !plain || !self.take("(") {
            return Ok(Expr::Member { of: Box::new(of), name, first });
        }
        if matches!(name.as_str(), "is" | "as" | "ofType") {
            let kind = self.type_name()?;
            self.need(")")?;
            return Ok(type_step(of, kind, name == "is"));
        }
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() {
                self.need(",")?;
            }
            arguments.push(self.level(0)?);
        }
        if name == "matches" {
            let [Expr::Text(pattern)] = &arguments[..] else {
                return Err("matches() takes one pattern, a text between quotes".to_owned());
            };
            let pattern = Regex::new(&format!("(?s){pattern}")).map_err(|error| error.to_string())?;
            return Ok(Expr::Matches { of: Box::new(of), pattern });
        }
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        let (_, function, few, many) = found.ok_or_else(|| format!("the function {name}() is not known here"))?;
        if arguments.len() < *few || arguments.len() > *many {
            return Err(format!("{name}() does not take {} arguments", arguments.len()));
        }
        if *function == Function::Trace {
            return Ok(of);
        }
        Ok(Expr::Call { of: Box::new(of), function: *function, arguments })
    }

    fn type_name(&mut self) -> Result<String, String> {
        let mut name = self.type_word()?;
        if matches!(name.as_str(), "FHIR" | "System") && self.take(".") {
            let inner = self.type_word()?;
            name = if name == "System" { format!("System.{inner}") } else { inner };
        }
        let system = ["Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time"].contains(&name.as_str());
        if system {
            name = format!("System.{name}");
        }
        let known = name.starts_with("System.")
            || ["Element", "BackboneElement", "Resource", "DomainResource"].contains(&name.as_str())
            || crate::fhir::elements::type_def(&name).is_some();
        if known { Ok(name) } else { Err(format!("{name} is no type of R4")) }
    }

    fn type_word(&mut self) -> Result<String, String> {
        match self.words.get(self.at) {
            Some(Token::Name(name) | Token::Quoted(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err("there is no type where one is needed".to_owned()),
        }
    }
}

fn type_step(of: Expr, kind: String, tests: bool) -> Expr {
    match tests {
        true => Expr::Is { of: Box::new(of), kind },
        false => Expr::OfType { of: Box::new(of), kind },
    }
}

fn constant(name: &str) -> Result<Expr, String> {
    Ok(match name {
        "resource" => Expr::Resource,
        "rootResource" => Expr::Root,
        "context" => Expr::Context,
        "ucum" => Expr::Text(crate::fhir::quantity::UCUM.to_owned()),
        "sct" => Expr::Text("http://snomed.info/sct".to_owned()),
        "loinc" => Expr::Text("http://loinc.org".to_owned()),
        other => match (other.strip_prefix("vs-"), other.strip_prefix("ext-")) {
            (Some(set), _) => Expr::Text(format!("http://hl7.org/fhir/ValueSet/{set}")),
            (_, Some(extension)) => Expr::Text(format!("http://hl7.org/fhir/StructureDefinition/{extension}")),
            _ => return Err(format!("the variable %{other} is not known here")),
        },
    })
}
