//! A page of Markdown: its fenced blocks with what is written beside them, its headings and its links.

use std::fs;
use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A page.
pub struct Page {
    /// Its path from the checkout.
    pub name: String,
    pub blocks: Vec<Block>,
    /// Line and text of each heading.
    pub headings: Vec<(usize, String)>,
    /// Every line that is in no block, with its number.
    pub prose: Vec<(usize, String)>,
}

/// A fenced block.
#[derive(Clone)]
pub struct Block {
    /// The line of the file that its first line is.
    pub line: usize,
    pub language: String,
    pub text: Vec<String>,
    /// What invisible comments right above it say.
    pub notes: Vec<Note>,
    /// What a `text` block right below it shows: what it prints. `…` stands for anything.
    pub prints: Option<String>,
}

/// What is written beside a block, for the test.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// `expect: …`: this is in what it prints; white space makes no difference.
    Prints(String),
    /// `expect error: …`: this is in what it complains.
    Complains(String),
    /// `expect status: …`: an HTTP status above 399 that is meant.
    Status(u16),
    /// `expect exit: …`: an exit status that is meant.
    Exit(i32),
    /// `runs on until: …`: it goes on in the background once it has said this.
    RunsOn(String),
    /// `not run: …`: why it cannot be.
    NotRun(String),
    /// `a part: …`: why a sample is not whole.
    Part(String),
}

impl Note {
    fn read(text: &str) -> Option<Note> {
        let (name, value) = text.split_once(':')?;
        let value = value.trim();
        let number = || value.parse().unwrap_or_else(|_| panic!("{text}: {value} should be a number"));
        Some(match name.trim() {
            "expect" => Note::Prints(value.to_owned()),
            "expect error" => Note::Complains(value.to_owned()),
            "expect status" => Note::Status(u16::try_from(number()).expect("a status")),
            "expect exit" => Note::Exit(number()),
            "runs on until" => Note::RunsOn(value.to_owned()),
            "not run" => Note::NotRun(value.to_owned()),
            "a part" => Note::Part(value.to_owned()),
            _ => return None,
        })
    }
}

impl Block {
    /// Why it is not run, if it is not.
    pub fn not_run(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| if let Note::NotRun(why) = note { Some(why.as_str()) } else { None })
    }

    /// Whether it says what it prints.
    pub fn says_what_it_prints(&self) -> bool {
        self.prints.is_some() || self.notes.iter().any(|note| matches!(note, Note::Prints(_)))
    }
}

/// README and every page below docs/, in order.
pub fn all() -> Vec<Page> {
    let mut pages = vec![Page::read("README.md")];
    pages.extend(below("docs").into_iter().map(|name| Page::read(&name)));
    pages
}

/// The Markdown files below a folder, as paths from the checkout.
fn below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("a folder of pages") {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_str().expect("UTF-8"));
        if entry.path().is_dir() {
            found.extend(below(&name));
        } else if name.ends_with(".md") {
            found.push(name);
        }
    }
    found.sort();
    found
}

impl Page {
    /// Reads a file of the checkout.
    pub fn read(name: &str) -> Page {
        let text = fs::read_to_string(root().join(Path::new(name))).unwrap_or_else(|error| panic!("{name}: {error}"));
        Page::of(name, &text)
    }

    /// Takes a text apart.
    pub fn of(name: &str, text: &str) -> Page {
        let mut page = Page { name: name.to_owned(), blocks: Vec::new(), headings: Vec::new(), prose: Vec::new() };
        let (mut open, mut notes): (Option<Block>, Vec<Note>) = (None, Vec::new());
        // Whether nothing but empty lines came since the last block.
        let mut follows = false;
        for (at, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
            let bare = line.trim_start();
            if let Some(mut block) = open.take() {
                if bare != "```" {
                    block.text.push(line.to_owned());
                    open = Some(block);
                } else if block.language == "text"
                    && follows
                    && page.blocks.last().is_some_and(|above| above.language == "sh")
                {
                    let shown = block.text.join("\n");
                    page.blocks.last_mut().expect("a block").prints = Some(shown);
                    follows = false;
                } else {
                    page.blocks.push(block);
                    follows = true;
                }
                continue;
            }
            if let Some(language) = bare.strip_prefix("```") {
                let (language, notes) = (language.trim().to_owned(), std::mem::take(&mut notes));
                open = Some(Block { line: at + 1, language, text: Vec::new(), notes, prints: None });
            } else if let Some(note) = bare.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) {
                let note = Note::read(note).unwrap_or_else(|| panic!("{name}:{at}: no test reads this comment"));
                notes.push(note);
                follows = false;
            } else if !bare.is_empty() {
                assert!(notes.is_empty(), "{name}:{at}: a comment for the test stands right above a block");
                follows = false;
                if bare.starts_with('#') {
                    page.headings.push((at, bare.trim_start_matches('#').trim().to_owned()));
                }
                page.prose.push((at, line.to_owned()));
            }
        }
        assert!(open.is_none(), "{name}: a block is not closed");
        assert!(notes.is_empty(), "{name}: a comment for the test stands above no block");
        page
    }
}

#[test]
fn a_page_is_taken_apart() {
    let text = "# A\n<!-- expect: x -->\n```sh\na\nb\n```\n\n```text\nx\n```\nwords\n```text\ny\n```\n";
    let page = Page::of("p.md", text);
    assert_eq!(page.blocks.len(), 2, "what follows a command is its output, what follows words is not");
    assert_eq!((page.blocks[0].line, page.blocks[0].text.join(";")), (4, "a;b".to_owned()));
    assert_eq!(
        (page.blocks[0].notes.clone(), page.blocks[0].prints.as_deref()),
        (vec![Note::Prints("x".into())], Some("x"))
    );
    assert_eq!((page.headings.clone(), page.prose.len()), (vec![(1, "A".to_owned())], 2));
}
