//! The FHIRPath grammar, as far as the expressions of the R4 search parameters use it.

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    This,
    Name(String),
    Text(String),
    Bool(bool),
    Member(Box<Expr>, String),
    Call(Box<Expr>, String, Vec<Expr>),
    As(Box<Expr>, String),
    Is(Box<Expr>, String),
    Union(Box<Expr>, Box<Expr>),
    Equal(Box<Expr>, Box<Expr>, bool),
    And(Box<Expr>, Box<Expr>),
}

/// Parses `source`; a construct it does not know is an error.
pub fn parse(source: &str) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0 };
    let expr = parser.conjunction()?;
    if parser.at < parser.tokens.len() {
        return Err(format!("unexpected {:?} in {source}", parser.tokens[parser.at]));
    }
    Ok(expr)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken;
        if let Some(sign) = ["!=", "(", ")", ".", ",", "|", "="].into_iter().find(|s| rest.starts_with(s)) {
            out.push(Token::Sign(sign));
            taken = sign.len();
        } else if first == '\'' {
            let end = rest[1..].find('\'').ok_or_else(|| format!("open string in {source}"))?;
            out.push(Token::Text(rest[1..=end].to_string()));
            taken = end + 2;
        } else {
            taken = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if taken == 0 {
                return Err(format!("unexpected {first:?} in {source}"));
            }
            out.push(Token::Word(rest[..taken].to_string()));
        }
        rest = rest[taken..].trim_start();
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn takes(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Token::Sign(sign))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_string()))
    }

    fn word(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            other => Err(format!("a name expected, found {other:?}")),
        }
    }

    fn conjunction(&mut self) -> Result<Expr, String> {
        let mut left = self.equality()?;
        while self.takes_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.equality()?));
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Expr, String> {
        let left = self.union()?;
        for (sign, equal) in [("=", true), ("!=", false)] {
            if self.takes_sign(sign) {
                return Ok(Expr::Equal(Box::new(left), Box::new(self.union()?), equal));
            }
        }
        Ok(left)
    }

    fn union(&mut self) -> Result<Expr, String> {
        let mut left = self.typed()?;
        while self.takes_sign("|") {
            left = Expr::Union(Box::new(left), Box::new(self.typed()?));
        }
        Ok(left)
    }

    fn typed(&mut self) -> Result<Expr, String> {
        let mut left = self.postfix()?;
        loop {
            if self.takes_word("as") {
                left = Expr::As(Box::new(left), self.word()?);
            } else if self.takes_word("is") {
                left = Expr::Is(Box::new(left), self.word()?);
            } else {
                return Ok(left);
            }
        }
    }

    fn postfix(&mut self) -> Result<Expr, String> {
        let mut left = self.primary()?;
        while self.takes_sign(".") {
            let name = self.word()?;
            left = self.call_or(left, name, |focus, name| Expr::Member(Box::new(focus), name))?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Expr, String> {
        if self.takes_sign("(") {
            let inner = self.conjunction()?;
            return if self.takes_sign(")") { Ok(inner) } else { Err("a ) is missing".into()) };
        }
        if let Some(Token::Text(text)) = self.tokens.get(self.at) {
            self.at += 1;
            return Ok(Expr::Text(text.clone()));
        }
        match self.word()?.as_str() {
            "true" => Ok(Expr::Bool(true)),
            "false" => Ok(Expr::Bool(false)),
            name => self.call_or(Expr::This, name.to_string(), |_, name| Expr::Name(name)),
        }
    }

    /// A function call when `(` follows, else what `otherwise` makes of the name.
    fn call_or(&mut self, focus: Expr, name: String, otherwise: fn(Expr, String) -> Expr) -> Result<Expr, String> {
        if !self.takes_sign("(") {
            return Ok(otherwise(focus, name));
        }
        let mut arguments = Vec::new();
        while !self.takes_sign(")") {
            arguments.push(self.conjunction()?);
            self.takes_sign(",");
        }
        match (name.as_str(), arguments.as_slice()) {
            ("as", [Expr::Name(ty)]) => Ok(Expr::As(Box::new(focus), ty.clone())),
            ("exists" | "resolve", []) | ("where", [_]) => Ok(Expr::Call(Box::new(focus), name, arguments)),
            _ => Err(format!("the function {name} is not known here")),
        }
    }
}
