//! Every command of the pages is run: README's in the checkout, as a reader would, the others' in a folder like it beside a demo
//! of its own. A command that fails, an HTTP status above 399 and an output that nobody wrote down are faults.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::demo::{Demo, Folder, free_address, wait_for};
use crate::page::{Block, Note, Page, all, root};
use crate::shell::{Ran, Shell, commands};

/// The addresses that the pages say: the demo's, and one beside it.
const PLACES: [&str; 2] = ["127.0.0.1:8080", "127.0.0.1:8081"];

/// How many pages are read at a time: a reader waits for more than it works.
const READERS: usize = 3;

/// The blocks that no test runs: page, and how many. Each says above it why; one more has to be written down here too.
const NOT_RUN: &[(&str, usize)] =
    &[("README.md", 1), ("docs/run-in-production.md", 3), ("docs/test-an-integration.md", 1)];

/// Pages without a command: an index, and what other tests compare with the code.
fn is_only_read(page: &Page) -> bool {
    ["docs/README.md", "docs/access-matrix.md", "docs/reliability.md"].contains(&page.name.as_str())
        || page.name.starts_with("docs/reference/")
}

#[test]
fn the_commands_of_the_readme_lead_to_a_search_result() {
    if lacking(&["make", "curl"]) {
        return;
    }
    // The demo's data, and its port, are not those of a demo that runs in this checkout.
    let (folder, address) = (Folder::new(), free_address());
    let home = folder.0.join("home");
    let (home_text, path) = (home.display().to_string(), path(&folder.0.join("bin")));
    let environment = [("LCR_HOME", home_text.as_str()), ("LCR_LISTEN", &address), ("PATH", &path)];
    let other = free_address();
    let mut shell =
        Shell::start(&root(), &folder.0.join("notes"), &environment, &[(PLACES[0], &address), (PLACES[1], &other)]);
    let page = Page::read("README.md");
    let mut faults = run(&page, &mut shell);
    faults.extend(crate::links::unanswered(&page, &mut shell));
    drop(shell);
    let running = home.join("pg/data/postmaster.pid");
    wait_for("stopped", || if running.exists() { "running" } else { "stopped" }.to_owned());
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

/// Whether a program is not here that a reader would have; says so. In CI it has to be.
fn lacking(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").expect("PATH");
    let has = |program: &&&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<&&str> = programs.iter().filter(|program| !has(program)).collect();
    assert!(
        missing.is_empty() || std::env::var_os("CI").is_none(),
        "{missing:?} has to be here: scripts/setup.sh test"
    );
    if !missing.is_empty() {
        println!("passed over: there is no {missing:?}; scripts/setup.sh test installs what is missing");
    }
    !missing.is_empty()
}

/// Where the reader's programs are. What `make demo` builds is built: by `cargo test`, but with the features of the tests' own
/// crates, so that cargo would build all of it once more. In CI it does; elsewhere a cargo that has nothing to do stands in.
fn path(folder: &Path) -> String {
    let path = std::env::var("PATH").expect("PATH");
    if std::env::var_os("CI").is_some() {
        return path;
    }
    fs::create_dir_all(folder).expect("a folder");
    let cargo = folder.join("cargo");
    fs::write(&cargo, "#!/bin/sh\nexit 0\n").expect("a file");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("it can be run");
    format!("{}:{path}", folder.display())
}

#[test]
fn the_commands_of_the_guides_do_what_they_say() {
    if lacking(&["curl", "jq", "openssl", "psql", "pg_dump", "pg_restore"]) {
        return;
    }
    let first = Folder::new();
    drop(Demo::start(&first.0, &free_address()));
    // One page: `LCR_PAGE=docs/access.md cargo test --test guides`, for whoever writes it.
    let wanted = std::env::var("LCR_PAGE").unwrap_or_default();
    let mut pages = all().split_off(1);
    pages.retain(|page| !is_only_read(page) && page.name.contains(&wanted));
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = read(page, &first.0.join(".lcr"));
                    faults.lock().expect("no reader failed").extend(found);
                }
            });
        }
    });
    let faults: Vec<String> = faults.into_inner().expect("no reader failed");
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

/// Reads one page beside a demo of its own, with this data; what is wrong with it.
fn read(page: &Page, data: &Path) -> Vec<String> {
    let (folder, address, other) = (Folder::like_the_checkout(data), free_address(), free_address());
    let _demo = Demo::start(&folder.0, &address);
    let places = [(PLACES[0], address.as_str()), (PLACES[1], other.as_str())];
    let mut shell = Shell::start(&folder.0, &folder.0.join("notes"), &[("LCR_LISTEN", &address)], &places);
    let mut faults = run(page, &mut shell);
    faults.extend(crate::samples::invalid(page, &mut shell));
    faults.extend(crate::links::unanswered(page, &mut shell));
    faults
}

#[test]
fn what_is_not_run_is_known() {
    let pages = all();
    let skipped =
        |page: &Page| page.blocks.iter().filter(|block| block.language == "sh" && block.not_run().is_some()).count();
    let found: Vec<(&str, usize)> =
        pages.iter().map(|page| (page.name.as_str(), skipped(page))).filter(|(_, count)| *count > 0).collect();
    for (page, block) in pages.iter().flat_map(|page| page.blocks.iter().map(move |block| (page, block))) {
        if let Some(why) = block.not_run() {
            println!("not run: {}:{}: {why}", page.name, block.line);
            assert!(why.len() > 10, "{}:{}: why is it not run?", page.name, block.line);
        }
    }
    assert_eq!(found, NOT_RUN, "the blocks that are not run");
}

#[test]
fn every_page_has_a_command_that_is_checked() {
    for page in all().iter().filter(|page| !is_only_read(page)) {
        let checked =
            |block: &&Block| block.language == "sh" && block.not_run().is_none() && block.says_what_it_prints();
        assert!(
            page.blocks.iter().any(|block| checked(&block)),
            "{} has no command whose output is checked",
            page.name
        );
    }
}

/// Runs a page's commands; the first fault of each block.
fn run(page: &Page, shell: &mut Shell) -> Vec<String> {
    let mut faults = Vec::new();
    for block in page.blocks.iter().filter(|block| block.language == "sh" && block.not_run().is_none()) {
        if let Err(fault) = run_block(block, shell) {
            faults.push(format!("{}:{fault}", page.name));
        }
    }
    faults
}

fn run_block(block: &Block, shell: &mut Shell) -> Result<(), String> {
    let (mut out, mut err, mut statuses, mut exits) = (String::new(), String::new(), Vec::new(), Vec::new());
    for (line, command) in commands(block.line, &block.text) {
        let until = block.notes.iter().find_map(|note| if let Note::RunsOn(until) = note { Some(until) } else { None });
        if let Some(until) = until {
            shell.run_on(&command, until);
            continue;
        }
        let ran = shell.run(&command);
        let fault = |words: &str| Err(format!("{line}: {words}\n    {command}\n{}", shown(&ran)));
        let exit_is_meant = block.notes.contains(&Note::Exit(ran.exit));
        if ran.exit != 0 && !exit_is_meant {
            return fault(&format!("exit status {}", ran.exit));
        }
        if let Some(status) =
            ran.statuses.iter().find(|status| **status >= 400 && !block.notes.contains(&Note::Status(**status)))
        {
            return fault(&format!("HTTP status {status}"));
        }
        exits.push(ran.exit);
        statuses.extend(&ran.statuses);
        out += &ran.out;
        err += &ran.err;
    }
    judge(block, shell, &out, &err, &statuses, &exits)
        .map_err(|words| format!("{}: {words}\n    {}\n{out}\n{err}", block.line, block.text.join("\n    ")))
}

/// Whether a block did what is written beside it.
fn judge(block: &Block, shell: &Shell, out: &str, err: &str, statuses: &[u16], exits: &[i32]) -> Result<(), String> {
    let squeezed = |text: &str| shell.here(text).split_whitespace().collect::<String>();
    for note in &block.notes {
        let holds = match note {
            Note::Prints(words) => squeezed(out).contains(&squeezed(words)),
            Note::Complains(words) => squeezed(err).contains(&squeezed(words)),
            Note::Status(status) => statuses.contains(status),
            Note::Exit(exit) => exits.contains(exit),
            Note::RunsOn(_) | Note::NotRun(_) | Note::Part(_) => true,
        };
        if !holds {
            return Err(format!("it should be so: {note:?}"));
        }
    }
    match &block.prints {
        Some(shown) if !is_like(out.trim_end(), shell.here(shown).trim_end()) => {
            Err(format!("it should print\n{}\nand prints\n{}", shell.here(shown), out.trim_end()))
        }
        None if !out.trim().is_empty() && !block.says_what_it_prints() => {
            Err("it prints something, and nothing beside it says what".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether a text is like a pattern, in which `…` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn shown(ran: &Ran) -> String {
    let most = |text: &str| text.chars().take(3_000).collect::<String>();
    format!("    out: {}\n    err: {}", most(ran.out.trim_end()), most(ran.err.trim_end()))
}

#[test]
fn a_command_that_does_something_else_is_a_fault() {
    let folder = Folder::new();
    let start = |page: &str| {
        let mut shell = Shell::start(&folder.0, &folder.0.join("notes"), &[], &[]);
        run(&Page::of("p.md", page), &mut shell)
    };
    let nothing = free_address();
    for (page, fault) in [
        ("```sh\nfalse\n```\n".to_owned(), "p.md:2: exit status 1"),
        ("```sh\nX=1\necho $X\n```\n".to_owned(), "nothing beside it says what"),
        ("<!-- expect: 2 -->\n```sh\necho 1\n```\n".to_owned(), "Prints(\"2\")"),
        ("```sh\necho 1 2\n```\n```text\n1 … 3\n```\n".to_owned(), "it should print"),
        ("<!-- expect status: 404 -->\n```sh\ntrue\n```\n".to_owned(), "Status(404)"),
        ("<!-- expect exit: 3 -->\n```sh\ntrue\n```\n".to_owned(), "Exit(3)"),
        (format!("```sh\ncurl -s http://{nothing}/\n```\n"), "p.md:2: exit status 7"),
    ] {
        let faults = start(&page).join("\n");
        assert!(faults.contains(fault), "{page}\n{faults}");
    }
    assert_eq!(
        start(
            "```sh\nX=1\n```\n<!-- expect: a 1 -->\n<!-- expect exit: 2 -->\n```sh\necho a; echo $X; (exit 2)\n```\n"
        ),
        [""; 0]
    );
    fs::read_dir(Path::new(&folder.0)).expect("it is still there");
}
