//! The sandbox: personas, a small synthetic record, and the generator that made it. Nothing here is
//! reached by `lcr serve`.

pub mod generate;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::access::{Claims, Holders};
use crate::smart::client::{ClientKind, Registration};
use crate::store::Relationship;

/// How long a persona's token lasts: a working day.
pub const TOKEN_SECONDS: i64 = 12 * 3600;

/// The record that `lcr demo` loads, one resource a line.
pub const RECORD: &str = include_str!("../../sandbox/record.ndjson");

/// Its directory: the Practitioners that its staff are, and the practice, one a line.
pub const STAFF: &str = include_str!("../../sandbox/staff.ndjson");

/// The Organizations that share the record and those its staff work for, and the PractitionerRoles of the staff, one a
/// line. An Organization has the `meta.source` of what it shares among its identifiers, so that an app can name it.
pub const ORGANISATIONS: &str = include_str!("../../sandbox/organisations.ndjson");

/// Who is involved in the care of the sandbox's patients.
const RELATIONSHIPS: &str = include_str!("../../sandbox/relationships.csv");

const CLIENTS: &str = include_str!("../../sandbox/clients.toml");

/// The secret of the sandbox's EPR: known to everybody, since nothing there is worth one.
pub const EPR_SECRET: &str = "sandbox";

const PERSONAS: &str = include_str!("../../sandbox/personas.toml");

/// A sandbox user or client.
#[derive(Debug, Deserialize)]
pub struct Persona {
    /// Who that is, for people.
    pub title: String,
    #[serde(flatten)]
    pub claims: Claims,
}

impl Persona {
    /// Who that is, without the name.
    pub fn about(&self) -> &str {
        self.title.split_once(", ").map_or("", |(_, rest)| rest)
    }

    /// The name alone.
    pub fn name(&self) -> &str {
        self.title.split([',', ':']).next().unwrap_or_default()
    }
}

impl Persona {
    /// Those whose care relationships are the persona's.
    pub fn holders(&self) -> Vec<String> {
        let Claims { user, teams, organisation, .. } = self.claims.clone();
        Holders { user, teams, organisation }.keys()
    }
}

/// Those of them who are people.
pub fn users() -> Result<BTreeMap<String, Persona>, PersonaError> {
    let mut all = personas()?;
    all.retain(|_, persona| persona.claims.user.is_some());
    Ok(all)
}

/// The sandbox's clients by id, with the secret of one that has a secret. `base` is the service's public URL.
pub fn clients(base: &str) -> Result<BTreeMap<String, (Registration, Option<&'static str>)>, PersonaError> {
    let all: BTreeMap<String, Registration> = toml::from_str(&CLIENTS.replace("{base}", base))?;
    let secret = |client: &Registration| (client.kind == ClientKind::Symmetric).then_some(EPR_SECRET);
    Ok(all.into_iter().map(|(id, client)| (id, (client.clone(), secret(&client)))).collect())
}

/// Why there is no such persona.
#[derive(Debug, thiserror::Error)]
pub enum PersonaError {
    #[error("there is no persona \"{name}\"; there are {known}")]
    Unknown { name: String, known: String },
    #[error("the files of sandbox/ cannot be read: {0}")]
    File(#[from] toml::de::Error),
}

/// Every persona by name.
pub fn personas() -> Result<BTreeMap<String, Persona>, PersonaError> {
    Ok(toml::from_str(PERSONAS)?)
}

/// What a persona's token says.
pub fn persona(name: &str) -> Result<Claims, PersonaError> {
    let mut all = personas()?;
    match all.remove(name) {
        Some(persona) => Ok(persona.claims),
        None => {
            let known: Vec<&str> = all.keys().map(String::as_str).collect();
            Err(PersonaError::Unknown { name: name.to_owned(), known: known.join(", ") })
        }
    }
}

/// The sandbox's care relationships.
pub fn relationships() -> Result<Vec<Relationship>, csv::Error> {
    csv::Reader::from_reader(RELATIONSHIPS.as_bytes()).deserialize().collect()
}

/// Writes generated records: into a folder as record.ndjson and relationships.csv, or the records to standard output.
pub fn write_records(patients: u32, seed: u64, observations: u32, out: Option<&Path>) -> std::io::Result<()> {
    let options = generate::Options { patients, seed, observations };
    let Some(folder) = out else {
        let mut lines = BufWriter::new(std::io::stdout().lock());
        for record in generate::records(options).map_err(std::io::Error::other)? {
            write_lines(&mut lines, &record)?;
        }
        return lines.flush();
    };
    std::fs::create_dir_all(folder)?;
    let mut lines = BufWriter::new(File::create(folder.join("record.ndjson"))?);
    let mut rows = BufWriter::new(File::create(folder.join("relationships.csv"))?);
    writeln!(rows, "{}", generate::Relationship::csv_header())?;
    let bar = ProgressBar::new(patients.into()).with_style(
        ProgressStyle::with_template("  {bar:40} {pos}/{len} patients  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    for record in generate::records(options).map_err(std::io::Error::other)? {
        bar.inc(1);
        write_lines(&mut lines, &record)?;
        for relationship in &record.relationships {
            writeln!(rows, "{}", relationship.to_csv_row())?;
        }
    }
    bar.finish_and_clear();
    rows.flush()?;
    lines.flush()
}

fn write_lines(to: &mut impl Write, record: &generate::Record) -> std::io::Result<()> {
    record.resources.iter().try_for_each(|resource| writeln!(to, "{resource}"))
}
