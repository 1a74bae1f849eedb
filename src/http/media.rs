//! Owns media types as headers name them (RFC 9110 §8.3, §12.5.1) and which of FHIR's formats they mean (R4 §3.1.0.1.11).

/// The formats of this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Json,
    Xml,
}

/// A media type or range with the parameters that matter here.
#[derive(Debug, PartialEq)]
pub struct Media {
    /// `type/subtype`, in small letters.
    pub name: String,
    charset: Option<String>,
    version: Option<String>,
    /// In thousandths; none: it cannot be read.
    quality: Option<u16>,
}

impl Media {
    /// Reads one media type.
    pub fn parse(text: &str) -> Media {
        let mut parts = split(text, ';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut media = Media { name, charset: None, version: None, quality: Some(1000) };
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            match key.trim().to_ascii_lowercase().as_str() {
                "charset" => media.charset = Some(value),
                "fhirversion" => media.version = Some(value),
                "q" => media.quality = quality(&value),
                _ => {}
            }
        }
        media
    }

    /// The format it names; none of another version of FHIR.
    pub fn syntax(&self) -> Option<Syntax> {
        let syntax = match self.name.as_str() {
            "application/fhir+json" | "application/json" | "text/json" => Syntax::Json,
            "application/fhir+xml" | "application/xml" | "text/xml" => Syntax::Xml,
            _ => return None,
        };
        self.is_r4().then_some(syntax)
    }

    /// Whether it names no version of FHIR, or R4.
    pub fn is_r4(&self) -> bool {
        self.version.as_deref().is_none_or(|version| version == "4.0")
    }

    /// Whether it names no character set, or UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.charset.as_deref().is_none_or(|charset| matches!(charset, "utf-8" | "utf8"))
    }

    /// How closely it names this format: not at all, any, any of a kind, by name.
    fn fit(&self, syntax: Syntax) -> u8 {
        match self.name.as_str() {
            _ if !self.is_r4() => 0,
            "*/*" => 1,
            "application/*" | "text/*" => 2,
            _ if self.syntax() == Some(syntax) => 3,
            _ => 0,
        }
    }
}

/// The format that an Accept header likes best: by quality, then by closeness, then by what it names first, then JSON.
pub fn accepted(header: &str) -> Option<Syntax> {
    if header.trim().is_empty() {
        return Some(Syntax::Json);
    }
    let ranges: Vec<Media> = split(header, ',').map(Media::parse).collect();
    let judged = [Syntax::Json, Syntax::Xml].into_iter().filter_map(|syntax| {
        // The closest range decides (RFC 9110 §12.5.1); of several as close, the best.
        let range = ranges.iter().enumerate().filter(|(_, range)| range.fit(syntax) > 0);
        let (at, range) = range.max_by_key(|(at, range)| (range.fit(syntax), range.quality, std::cmp::Reverse(*at)))?;
        let fit = range.fit(syntax);
        let quality = range.quality.filter(|quality| *quality > 0)?;
        // Two that only a wildcard names are one as good as the other.
        Some((quality, fit, std::cmp::Reverse(at), syntax == Syntax::Json, syntax))
    });
    judged.max_by_key(|(quality, fit, at, is_json, _)| (*quality, *fit, *at, *is_json)).map(|(.., syntax)| syntax)
}

/// The format that a `_format` names. A `+` in a query is a space by the time it gets here.
pub fn named(format: &str) -> Option<Syntax> {
    match format.trim() {
        "json" => Some(Syntax::Json),
        "xml" => Some(Syntax::Xml),
        other => Media::parse(&other.replacen(' ', "+", usize::from(other.contains("/fhir ")))).syntax(),
    }
}

/// Splits outside quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
}

/// `0.5` in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<3}");
    let plain = fraction.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit());
    let thousandths: u16 = digits.parse().ok().filter(|_| plain)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_format_is_chosen() {
        const JSON: Option<Syntax> = Some(Syntax::Json);
        const XML: Option<Syntax> = Some(Syntax::Xml);
        for (accept, wanted) in [
            ("", JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            ("text/*", JSON),
            ("application/fhir+json", JSON),
            ("APPLICATION/FHIR+XML", XML),
            ("text/xml", XML),
            ("application/xml;charset=utf-8", XML),
            ("application/fhir+xml, */*", XML),
            ("*/*, application/fhir+xml", XML),
            ("application/fhir+xml, application/fhir+json", XML),
            ("application/fhir+json, application/fhir+xml", JSON),
            ("application/fhir+xml;q=0.5, application/fhir+json;q=0.8", JSON),
            ("application/fhir+xml;q=0.9 , application/fhir+json; q=0.8", XML),
            ("application/fhir+xml;q=0.5, */*;q=0.1", XML),
            ("application/fhir+xml;q=0.1, */*;q=0.5", JSON),
            ("application/fhir+json;q=0, */*", XML),
            ("application/fhir+json;q=0, application/json", JSON),
            ("application/fhir+json;q=0", None),
            ("*/*;q=0", None),
            ("application/fhir+xml;q=2, application/fhir+json;q=0.001", JSON),
            ("application/fhir+xml;q=x", None),
            ("application/fhir+xml;q=0.1234", None),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", XML),
            ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
            ("text/html", None),
            ("banana", None),
            ("application/fhir+json; fhirVersion=4.0", JSON),
            ("application/fhir+xml; fhirversion=\"4.0\"", XML),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("application/fhir+json; fhirVersion=5.0, application/fhir+xml", XML),
            ("application/fhir+xml; a=\"x,y;q=0\"", XML),
        ] {
            assert_eq!(accepted(accept), wanted, "{accept}");
        }
        for (format, wanted) in [
            ("json", JSON),
            ("xml", XML),
            ("text/xml", XML),
            ("application/json", JSON),
            ("application/fhir+xml", XML),
            ("application/fhir xml", XML),
            ("application/fhir json; fhirVersion=4.0", JSON),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("html", None),
            ("ttl", None),
            ("*/*", None),
        ] {
            assert_eq!(named(format), wanted, "{format}");
        }
    }
}
