//! Reads a patch's path. What there is of FHIRPath, `path` says.

use super::Fault;
use super::path::{Literal, Path, Step, Test};
use crate::fhir::primitive::shorten;

/// The longest path read, in bytes, and the deepest nesting of its parentheses.
const MOST: usize = 2_000;
const DEEPEST: usize = 16;

impl Path {
    /// Reads a path. The error says what of FHIRPath a patch may use.
    pub fn parse(text: &str) -> Result<Path, Fault> {
        let mut parser = Parser { rest: text.trim(), depth: 0 };
        if text.len() > MOST {
            return Err(format!("the path is longer than {MOST} bytes"));
        }
        let path = parser.steps(true).and_then(|mut steps| {
            if !parser.rest.is_empty() {
                return Err(parser.unread());
            }
            let root = match steps.first() {
                Some(Step::Member(name)) if name.starts_with(|c: char| c.is_ascii_uppercase()) => Some(name.clone()),
                _ => None,
            };
            steps.drain(..usize::from(root.is_some()));
            Ok(Path { root, steps })
        });
        path.map_err(|words| {
            format!(
                "{words}; a patch's path has element names, [n], first(), last(), where(), ofType() and extension()"
            )
        })
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn unread(&self) -> Fault {
        match self.rest.is_empty() {
            true => "the path ends too early".to_owned(),
            false => format!("the path cannot be read at \"{}\"", shorten(self.rest)),
        }
    }

    /// Takes this symbol, if it is next.
    fn take(&mut self, symbol: &str) -> bool {
        let rest = self.rest.strip_prefix(symbol);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }

    fn need(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.take(symbol) { Ok(()) } else { Err(self.unread()) }
    }

    /// Takes a word, if it is this one.
    fn take_word(&mut self, wanted: &str) -> bool {
        let before = self.rest;
        if self.word().is_ok_and(|word| word == wanted) {
            return true;
        }
        self.rest = before;
        false
    }

    fn word(&mut self) -> Result<String, Fault> {
        if let Some(quoted) = self.rest.strip_prefix('`') {
            let (name, rest) = quoted.split_once('`').ok_or_else(|| self.unread())?;
            self.rest = rest.trim_start();
            return Ok(name.to_owned());
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$'));
        let word = &self.rest[..end.unwrap_or(self.rest.len())];
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.unread());
        }
        self.rest = self.rest[word.len()..].trim_start();
        Ok(word.to_owned())
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let number = self.rest[..end].parse().map_err(|_| self.unread())?;
        self.rest = self.rest[end..].trim_start();
        Ok(number)
    }

    /// Steps with dots between. `outer` also takes a path that a cast stands around: `(value as Quantity).unit`.
    fn steps(&mut self, outer: bool) -> Result<Vec<Step>, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the path is nested too deep".to_owned());
        }
        let mut steps = Vec::new();
        if outer && self.take("(") {
            steps = self.steps(true)?;
            if self.take_word("as") {
                steps.push(Step::OfType(self.type_name()?));
            }
            self.need(")")?;
        } else {
            self.step(&mut steps)?;
        }
        loop {
            if self.take("[") {
                steps.push(Step::Index(self.digits()?));
                self.need("]")?;
            } else if self.take(".") {
                let before = self.rest;
                // `exists()` ends a test, not a path.
                if self.take_word("exists") {
                    self.rest = before;
                    break;
                }
                self.step(&mut steps)?;
            } else {
                break;
            }
        }
        self.depth -= 1;
        Ok(steps)
    }

    fn type_name(&mut self) -> Result<String, Fault> {
        let mut name = self.word()?;
        if self.take(".") {
            name = format!("{name}.{}", self.word()?);
        }
        Ok(name)
    }

    fn step(&mut self, steps: &mut Vec<Step>) -> Result<(), Fault> {
        let before = self.rest;
        let name = self.word()?;
        if name == "$this" {
            return Ok(());
        }
        if !self.take("(") {
            steps.push(Step::Member(name));
            return Ok(());
        }
        steps.push(match name.as_str() {
            "first" => Step::First,
            "last" => Step::Last,
            "where" => Step::Where(self.any()?),
            "ofType" | "as" => Step::OfType(self.type_name()?),
            "extension" => match self.literal()? {
                Literal::Text(url) => Step::Extension(url),
                _ => return Err(self.unread()),
            },
            _ => {
                self.rest = before;
                return Err(format!("{}() is not one of the functions of a patch's path", shorten(&name)));
            }
        });
        self.need(")")
    }

    fn any(&mut self) -> Result<Test, Fault> {
        let mut tests = vec![self.all()?];
        while self.take_word("or") {
            tests.push(self.all()?);
        }
        Ok(Test::Any(tests))
    }

    fn all(&mut self) -> Result<Test, Fault> {
        let mut tests = vec![self.test()?];
        while self.take_word("and") {
            tests.push(self.test()?);
        }
        Ok(Test::All(tests))
    }

    fn test(&mut self) -> Result<Test, Fault> {
        if self.rest.starts_with('(') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("the path is nested too deep".to_owned());
            }
            self.need("(")?;
            let inner = self.any()?;
            self.need(")")?;
            self.depth -= 1;
            return Ok(inner);
        }
        let steps = self.steps(false)?;
        if self.take_word("exists") {
            self.need("(")?;
            self.need(")")?;
            return Ok(Test::Exists(steps));
        }
        if self.take_word("is") {
            return Ok(Test::Is(steps, self.type_name()?));
        }
        let equal = match (self.take("!="), self.take("=")) {
            (true, _) => false,
            (_, true) => true,
            _ => return Err(self.unread()),
        };
        Ok(Test::Compare { left: steps, equal, right: self.literal()? })
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        if let Some(quoted) = self.rest.strip_prefix('\'') {
            return self.quoted(quoted).map(Literal::Text);
        }
        if self.take_word("true") {
            return Ok(Literal::Truth(true));
        }
        if self.take_word("false") {
            return Ok(Literal::Truth(false));
        }
        let (is_date, text) = self.rest.strip_prefix('@').map_or((false, self.rest), |text| (true, text));
        let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | ':');
        let end = text.find(|c: char| !within(c)).unwrap_or(text.len());
        let word = &text[..end];
        if word.is_empty() || !(is_date || word.starts_with(|c: char| c.is_ascii_digit() || c == '-')) {
            return Err(self.unread());
        }
        self.rest = text[end..].trim_start();
        Ok(if is_date { Literal::Text(word.to_owned()) } else { Literal::Number(word.to_owned()) })
    }

    /// The text behind an opening quote, with FHIRPath's escapes.
    fn quoted(&mut self, text: &'a str) -> Result<String, Fault> {
        let mut out = String::new();
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\'' => {
                    self.rest = text[at + 1..].trim_start();
                    return Ok(out);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, plain @ ('\'' | '"' | '\\' | '/' | '`'))) => out.push(plain),
                    _ => return Err("an escape in a text is not one of FHIRPath's".to_owned()),
                },
                plain => out.push(plain),
            }
        }
        Err("a text in the path has no closing quote".to_owned())
    }
}
