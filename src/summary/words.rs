//! Owns FHIR's data types as words for a clinician. Numbers keep the digits they were sent with.

use crate::fhir::json::{Json, Object};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A CodeableConcept: its text, else what a coding shows, else a code.
pub fn concept(concept: &Object) -> String {
    if let Some(text) = concept.text("text") {
        return text.to_owned();
    }
    let shown = |coding: &&Object| coding.text("display").is_some();
    let chosen = |coding: &&Object| coding.get("userSelected") == Some(&Json::Bool(true)) && shown(coding);
    let coding = concept.objects("coding").find(chosen).or_else(|| concept.objects("coding").find(shown));
    let coding = coding.or_else(|| concept.objects("coding").next());
    coding.map(coding_words).unwrap_or_default()
}

fn coding_words(coding: &Object) -> String {
    match (coding.text("display"), coding.text("code")) {
        (Some(display), _) => display.to_owned(),
        (None, Some(code)) => format!("code {code}"),
        _ => String::new(),
    }
}

/// The CodeableConcepts of a member, one after the other.
pub fn concepts(object: &Object, name: &str) -> String {
    let all: Vec<String> = object.objects(name).map(concept).filter(|words| !words.is_empty()).collect();
    all.join(", ")
}

/// A date or dateTime as one is written here: "3 Feb 2024", "Feb 2024", "3 Feb 2024 08:05". The clock is the sender's own.
pub fn date(text: &str) -> String {
    let (day, clock) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = day.split('-');
    let year = parts.next().unwrap_or_default();
    let month = parts.next().and_then(|month| month.parse::<usize>().ok()).and_then(|n| MONTHS.get(n.wrapping_sub(1)));
    let day = parts.next().map(|day| day.trim_start_matches('0'));
    let words = match (month, day) {
        (Some(month), Some(day)) => format!("{day} {month} {year}"),
        (Some(month), None) => format!("{month} {year}"),
        _ => text.to_owned(),
    };
    match clock.get(..5) {
        Some(clock) => format!("{words} {clock}"),
        None => words,
    }
}

/// The day alone.
pub fn day(text: &str) -> String {
    date(text.split('T').next().unwrap_or(text))
}

/// When something was, of the choice element `stem`: dateTime, instant, Period, Age, Range, string or Timing.
pub fn when(object: &Object, stem: &str) -> String {
    let get = |kind: &str| object.get(&format!("{stem}{kind}"));
    if let Some(text) = get("DateTime").or_else(|| get("Instant")).and_then(Json::as_str) {
        return date(text);
    }
    if let Some(Json::Object(period)) = get("Period") {
        return self::period(period);
    }
    if let Some(Json::Object(age)) = get("Age") {
        return format!("at age {}", quantity(age));
    }
    if let Some(Json::Object(range)) = get("Range") {
        return format!("at age {}", self::range(range));
    }
    if let Some(Json::Object(timing)) = get("Timing") {
        let event = timing.get("event").into_iter().flat_map(Json::items).filter_map(Json::as_str).next();
        let words = timing.objects("code").map(concept).next();
        return event.map(date).or(words).unwrap_or_default();
    }
    get("String").and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// A Period: "1 Jan 2020 to 3 Feb 2020", "since 1 Jan 2020", "until 3 Feb 2020".
pub fn period(period: &Object) -> String {
    match (period.text("start"), period.text("end")) {
        (Some(start), Some(end)) if day(start) == day(end) => date(start),
        (Some(start), Some(end)) => format!("{} to {}", day(start), day(end)),
        (Some(start), None) => format!("since {}", day(start)),
        (None, Some(end)) => format!("until {}", day(end)),
        _ => String::new(),
    }
}

/// A Quantity with its unit.
pub fn quantity(quantity: &Object) -> String {
    let value = quantity.get("value").map(ToString::to_string).unwrap_or_default();
    let comparator = quantity.text("comparator").unwrap_or_default();
    let unit = quantity.text("unit").or_else(|| quantity.text("code")).unwrap_or_default();
    // UCUM writes "no unit" as 1, and remarks in braces.
    let unit = if unit == "1" || unit.starts_with('{') { "" } else { unit };
    let gap = if unit.is_empty() || unit == "%" || value.is_empty() { "" } else { " " };
    format!("{comparator}{value}{gap}{unit}")
}

/// A Range.
pub fn range(range: &Object) -> String {
    let end = |name: &str| range.get(name).and_then(Json::as_object);
    let unit = |q: &Object| q.text("unit").or_else(|| q.text("code")).map(str::to_owned);
    match (end("low"), end("high")) {
        (Some(low), Some(high)) if unit(low) == unit(high) || unit(low).is_none() => {
            format!("{} to {}", low.get("value").map(ToString::to_string).unwrap_or_default(), quantity(high))
        }
        (Some(low), Some(high)) => format!("{} to {}", quantity(low), quantity(high)),
        (Some(low), None) => format!("{} or more", quantity(low)),
        (None, Some(high)) => format!("up to {}", quantity(high)),
        _ => String::new(),
    }
}

/// The value of an Observation or a component; why there is none, where that is said.
pub fn value(object: &Object) -> String {
    let found = object.0.iter().find_map(|(key, value)| Some((key.strip_prefix("value")?, value)));
    let words = match found {
        Some(("Quantity", Json::Object(inner))) => quantity(inner),
        Some(("CodeableConcept", Json::Object(inner))) => concept(inner),
        Some(("Range", Json::Object(inner))) => range(inner),
        Some(("Period", Json::Object(inner))) => period(inner),
        Some(("Ratio", Json::Object(inner))) => {
            let side = |name: &str| inner.get(name).and_then(Json::as_object).map(quantity).unwrap_or_default();
            format!("{} : {}", side("numerator"), side("denominator"))
        }
        Some(("SampledData", _)) => "a series of measurements, in the entry".to_owned(),
        Some(("Boolean", Json::Bool(truth))) => if *truth { "yes" } else { "no" }.to_owned(),
        Some(("DateTime", Json::String(text))) => date(text),
        Some((_, Json::String(text))) => text.clone(),
        Some((_, Json::Number(text))) => text.clone(),
        _ => String::new(),
    };
    match object.get("dataAbsentReason").and_then(Json::as_object) {
        Some(reason) if words.is_empty() => format!("no value: {}", concept(reason)),
        _ => words,
    }
}

/// The flags of a result; of HL7's own, in words.
pub fn flags(object: &Object) -> String {
    let flag = |interpretation: &Object| {
        let code = interpretation.objects("coding").find_map(|coding| coding.text("code")).unwrap_or_default();
        match code {
            "H" => "High".to_owned(),
            "HH" => "Critically high".to_owned(),
            "HU" => "Significantly high".to_owned(),
            "L" => "Low".to_owned(),
            "LL" => "Critically low".to_owned(),
            "LU" => "Significantly low".to_owned(),
            "A" => "Abnormal".to_owned(),
            "AA" => "Critically abnormal".to_owned(),
            "N" => "Normal".to_owned(),
            _ => concept(interpretation),
        }
    };
    object.objects("interpretation").map(flag).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The reference ranges of a result.
pub fn reference_ranges(object: &Object) -> String {
    let one = |found: &Object| found.text("text").map_or_else(|| range(found), str::to_owned);
    object.objects("referenceRange").map(one).filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Notes, one after the other.
pub fn notes(object: &Object) -> String {
    object.objects("note").filter_map(|note| note.text("text")).collect::<Vec<_>>().join(" ")
}

/// A name as one says it: prefix, given names, family name.
pub fn human_name(name: &Object) -> String {
    if let (Some(text), None) = (name.text("text"), name.text("family")) {
        return text.to_owned();
    }
    let list = |key: &str| name.get(key).into_iter().flat_map(Json::items).filter_map(Json::as_str).collect::<Vec<_>>();
    let parts = [list("prefix"), list("given"), name.text("family").into_iter().collect(), list("suffix")];
    parts.concat().join(" ")
}

/// An address on one line.
pub fn address(address: &Object) -> String {
    let lines = address.get("line").into_iter().flat_map(Json::items).filter_map(Json::as_str);
    let rest = ["city", "district", "postalCode"].iter().filter_map(|key| address.text(key));
    let parts: Vec<&str> = lines.chain(rest).collect();
    match address.text("text") {
        Some(text) if parts.is_empty() => text.to_owned(),
        _ => parts.join(", "),
    }
}

/// A code of R4's own as words: "entered-in-error" becomes "entered in error".
pub fn code(text: &str) -> String {
    text.replace('-', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_keep_their_digits() {
        for (text, words) in [
            (r#"{"valueQuantity":{"value":1.50,"unit":"mmol/L"}}"#, "1.50 mmol/L"),
            (r#"{"valueQuantity":{"value":5,"comparator":"<","code":"mg"}}"#, "<5 mg"),
            (r#"{"valueQuantity":{"value":98,"unit":"%"}}"#, "98%"),
            (r#"{"valueQuantity":{"value":7,"code":"{score}"}}"#, "7"),
            (r#"{"valueBoolean":false}"#, "no"),
            (r#"{"valueInteger":0}"#, "0"),
            (r#"{"valueRange":{"low":{"value":1,"unit":"g"},"high":{"value":2,"unit":"g"}}}"#, "1 to 2 g"),
            (r#"{"valueRatio":{"numerator":{"value":1},"denominator":{"value":128}}}"#, "1 : 128"),
            (r#"{"dataAbsentReason":{"text":"refused"}}"#, "no value: refused"),
            (r#"{"valueCodeableConcept":{"coding":[{"code":"1"},{"display":"Ex-smoker"}]}}"#, "Ex-smoker"),
        ] {
            assert_eq!(value(&object(text)), words, "{text}");
        }
        let ranges =
            r#"{"referenceRange":[{"low":{"value":3.5,"unit":"mmol/L"}},{"text":"below 5"},{"high":{"value":7.0}}]}"#;
        assert_eq!(reference_ranges(&object(ranges)), "3.5 mmol/L or more; below 5; up to 7.0");
        assert_eq!(flags(&object(r#"{"interpretation":[{"coding":[{"code":"HH"}]}]}"#)), "Critically high");
    }

    #[test]
    fn dates_read_as_they_are_written_here() {
        for (text, words) in [
            ("2024-02-03", "3 Feb 2024"),
            ("2024-02", "Feb 2024"),
            ("2024", "2024"),
            ("2024-12-31T08:05:00+01:00", "31 Dec 2024 08:05"),
        ] {
            assert_eq!(date(text), words);
        }
        assert_eq!(period(&object(r#"{"start":"2024-01-02","end":"2024-03"}"#)), "2 Jan 2024 to Mar 2024");
        assert_eq!(period(&object(r#"{"start":"2024-01-02"}"#)), "since 2 Jan 2024");
        assert_eq!(when(&object(r#"{"onsetAge":{"value":52,"unit":"years"}}"#), "onset"), "at age 52 years");
    }
}
