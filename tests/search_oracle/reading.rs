//! Where R4 leaves the server a choice. The oracle judges by `Reading::STRICT`; a query is only put to a
//! server when every reading gives the same answer, so that no server fails for a liberty the spec gives it.

use super::values::Kind;

/// One way to read the specification.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Tokens compare without case, contact points without punctuation.
    pub loose_tokens: bool,
    /// A system is no matter where the stored value has none of its own: a boolean, an id, a ContactPoint, a `code`.
    pub loose_systems: bool,
    /// Strings compare without punctuation, and from the start of any word.
    pub loose_text: bool,
    pub soundex: Soundex,
    /// `ne` asks that no value is equal, rather than that some value is not.
    pub ne_of_all: bool,
    pub convert: Convert,
    /// Half-width of `ap`, in percent.
    pub approximate: i64,
    /// A Quantity with a comparator is everything beyond its value, not the value.
    pub comparator_spans: bool,
    /// An instant has no width, rather than that of its last digit.
    pub instant_is_point: bool,
}

/// How `phonetic` reduces names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Soundex {
    /// A whole name part at a time; H and W do not part equal codes.
    Whole,
    /// As `Whole`, for each word of the part.
    Words,
    /// As `Words`, and H and W part equal codes, as vowels do.
    Parting,
    /// As `Whole`, and letters outside ASCII are left out instead of losing their accents.
    AsciiOnly,
}

/// How UCUM units are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Convert {
    Never,
    /// Between units of one dimension; the mole is a dimension of its own.
    Usual,
    /// As UCUM writes it: a mole is a number.
    MoleIsNumber,
}

impl Reading {
    /// The oracle's own.
    pub const STRICT: Reading = Reading {
        loose_tokens: false,
        loose_systems: false,
        loose_text: false,
        soundex: Soundex::Whole,
        ne_of_all: false,
        convert: Convert::Usual,
        approximate: 10,
        comparator_spans: false,
        instant_is_point: false,
    };

    /// The other readings that matter for parameters of `kind`.
    pub fn others(kind: Kind) -> Vec<Reading> {
        let strict = Reading::STRICT;
        match kind {
            Kind::Token => {
                vec![Reading { loose_tokens: true, ..strict }, Reading { loose_systems: true, ..strict }]
            }
            Kind::Text => vec![Reading { loose_text: true, ..strict }],
            Kind::Phonetic => [Soundex::Words, Soundex::Parting, Soundex::AsciiOnly]
                .map(|soundex| Reading { soundex, ..strict })
                .to_vec(),
            Kind::Date => vec![
                Reading { ne_of_all: true, ..strict },
                Reading { approximate: 8, ..strict },
                Reading { approximate: 12, ..strict },
                Reading { instant_is_point: true, ..strict },
            ],
            Kind::Quantity => vec![
                Reading { ne_of_all: true, ..strict },
                Reading { approximate: 8, ..strict },
                Reading { approximate: 12, ..strict },
                Reading { comparator_spans: true, ..strict },
                Reading { convert: Convert::Never, ..strict },
                Reading { convert: Convert::MoleIsNumber, ..strict },
            ],
            Kind::Reference | Kind::Uri => Vec::new(),
        }
    }
}
