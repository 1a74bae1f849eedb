//! Owns how one search filter becomes SQL, by the kind of its parameter.

use super::sql::{Expr, Sql};
use super::{amount, reach, seek, subsumption};
use crate::fhir::date::{Span, to_text};
use crate::resources::index::{TOKEN_TEXT, TYPED_IDENTIFIER, entry, escape_bar, token};
use crate::resources::spec::{Compartment, Kind, Param, ResourceSpec};
use crate::search::Filter;
use crate::search::value::{Prefix, Test, Token};

/// Names of the tables a statement enters, from the searched one inwards. Chains are no longer than config allows, and
/// config allows no more than this.
pub const ALIASES: [&str; 9] = ["t", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"];

/// The predicate of a filter on the table entered at this depth. A chain's own reach comes before its conditions.
pub fn of(sql: &mut Sql, spec: &'static ResourceSpec, filter: &Filter, depth: usize) -> Expr {
    let (Some(alias), Some(next)) = (ALIASES.get(depth).copied(), ALIASES.get(depth + 1).copied()) else {
        return Expr::literal("false");
    };
    let (param, entered, inner, reverse) = match filter {
        Filter::Own { param, test } => return of_param(sql, spec, param, alias, test),
        Filter::Chain { param, entered, inner } => (param, entered, inner, false),
        Filter::Has { param, entered, inner } => (param, entered, inner, true),
        Filter::Compartment { patient } => return of_compartment(sql, spec, alias, patient),
        Filter::OfSomebody => return Expr::fill("{} <> 0", &[&Expr::column(alias, "patient_id")]),
        Filter::Silent(params) => {
            let there: Vec<Expr> = params.iter().map(|param| is_there(spec, param, alias)).collect();
            return Expr::fill("NOT {}", &[&Expr::fill("({})", &[&Expr::any(&there)])]);
        }
        Filter::Any(filters) => {
            let each: Vec<Expr> = filters.iter().map(|filter| of(sql, spec, filter, depth)).collect();
            return Expr::any(&each);
        }
    };
    let other = entered.spec();
    let mut conditions = vec![reach::rows(sql, entered, next)];
    let (from, to, referred) = if reverse { (next, alias, spec) } else { (alias, next, other) };
    // Both ends of a reference to the person are in the person's own part of the tables.
    let owner = if reverse { other } else { spec };
    if referred.is_person() && owner.compartment == Compartment::Subject(param.path) {
        conditions.push(Expr::fill("{}.patient_id = {}.patient_id", &[&Expr::literal(from), &Expr::literal(to)]));
    }
    conditions.push(refers(sql, param, from, referred, to));
    conditions.push(of(sql, other, inner, depth + 1));
    let table = Expr::fill("{} {}", &[&Expr::literal(other.seen.current), &Expr::literal(next)]);
    Expr::fill("EXISTS (SELECT 1 FROM {} WHERE {})", &[&table, &Expr::all(&conditions)])
}

/// The predicate of a filter on the rows of one person. Where no index answers it, it does not count in PostgreSQL's reckoning.
pub fn of_one_person(sql: &mut Sql, spec: &'static ResourceSpec, filter: &Filter) -> Expr {
    let plain = of(sql, spec, filter, 0);
    match filter {
        Filter::Own { param, test: Test::Tokens(_) | Test::Codes { .. } | Test::Dates(_) }
            if param.column != "identifier" =>
        {
            as_likely(plain)
        }
        _ => plain,
    }
}

/// The same test, of which PostgreSQL takes half of the rows to pass. Of a test on values it does not know it expects one row in
/// a hundred, so that it would read and sort all that a person has, however much, for a page that the first few rows of the
/// index fill.
fn as_likely(test: Expr) -> Expr {
    Expr::fill("CASE WHEN {} THEN true ELSE false END", &[&test])
}

/// Whether the row is in the compartment of this Patient: about them, or naming them as one who took part.
fn of_compartment(sql: &mut Sql, spec: &'static ResourceSpec, alias: &'static str, patient: &str) -> Expr {
    let target = sql.bind(vec![format!("Patient/{patient}")], "text[]");
    let id = sql.bind(patient.to_owned(), "text");
    let about = match spec.compartment {
        Compartment::Person => Expr::fill("{} = {}", &[&Expr::column(alias, "id"), &id]),
        Compartment::Subject(element) => Expr::fill("{} && {}", &[&Expr::column(alias, element), &target]),
        Compartment::Trail => Expr::fill("{} && {}", &[&Expr::column(alias, "patient"), &target]),
        Compartment::Nobody => return Expr::literal("false"),
    };
    let mut within = vec![about];
    for column in members(spec) {
        // As the indexes on these columns have it: few of their references are to Patients.
        within.push(Expr::fill("patients_in({}) && {}", &[&Expr::column(alias, column), &target]));
    }
    // First whose records they can be in: all indexes begin with the key of the person.
    let people = people_of_compartment(sql, spec, patient);
    Expr::fill("({} = ANY({}) AND {})", &[&Expr::column(alias, "patient_id"), &people, &Expr::any(&within)])
}

/// The people in whose records a Patient's compartment can have rows of a type: the Patient, and those in whose they took part.
pub fn people_of_compartment(sql: &mut Sql, spec: &'static ResourceSpec, patient: &str) -> Expr {
    let target = sql.bind(vec![format!("Patient/{patient}")], "text[]");
    let id = sql.bind(patient.to_owned(), "text");
    let mut people = Expr::fill("SELECT k.patient_id FROM patient_key k WHERE k.id = {}", &[&id]);
    for column in members(spec) {
        let table = Expr::literal(spec.seen.current);
        let rows = "{} UNION SELECT m.patient_id FROM {} m WHERE patients_in({}) && {}";
        people = Expr::fill(rows, &[&people, &table, &Expr::column("m", column), &target]);
    }
    Expr::fill("ARRAY({})", &[&people])
}

/// The columns that name who took part.
fn members(spec: &'static ResourceSpec) -> impl Iterator<Item = &'static str> {
    spec.members.iter().filter_map(|code| spec.param(code)).map(|param| param.column)
}

/// Whether the row `from` refers, by the parameter, to the row `to` of a type.
pub fn refers(sql: &mut Sql, param: &Param, from: &'static str, referred: &ResourceSpec, to: &'static str) -> Expr {
    let prefix = sql.bind(format!("{}/", referred.name), "text");
    let (column, id) = (Expr::column(from, param.column), Expr::column(to, "id"));
    if referred.compartment == Compartment::Nobody {
        // No person narrows the rows referred to: they have to be found by their ids.
        let ids = "{} = ANY(ARRAY(SELECT substr(v, length({}) + 1) FROM unnest({}) v WHERE v ^@ {}))";
        return Expr::fill(ids, &[&id, &prefix, &column, &prefix]);
    }
    Expr::fill("{} @> ARRAY[{} || {}]", &[&column, &prefix, &id])
}

/// The predicate of one parameter on the table `alias`.
pub fn of_param(
    sql: &mut Sql,
    spec: &'static ResourceSpec,
    param: &'static Param,
    alias: &'static str,
    test: &Test,
) -> Expr {
    match test {
        Test::Not(inner) => return Expr::fill("NOT coalesce({}, false)", &[&of_param(sql, spec, param, alias, inner)]),
        Test::Missing(missing) => {
            let there = is_there(spec, param, alias);
            return if *missing { Expr::fill("NOT {}", &[&there]) } else { there };
        }
        _ => {}
    }
    match param.kind {
        Kind::Either(codes) => {
            let params: Vec<&'static Param> = codes.iter().filter_map(|code| spec.param(code)).collect();
            let sides: Vec<Expr> = params.into_iter().map(|param| of_param(sql, spec, param, alias, test)).collect();
            Expr::any(&sides)
        }
        Kind::Composite { parts, within_component } => {
            let Test::Pairs(pairs) = test else { return Expr::literal("false") };
            let [left, right] = parts.map(|code| spec.param(code));
            let (Some(left), Some(right)) = (left, right) else { return Expr::literal("false") };
            let alias_of_parts = if within_component { "c" } else { alias };
            let pairs: Vec<Expr> = pairs
                .iter()
                .map(|(a, b)| {
                    Expr::all(&[on_column(sql, left, alias_of_parts, a), on_column(sql, right, alias_of_parts, b)])
                })
                .collect();
            let any = Expr::any(&pairs);
            if !within_component {
                return any;
            }
            Expr::fill("EXISTS (SELECT 1 FROM unnest({}) c WHERE {})", &[&Expr::column(alias, param.column), &any])
        }
        _ => {
            let plain = on_column(sql, param, alias, test);
            match seek::of(sql, spec, param, alias, test) {
                Some(seek) => Expr::all(&[seek, as_likely(plain)]),
                None => plain,
            }
        }
    }
}

/// Whether the resource has any value for the parameter.
fn is_there(spec: &'static ResourceSpec, param: &'static Param, alias: &'static str) -> Expr {
    let both = |codes: [&'static str; 2]| {
        codes.map(|code| spec.param(code).map_or(Expr::literal("false"), |param| is_there(spec, param, alias)))
    };
    match param.kind {
        Kind::Id | Kind::Instant | Kind::Truth => Expr::literal("true"),
        Kind::Either(codes) => Expr::any(&both(codes)),
        Kind::Composite { parts, within_component: false } => Expr::all(&both(parts)),
        Kind::Composite { parts, within_component: true } => {
            let parts = parts.map(|code| spec.param(code).map_or("code", |part| part.column));
            let parts = parts.map(|column| Expr::fill("{} IS NOT NULL", &[&Expr::column("c", column)]));
            let column = Expr::column(alias, param.column);
            Expr::fill("EXISTS (SELECT 1 FROM unnest({}) c WHERE {})", &[&column, &Expr::all(&parts)])
        }
        // `patient` shares its column with `subject`, which may refer to another type.
        Kind::Reference(["Patient"]) => {
            let column = Expr::column(alias, param.column);
            Expr::fill("coalesce((SELECT bool_or(v ^@ 'Patient/') FROM unnest({}) v), false)", &[&column])
        }
        Kind::Words { narrative } => {
            let words = Expr::column(alias, param.column);
            Expr::fill(if narrative { "(ts_filter({}, '{a}') <> '')" } else { "({} <> '')" }, &[&words])
        }
        Kind::Date | Kind::Dates => Expr::fill("({} IS NOT NULL)", &[&Expr::column_part(alias, param.column, "_lo")]),
        _ => Expr::fill("({} IS NOT NULL)", &[&Expr::column(alias, param.column)]),
    }
}

/// The predicate on the parameter's own column of `alias`.
fn on_column(sql: &mut Sql, param: &'static Param, alias: &'static str, test: &Test) -> Expr {
    let column = Expr::column(alias, param.column);
    match test {
        Test::Ids(ids) => Expr::fill("{} = ANY({})", &[&column, &sql.bind(ids.clone(), "text[]")]),
        Test::Tokens(tokens) => of_tokens(sql, &column, tokens),
        Test::Codes { any: true, .. } => Expr::fill("{} IS NOT NULL", &[&column]),
        Test::Codes { codes, .. } => Expr::fill("{} && {}", &[&column, &sql.bind(codes.clone(), "text[]")]),
        Test::Prefixes(prefixes) => {
            let prefixes = sql.bind(prefixes.clone(), "text[]");
            Expr::fill("EXISTS (SELECT 1 FROM unnest({}) v WHERE v ^@ ANY({}))", &[&column, &prefixes])
        }
        Test::Sounds(alternatives) => {
            let each: Vec<Expr> = alternatives
                .iter()
                .map(|sounds| Expr::fill("{} @> {}", &[&column, &sql.bind(sounds.clone(), "text[]")]))
                .collect();
            Expr::any(&each)
        }
        Test::Dates(dates) => of_dates(sql, param, alias, dates),
        Test::Targets(targets) => Expr::fill("{} && {}", &[&column, &sql.bind(targets.clone(), "text[]")]),
        Test::Urls(urls) => {
            let urls = sql.bind(urls.clone(), "text[]");
            // A stored canonical may carry a version that the search leaves open.
            Expr::fill(
                "({} && {} OR EXISTS (SELECT 1 FROM unnest({}) v WHERE split_part(v, '|', 1) = ANY({})))",
                &[&column, &urls, &column, &urls],
            )
        }
        Test::Quantities(quantities) => {
            let each: Vec<Expr> = quantities.iter().map(|quantity| amount::of(sql, quantity)).collect();
            Expr::fill("EXISTS (SELECT 1 FROM unnest({}) q WHERE {})", &[&column, &Expr::any(&each)])
        }
        Test::Exact(texts) => {
            let texts = sql.bind(texts.clone(), "text[]");
            // Behind the divider, where there is one, is the text as it was.
            let stored = "EXISTS (SELECT 1 FROM unnest({}) v WHERE split_part(v, chr(31), 1 + (strpos(v, chr(31)) > 0)::int) = ANY({}))";
            Expr::fill(stored, &[&column, &texts])
        }
        Test::Within(texts) => {
            let texts = sql.bind(texts.clone(), "text[]");
            let stored =
                "EXISTS (SELECT 1 FROM unnest({}) v, unnest({}) w WHERE strpos(split_part(v, chr(31), 1), w) > 0)";
            Expr::fill(stored, &[&column, &texts])
        }
        Test::Logical(tokens) => {
            let logical = Expr::fill("ARRAY(SELECT substr(v, 2) FROM unnest({}) v WHERE v ^@ '=')", &[&column]);
            of_tokens(sql, &logical, tokens)
        }
        Test::TokenText(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| entry(param.column, text)).collect();
            let texts = sql.bind(texts, "text[]");
            let stored = "EXISTS (SELECT 1 FROM unnest({}) v WHERE v ^@ ANY({}))";
            Expr::fill(stored, &[&Expr::column(alias, TOKEN_TEXT), &texts])
        }
        Test::Typed(tokens) => {
            let tokens: Vec<String> = tokens.iter().map(|token| entry(param.column, token)).collect();
            Expr::fill("{} && {}", &[&Expr::column(alias, TYPED_IDENTIFIER), &sql.bind(tokens, "text[]")])
        }
        Test::InSets(sets) => subsumption::in_sets(sql, param, &column, sets),
        Test::Subsumed { above, concepts } => subsumption::of(sql, param, &column, *above, concepts),
        Test::UrlsBelow(urls) => {
            let urls = sql.bind(urls.clone(), "text[]");
            Expr::fill("EXISTS (SELECT 1 FROM unnest({}) v WHERE v ^@ ANY({}))", &[&column, &urls])
        }
        Test::UrlsAbove(urls) => {
            let urls = sql.bind(urls.clone(), "text[]");
            Expr::fill("EXISTS (SELECT 1 FROM unnest({}) v, unnest({}) w WHERE w ^@ v)", &[&column, &urls])
        }
        Test::Words(queries) => {
            let each: Vec<Expr> = queries
                .iter()
                .map(|query| Expr::fill("{} @@ {}", &[&column, &sql.bind_text(query, "tsquery")]))
                .collect();
            Expr::any(&each)
        }
        // These have no column of their own: `of_param` takes them apart first.
        Test::Pairs(_) | Test::Missing(_) | Test::Not(_) => Expr::literal("false"),
    }
}

fn of_tokens(sql: &mut Sql, column: &Expr, tokens: &[Token]) -> Expr {
    let (mut exact, mut codes, mut systems) = (Vec::new(), Vec::new(), Vec::new());
    for wanted in tokens {
        match (&wanted.system, &wanted.code) {
            (Some(system), Some(code)) => exact.push(token(Some(system), code)),
            (None, Some(code)) => codes.push(escape_bar(code)),
            (Some(system), None) => systems.push(escape_bar(system)),
            (None, None) => {}
        }
    }
    let mut any = Vec::new();
    if !exact.is_empty() {
        any.push(Expr::fill("{} && {}", &[column, &sql.bind(exact, "text[]")]));
    }
    if !codes.is_empty() {
        let codes = sql.bind(codes, "text[]");
        any.push(Expr::fill(
            "EXISTS (SELECT 1 FROM unnest({}) v WHERE split_part(v, '|', 2) = ANY({}))",
            &[column, &codes],
        ));
    }
    if !systems.is_empty() {
        let systems = sql.bind(systems, "text[]");
        any.push(Expr::fill(
            "EXISTS (SELECT 1 FROM unnest({}) v WHERE split_part(v, '|', 1) = ANY({}))",
            &[column, &systems],
        ));
    }
    Expr::any(&any)
}

fn of_dates(sql: &mut Sql, param: &'static Param, alias: &'static str, dates: &[(Prefix, Span)]) -> Expr {
    let (lo, hi) = match param.kind {
        Kind::Dates => (Expr::literal("v.lo"), Expr::literal("v.hi")),
        Kind::Instant => {
            let at = Expr::column(alias, param.column);
            (at.clone(), Expr::fill("({} + interval '1 millisecond')", &[&at]))
        }
        _ => (Expr::column_part(alias, param.column, "_lo"), Expr::column_part(alias, param.column, "_hi")),
    };
    let each: Vec<Expr> = dates.iter().map(|(prefix, span)| of_span(sql, *prefix, *span, &lo, &hi)).collect();
    let any = Expr::any(&each);
    if param.kind != Kind::Dates {
        return any;
    }
    let (los, his) = (Expr::column_part(alias, param.column, "_lo"), Expr::column_part(alias, param.column, "_hi"));
    Expr::fill("EXISTS (SELECT 1 FROM unnest({}, {}) AS v(lo, hi) WHERE {})", &[&los, &his, &any])
}

/// R4 §3.1.1.5.5, on half-open stretches: the row's [lo, hi), the value's [$lo, $hi).
fn of_span(sql: &mut Sql, prefix: Prefix, span: Span, lo: &Expr, hi: &Expr) -> Expr {
    let start = sql.bind_text(&to_text(span.lo), "timestamptz");
    let end = sql.bind_text(&to_text(span.hi), "timestamptz");
    let (s, e) = (&start, &end);
    match prefix {
        Prefix::Eq => Expr::fill("({} >= {} AND {} <= {})", &[lo, s, hi, e]),
        Prefix::Ne => Expr::fill("NOT ({} >= {} AND {} <= {})", &[lo, s, hi, e]),
        Prefix::Gt => Expr::fill("{} > {}", &[hi, e]),
        Prefix::Lt => Expr::fill("{} < {}", &[lo, s]),
        Prefix::Ge => Expr::fill("({} > {} OR ({} >= {} AND {} <= {}))", &[hi, e, lo, s, hi, e]),
        Prefix::Le => Expr::fill("({} < {} OR ({} >= {} AND {} <= {}))", &[lo, s, lo, s, hi, e]),
        Prefix::Sa => Expr::fill("{} >= {}", &[lo, e]),
        Prefix::Eb => Expr::fill("{} <= {}", &[hi, s]),
        Prefix::Ap => Expr::fill("({} < {} AND {} > {})", &[lo, e, hi, s]),
    }
}
