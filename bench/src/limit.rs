//! The limit of reading: pgbench, which sends the very statements of the service, prepared, over the same socket, for the same
//! patients and users, and appends the same audit rows as many at a time as the service did.
//!
//! pgbench has no text variables but those a query gives: a script begins by looking the values of its requests up. What that
//! costs is measured by a script that does nothing else, and taken off.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::Failure;
use crate::process::run;
use crate::record::Record;
use crate::statements::{Sent, Statement};

/// What the service asks of its connections.
const OPTIONS: &str = "-c role=lcr_service -c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC";
/// The same as the owner, who is not bound by policies.
const OWNER: &str = "-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC";

/// Audit rows as they were appended under load.
pub struct Trail {
    pub appends: Vec<Statement>,
    /// Requests whose rows one append held, on average.
    pub requests: f64,
}

/// A pgbench script, and the one that only looks values up.
pub struct Script {
    whole: PathBuf,
    lookup: PathBuf,
    /// Requests in one run of it.
    pub requests: usize,
    /// Whose connections send it: the service's role, or the owner of the tables.
    options: &'static str,
}

impl Script {
    /// Makes one of rows of requests: each run of the script is one row, drawn by chance.
    pub async fn of(
        connection: &mut PgConnection,
        folder: &Path,
        name: &str,
        rows: &[Vec<&Sent>],
        trail: Option<&Trail>,
    ) -> Result<Script, Failure> {
        let requests = rows.first().map_or(0, Vec::len);
        let mut values = Values { rows: rows.len(), columns: Vec::new() };
        let mut body = String::new();
        for place in 0..requests {
            let mut variants: Vec<Variant> = Vec::new();
            for (row, sent) in rows.iter().enumerate() {
                let shape = shape(sent[place]);
                match variants.iter_mut().find(|(known, _)| *known == shape) {
                    Some((_, having)) => having.push(row),
                    None => variants.push((shape, vec![row])),
                }
            }
            let mut which = vec![None; rows.len()];
            let several = variants.len() > 1;
            let mut branches = String::new();
            for (at, (_, having)) in variants.iter().enumerate() {
                let text: String = (0..rows[having[0]][place].statements.len())
                    .map(|nth| {
                        let of = |row: usize| &rows[row][place].statements[nth];
                        values.statement(having, of)
                    })
                    .collect();
                having.iter().for_each(|row| which[*row] = Some(at.to_string()));
                let word = if at == 0 { "if" } else { "elif" };
                branches.push_str(&if several { format!("\\{word} :WHICH = {at}\n{text}") } else { text });
            }
            if several {
                let column = values.column(&(0..rows.len()).collect::<Vec<_>>(), &|row| which[row].clone());
                branches = branches.replace(":WHICH", &format!(":{column}"));
                branches.push_str("\\endif\n");
            }
            body.push_str(&branches);
        }
        let table = format!("limits.{}", name.replace('-', "_"));
        values.keep(connection, &table).await?;
        let drawn = format!("\\set n random(1, {})\n{}", rows.len(), values.lookup(&table, "n"));
        let (mut whole, mut lookup) = (format!("{drawn}{body}"), drawn);
        if let Some(trail) = trail.filter(|trail| !trail.appends.is_empty()) {
            let mut kept = Values { rows: trail.appends.len(), columns: Vec::new() };
            let all: Vec<usize> = (0..trail.appends.len()).collect();
            let text = kept.statement(&all, |row| &trail.appends[row]);
            let table = format!("{table}_trail");
            kept.keep(connection, &table).await?;
            // As often as the service appended for so many requests.
            let mut appends = requests as f64 / trail.requests;
            while appends > 0.0 {
                let share = (appends.min(1.0) * 1e6).round();
                let begin = format!(
                    "\\set r random(1, 1000000)\n\\if :r <= {share}\n\\set m random(1, {})\n{}",
                    kept.rows,
                    kept.lookup(&table, "m")
                );
                whole.push_str(&format!("{begin}{text}\\endif\n"));
                lookup.push_str(&format!("{begin}\\endif\n"));
                appends -= 1.0;
            }
        }
        let files = [("sql", &whole), ("lookup.sql", &lookup)].map(|(ending, text)| {
            let path = folder.join(format!("{name}.{ending}"));
            fs::write(&path, text).map(|()| path)
        });
        let [whole, lookup] = files;
        Ok(Script { whole: whole?, lookup: lookup?, requests, options: OPTIONS })
    }

    /// The same, sent by the owner of the tables.
    pub fn by_owner(self) -> Script {
        Script { options: OWNER, ..self }
    }

    /// Runs a second.
    pub fn measure(&self, record: &Record, clients: usize, seconds: u64) -> Result<f64, Failure> {
        pgbench(record, &self.whole, self.options, clients, seconds)
    }

    /// Runs a second of what only looks the values up.
    pub fn lookup(&self, record: &Record, clients: usize, seconds: u64) -> Result<f64, Failure> {
        pgbench(record, &self.lookup, self.options, clients, seconds)
    }

    /// Requests a second, with the looking up taken off.
    pub fn without(&self, whole: f64, lookup: f64) -> f64 {
        self.requests as f64 / (1.0 / whole - 1.0 / lookup)
    }
}

/// Runs of the script a second.
fn pgbench(record: &Record, script: &Path, options: &str, clients: usize, seconds: u64) -> Result<f64, Failure> {
    let program = pgbench_program();
    let mut command = Command::new(&program);
    command.args(["-n", "-M", "prepared", "-j", "1", "-c", &clients.to_string(), "-T", &seconds.max(1).to_string()]);
    command.arg("-f").arg(script).arg("-h").arg(record.cluster.socket_dir());
    command.args(["-p", "5432", "-U", "lcr", crate::record::DATABASE]).env("PGOPTIONS", options);
    let out = run(&mut command)?;
    let line = out.lines().find_map(|line| line.strip_prefix("tps = ")).ok_or("pgbench did not say its rate")?;
    Ok(line.split(' ').next().and_then(|number| number.parse().ok()).ok_or("pgbench's rate is no number")?)
}

/// pgbench in PATH, or beside a PostgreSQL where Debian puts it.
fn pgbench_program() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let own = std::env::var_os("LCR_PG_BIN").map(PathBuf::from);
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut places =
        own.into_iter().chain(std::env::split_paths(&paths)).chain(debian).map(|place| place.join("pgbench"));
    places.find(|path| path.is_file()).unwrap_or_else(|| "pgbench".into())
}

/// The statements of a request, and which of their values are NULL.
type Shape<'a> = Vec<(&'a str, Vec<bool>)>;

/// A shape, and the rows that have it.
type Variant<'a> = (Shape<'a>, Vec<usize>);

/// What two requests have to have in common to be the same commands.
fn shape(sent: &Sent) -> Shape<'_> {
    sent.statements.iter().map(|one| (one.text.as_str(), one.values.iter().map(Option::is_none).collect())).collect()
}

/// The values of a script's runs: a column for each variable, a row for each run.
struct Values {
    rows: usize,
    columns: Vec<Vec<Option<String>>>,
}

impl Values {
    /// The variable that has these values in these rows. What is the same everywhere is one.
    fn column(&mut self, having: &[usize], value: &dyn Fn(usize) -> Option<String>) -> String {
        let mut wanted: HashMap<usize, String> = HashMap::new();
        for row in having {
            wanted.extend(value(*row).map(|text| (*row, text)));
        }
        let fits = |column: &Vec<Option<String>>| {
            wanted.iter().all(|(row, text)| column[*row].as_ref().is_none_or(|known| known == text))
        };
        let at = self.columns.iter().position(fits).unwrap_or_else(|| {
            self.columns.push(vec![None; self.rows]);
            self.columns.len() - 1
        });
        wanted.into_iter().for_each(|(row, text)| self.columns[at][row] = Some(text));
        format!("c{at}")
    }

    /// The statement with variables in the place of its values.
    fn statement<'a>(&mut self, having: &[usize], of: impl Fn(usize) -> &'a Statement) -> String {
        let first = of(having[0]);
        let mut out = String::new();
        let mut pieces = first.text.split('$');
        out.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            match piece[..digits].parse::<usize>() {
                Ok(number) if number > 0 && number <= first.values.len() => {
                    let at = number - 1;
                    match &first.values[at] {
                        Some(_) => {
                            let name = self.column(having, &|row| of(row).values.get(at).cloned().flatten());
                            out.push_str(&format!(":{name}"));
                        }
                        None => out.push_str("NULL"),
                    }
                }
                _ => out.push_str(&format!("${}", &piece[..digits])),
            }
            out.push_str(&piece[digits..]);
        }
        out.push_str("\n;\n");
        out
    }

    fn lookup(&self, table: &str, number: &str) -> String {
        let names: Vec<String> = (0..self.columns.len()).map(|at| format!("c{at}")).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("SELECT {} FROM {table} WHERE n = :{number} \\gset\n", names.join(", ")),
        }
    }

    async fn keep(&self, connection: &mut PgConnection, table: &str) -> Result<(), Failure> {
        let columns: String = (0..self.columns.len()).map(|at| format!(", c{at} text")).collect();
        for statement in [
            "CREATE SCHEMA IF NOT EXISTS limits".to_owned(),
            "GRANT USAGE ON SCHEMA limits TO PUBLIC".to_owned(),
            format!("DROP TABLE IF EXISTS {table}"),
            format!("CREATE TABLE {table} (n integer PRIMARY KEY{columns})"),
            format!("GRANT SELECT ON {table} TO PUBLIC"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *connection).await?;
        }
        let rows = (0..self.rows).map(|row| {
            let mut record = Map::new();
            record.insert("n".to_owned(), json!(row + 1));
            for (at, column) in self.columns.iter().enumerate() {
                record.insert(format!("c{at}"), json!(column[row].as_deref().unwrap_or_default()));
            }
            Value::Object(record)
        });
        let fill = format!("INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::text::json)");
        let rows = Value::Array(rows.collect()).to_string();
        sqlx::query(AssertSqlSafe(fill)).bind(rows).execute(&mut *connection).await?;
        sqlx::query(AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).execute(connection).await?;
        Ok(())
    }
}
