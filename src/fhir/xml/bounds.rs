//! Owns what XML may cost before a parser sees it. Parsers compare every attribute of a tag with every other and carry
//! every namespace in scope along: a few megabytes made for that would keep one busy for hours.

/// Deepest nesting of elements read.
const MAX_DEPTH: usize = 128;

/// The most attributes of one element.
const MAX_ATTRIBUTES: usize = 64;

/// The most namespaces declared by an element and those around it.
const MAX_NAMESPACES: usize = 32;

/// Refuses what FHIR has no use for (document types, entities, CDATA) and what is too much, in words that finish "the XML".
/// It does not ask whether the text is well-formed: up to its first fault it is read as a parser reads it.
pub fn check(text: &str) -> Result<(), String> {
    // The namespaces that each open element declares.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let passed_over =
            [("!--", "-->"), ("?", "?>")].iter().find_map(|(from, to)| Some((rest.strip_prefix(from)?, to)));
        if let Some((inner, end)) = passed_over {
            rest = inner.find(end).map_or("", |at| &inner[at + end.len()..]);
            continue;
        }
        if rest.starts_with('!') {
            let words = "has a document type, an entity or CDATA, which FHIR has no use for: take it out";
            return Err(words.to_owned());
        }
        if rest.starts_with('/') {
            open.pop();
            continue;
        }
        let tag = Tag::read(rest)?;
        let around: usize = open.iter().sum();
        if around + tag.namespaces > MAX_NAMESPACES {
            return Err(format!("declares more than {MAX_NAMESPACES} namespaces in one place"));
        }
        rest = &rest[tag.length..];
        if !tag.is_empty {
            open.push(tag.namespaces);
        }
        if open.len() > MAX_DEPTH {
            return Err(format!("is nested deeper than {MAX_DEPTH} levels"));
        }
    }
    Ok(())
}

/// A start tag, after its `<`.
struct Tag {
    length: usize,
    namespaces: usize,
    is_empty: bool,
}

impl Tag {
    /// A tag ends at the first `>` outside quotes.
    fn read(text: &str) -> Result<Tag, String> {
        let (mut quote, mut attributes, mut namespaces) = (None, 0, 0);
        // Where the word under way began; none has begun since the last gap.
        let (mut word, mut gap) = (0, true);
        for (at, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == byte => (quote, gap) = (None, true),
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'>') => {
                    return Ok(Tag { length: at, namespaces, is_empty: text[..at].ends_with('/') });
                }
                (None, b' ' | b'\t' | b'\r' | b'\n') => gap = true,
                (None, b'=') => {
                    attributes += 1;
                    namespaces += usize::from(text.as_bytes()[word..at].starts_with(b"xmlns"));
                    if attributes > MAX_ATTRIBUTES {
                        return Err(format!("has an element with more than {MAX_ATTRIBUTES} attributes"));
                    }
                }
                _ if gap => (word, gap) = (at, false),
                _ => {}
            }
        }
        Ok(Tag { length: text.len(), namespaces, is_empty: false })
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_costs_too_much_is_refused_and_the_rest_is_not() {
        let many = |n: usize, part: &str| (0..n).map(|i| part.replace('#', &i.to_string())).collect::<String>();
        let root = |declared: &str, inside: &str| format!("<a{declared}>{inside}</a>");
        for good in [
            "<a><b c='>' d=\"/>\"/><!-- <!DOCTYPE x> <b> --><?x <b> ?></a>".to_owned(),
            root(&many(30, " xmlns:n#='u'"), &many(100_000, "<b xmlns:x = \"#\"/>")),
            root(&many(64, " a#='xmlns=1'"), ""),
            "<a>".repeat(128) + &"</a>".repeat(128),
            "a < b".to_owned(),
        ] {
            assert_eq!(check(&good), Ok(()), "{}", &good[..good.len().min(200)]);
        }
        for (bad, words) in [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned(), "document type"),
            ("<a><![CDATA[b]]></a>".to_owned(), "CDATA"),
            ("<a>".repeat(129), "deeper"),
            ("<a b='/>'>".repeat(129), "deeper"),
            (root(&many(65, " a#=''"), ""), "attributes"),
            (root(&many(33, " xmlns:n#='u'"), ""), "namespaces"),
            (root(&many(33, "\nxmlns:n#\t=\n'u'"), ""), "namespaces"),
            (root(&many(30, " xmlns:n#='u'"), "<b xmlns='1' xmlns:a='2'><c xmlns:d='3'/></b>"), "namespaces"),
        ] {
            assert!(check(&bad).is_err_and(|error| error.contains(words)), "{}", &bad[..bad.len().min(200)]);
        }
    }
}
