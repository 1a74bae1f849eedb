//! The statements that the service sends, with their values: taken from PostgreSQL's own log while requests come one by one.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::Failure;
use crate::process::Service;
use crate::record::Record;
use crate::workload::{Request, ask};

/// What every line of the log begins with while it is recorded.
const PREFIX: &str = "@@%p ";
/// A statement of this program's own that ends what belongs to one request.
const MARK: &str = "SELECT 'mark'";

/// One statement as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    /// Its values as PostgreSQL writes them; none is NULL.
    pub values: Vec<Option<String>>,
}

impl Statement {
    /// Whether it adds to the audit trail.
    pub fn is_trail(&self) -> bool {
        self.text.contains("audit_") && !self.text.contains("audit_event") && !self.text.contains("audit_months")
    }
}

/// What one request sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub kind: &'static str,
    /// Without what adds to the audit trail.
    pub statements: Vec<Statement>,
    /// All of it: what waited for PostgreSQL and back.
    pub round_trips: usize,
}

/// Sends requests one after the other and gives what each made the service send.
pub async fn of_each(record: &Record, service: &Service, requests: &[&Request]) -> Result<Vec<Sent>, Failure> {
    let mut owner = record.connect().await?;
    let client = reqwest::Client::new();
    let recorder = Recorder::begin(record, &mut owner).await?;
    // Connections look at the new settings before their next statement, and prepare what they have not yet.
    for request in requests.iter().take(40) {
        ask(&client, service, request).await?;
    }
    sqlx::query(MARK).execute(&mut owner).await?;
    for request in requests {
        ask(&client, service, request).await?;
        sqlx::query(MARK).execute(&mut owner).await?;
    }
    let all = recorder.end(record, &mut owner).await?;
    let mut parts = all.split(|statement| statement.text == MARK).skip(1);
    let mut sent = Vec::new();
    for request in requests {
        let part = parts.next().ok_or("PostgreSQL's log ends before the requests do")?;
        let statements = part.iter().filter(|statement| !statement.is_trail()).cloned().collect();
        sent.push(Sent { kind: request.kind, statements, round_trips: part.len() });
    }
    Ok(sent)
}

/// What is sent to the audit trail while `load` runs.
pub async fn of_trail(record: &Record, load: impl FnOnce() -> Result<(), Failure>) -> Result<Vec<Statement>, Failure> {
    let mut owner = record.connect().await?;
    let recorder = Recorder::begin(record, &mut owner).await?;
    load()?;
    let all = recorder.end(record, &mut owner).await?;
    Ok(all.into_iter().filter(Statement::is_trail).collect())
}

/// PostgreSQL's log, from one moment to another.
struct Recorder {
    from: u64,
}

impl Recorder {
    async fn begin(record: &Record, owner: &mut PgConnection) -> Result<Recorder, Failure> {
        let settings = [
            ("log_line_prefix", format!("'{PREFIX}'")),
            ("log_parameter_max_length", "-1".to_owned()),
            ("log_statement", "'all'".to_owned()),
        ];
        for (name, value) in settings {
            set(owner, &format!("ALTER SYSTEM SET {name} = {value}")).await?;
        }
        reload(record, owner, "all").await?;
        Ok(Recorder { from: fs::metadata(record.log())?.len() })
    }

    async fn end(self, record: &Record, owner: &mut PgConnection) -> Result<Vec<Statement>, Failure> {
        set(owner, "ALTER SYSTEM RESET ALL").await?;
        reload(record, owner, "none").await?;
        let mut log = fs::File::open(record.log())?;
        log.seek(SeekFrom::Start(self.from))?;
        let mut text = Vec::new();
        log.read_to_end(&mut text)?;
        Ok(parse(&String::from_utf8_lossy(&text)))
    }
}

async fn set(owner: &mut PgConnection, statement: &str) -> Result<(), Failure> {
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(owner).await?;
    Ok(())
}

/// Has the server read its settings again, and waits until it has.
async fn reload(record: &Record, owner: &mut PgConnection, expected: &str) -> Result<(), Failure> {
    set(owner, "SELECT pg_reload_conf()").await?;
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let mut fresh = PgConnection::connect(&record.url).await?;
        let now: String = sqlx::query_scalar("SELECT current_setting('log_statement')").fetch_one(&mut fresh).await?;
        fresh.close().await?;
        if now == expected {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err("PostgreSQL does not take log_statement".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Reads a log: `execute` and `statement` lines, each with the values that follow it.
fn parse(log: &str) -> Vec<Statement> {
    let mut found: Vec<(String, Statement)> = Vec::new();
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.starts_with("@@"), entries.last_mut()) {
            (false, Some(entry)) => {
                entry.push('\n');
                entry.push_str(line.strip_prefix('\t').unwrap_or(line));
            }
            _ => entries.push(line.to_owned()),
        }
    }
    for entry in entries {
        let Some((pid, rest)) = entry.strip_prefix("@@").and_then(|rest| rest.split_once(' ')) else { continue };
        if let Some(values) = rest.strip_prefix("DETAIL:").map(str::trim_start) {
            let values = values.strip_prefix("parameters: ").or(values.strip_prefix("Parameters: "));
            let last = found.iter_mut().rev().find(|(of, _)| of == pid);
            if let (Some(values), Some((_, statement))) = (values, last) {
                statement.values = parse_values(values);
            }
        } else if let Some(said) = rest.strip_prefix("LOG:").map(str::trim_start) {
            let text = match said.strip_prefix("statement: ") {
                Some(text) => Some(text),
                None => said.strip_prefix("execute ").and_then(|rest| rest.split_once(": ")).map(|(_, text)| text),
            };
            let text = text.map(|text| text.trim().trim_end_matches(';').to_owned());
            let text = text.filter(|text| !text.starts_with("ALTER SYSTEM") && !text.contains("pg_reload_conf"));
            let text = text.filter(|text| !text.contains("'log_statement'") && !text.starts_with("SET "));
            if let Some(text) = text {
                found.push((pid.to_owned(), Statement { text, values: Vec::new() }));
            }
        }
    }
    found.into_iter().map(|(_, statement)| statement).collect()
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parse_values(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(" = ") {
        if let Some(quoted) = after.strip_prefix('\'') {
            let mut value = String::new();
            let mut letters = quoted.char_indices().peekable();
            let mut end = quoted.len();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '\'' if letters.peek().is_some_and(|(_, next)| *next == '\'') => {
                        letters.next();
                        value.push('\'');
                    }
                    '\'' => {
                        end = at + 1;
                        break;
                    }
                    other => value.push(other),
                }
            }
            values.push(Some(value));
            rest = &quoted[end..];
        } else {
            values.push(None);
            rest = after.strip_prefix("NULL").unwrap_or(after);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_with_values_over_several_lines() {
        let log = "@@7 LOG:  execute sqlx_s_1: SELECT $1::text,\n\t  $2\n@@8 LOG:  statement: BEGIN;\n@@7 DETAIL:  parameters: $1 = 'it''s = $2', $2 = NULL\n";
        let all = parse(log);
        assert_eq!(all[0].text, "SELECT $1::text,\n  $2");
        assert_eq!(all[0].values, [Some("it's = $2".to_owned()), None]);
        assert_eq!(all[1], Statement { text: "BEGIN".to_owned(), values: Vec::new() });
    }
}
