//! A reader's shell: one `sh` for a page, so that what a command sets the next one knows; each command with its exit status,
//! its output and the statuses of what it asked over HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What ends the answer of a command on the shell's own output.
const DONE: &str = "-- done --";

/// curl tells each status on standard error, whatever the command does with its output. Its own configuration file is part of
/// the surroundings: the command is run as it stands.
const CURLRC: &str = "write-out = \"%{stderr}\\n-- http %{http_code} --\\n\"\n";

/// A shell that runs.
pub struct Shell {
    shell: Child,
    input: ChildStdin,
    output: Receiver<String>,
    notes: PathBuf,
    /// Addresses of the pages and what they are here.
    places: Vec<(String, String)>,
}

/// What a command did.
pub struct Ran {
    pub exit: i32,
    pub out: String,
    pub err: String,
    pub statuses: Vec<u16>,
}

/// The surroundings that a reader does not have, and this process has.
pub fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars() {
        let ours = name.starts_with("LCR_") && name != "LCR_PG_BIN";
        let cargo =
            name.starts_with("CARGO_PKG") || name.starts_with("CARGO_BIN") || name.starts_with("CARGO_MANIFEST");
        if ours || cargo || name.starts_with("PG") || name == "LD_LIBRARY_PATH" {
            command.env_remove(name);
        }
    }
    command
}

impl Shell {
    /// Starts in a folder. `notes`: a folder for what the reader does not see.
    pub fn start(folder: &Path, notes: &Path, environment: &[(&str, &str)], places: &[(&str, &str)]) -> Shell {
        fs::create_dir_all(notes).expect("a folder");
        fs::write(notes.join(".curlrc"), CURLRC).expect("a file");
        let mut command = Command::new("sh");
        clean(&mut command).env("CURL_HOME", notes).envs(environment.iter().copied()).current_dir(folder);
        // A group of its own: what runs on in the background ends with it.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut shell = command.spawn().expect("a shell");
        let (input, output) = (shell.stdin.take().expect("a pipe"), shell.stdout.take().expect("a pipe"));
        let (say, heard) = channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| say.send(line))
        });
        let places = places.iter().map(|(page, here)| ((*page).to_owned(), (*here).to_owned())).collect();
        Shell { shell, input, output: heard, notes: notes.to_owned(), places }
    }

    /// A text of a page with the addresses that are here.
    pub fn here(&self, text: &str) -> String {
        self.places.iter().fold(text.to_owned(), |text, (page, here)| text.replace(page, here))
    }

    /// Runs one command.
    pub fn run(&mut self, command: &str) -> Ran {
        let (out, err) = (self.notes.join("out"), self.notes.join("err"));
        let text = format!(
            "{{ {}\n}} >'{}' 2>'{}' </dev/null; echo \"$? {DONE}\"\n",
            self.here(command),
            out.display(),
            err.display()
        );
        self.input.write_all(text.as_bytes()).expect("the shell reads");
        let line = self.output.recv_timeout(PATIENCE);
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let exit = match &line {
            Ok(line) => line.strip_suffix(DONE).and_then(|exit| exit.trim().parse().ok()),
            Err(_) => None,
        };
        let (told, err): (Vec<String>, Vec<String>) =
            read(err).lines().map(str::to_owned).partition(|line| line.starts_with("-- http "));
        let statuses = told.iter().filter_map(|line| line.split(' ').nth(2)?.parse().ok()).collect();
        let exit = exit
            .unwrap_or_else(|| panic!("the shell gave no answer: {line:?}\n{}\n{}", read(out.clone()), err.join("\n")));
        Ran { exit, out: read(out), err: err.join("\n"), statuses }
    }

    /// Runs a command in the background, until it has said something.
    pub fn run_on(&mut self, command: &str, until: &str) {
        let log = self.notes.join("background");
        let started = self.run(&format!("{command} >'{}' 2>&1 &", log.display()));
        assert_eq!(started.exit, 0, "{}", started.err);
        crate::demo::wait_for(until, || fs::read_to_string(&log).unwrap_or_default());
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The group, so that what it started ends too: as with Ctrl-C, in good order. It is waited for by whoever waits for it.
        let group = format!("-{}", self.shell.id());
        let _ = Command::new("kill").args(["-s", "TERM", "--", &group]).status();
        let _ = self.shell.wait();
    }
}

/// The commands of a block, each with the line it begins on: lines that the shell takes for one command are one.
pub fn commands(first: usize, lines: &[String]) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if open.is_none() && (bare.is_empty() || bare.starts_with('#')) {
            continue;
        }
        let (begin, text) = match open.take() {
            None => (first + at, line.clone()),
            Some((begin, text)) => (begin, format!("{text}\n{line}")),
        };
        if is_whole(&text) {
            all.push((begin, text));
        } else {
            open = Some((begin, text));
        }
    }
    assert!(open.is_none(), "line {}: a command does not end", open.map_or(0, |(begin, _)| begin));
    all
}

fn is_whole(text: &str) -> bool {
    let last = text.lines().last().unwrap_or_default();
    if last.ends_with('\\') {
        return false;
    }
    // A document that is not ended is only a warning to a shell.
    let end = text.split_once("<<").map(|(_, rest)| {
        let word: String =
            rest.trim_start_matches(['-', '\'', '"']).chars().take_while(|c| c.is_alphanumeric()).collect();
        word
    });
    if end.is_some_and(|end| !end.is_empty() && !text.lines().skip(1).any(|line| line.trim() == end)) {
        return false;
    }
    let mut reader = Command::new("sh");
    let mut reader = reader.arg("-n").stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell");
    reader.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the shell reads");
    reader.wait().expect("an end").success()
}

#[test]
fn a_block_is_its_commands() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let text = "# words\na \\\n  b\nc 'x\ny'\ncat <<END\n{\nEND\nif d; then\ne\nfi";
    let found = commands(10, &lines(text));
    let begins: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(begins, [11, 13, 15, 18], "{found:?}");
}
