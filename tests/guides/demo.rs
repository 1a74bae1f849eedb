//! The service that the pages are read beside: `lcr demo`, in a folder of its own that looks like the checkout.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::page::root;
use crate::shell::clean;

/// A folder that goes when it is dropped. In the system's own place for such: the user that PostgreSQL runs as has to get in.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new one.
    pub fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("lcr-guides-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    /// One that holds what the checkout holds, with the program where `make demo` puts it, and the demo's data of another.
    pub fn like_the_checkout(data: &Path) -> Folder {
        let folder = Folder::new();
        for entry in fs::read_dir(root()).expect("the checkout") {
            let entry = entry.expect("an entry");
            let name = entry.file_name();
            if !["target", ".git", ".lcr"].iter().any(|other| name == *other) {
                symlink(entry.path(), folder.0.join(name)).expect("a link");
            }
        }
        let bin = folder.0.join("target/debug");
        fs::create_dir_all(&bin).expect("a folder");
        symlink(env!("CARGO_BIN_EXE_lcr"), bin.join("lcr")).expect("a link");
        let copied = Command::new("cp").arg("-pR").arg(data).arg(folder.0.join(".lcr")).status().expect("cp");
        assert!(copied.success(), "the demo's data is copied");
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over is in the system's folder for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An address that nobody listens at.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Waits until a text says something: as long as a build may take.
pub fn wait_for(words: &str, text: impl Fn() -> String) {
    let deadline = Instant::now() + Duration::from_secs(900);
    while !text().contains(words) {
        assert!(Instant::now() < deadline, "nothing said \"{words}\":\n{}", text());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `lcr demo` that runs; it is stopped in good order when dropped.
pub struct Demo(Child);

impl Demo {
    /// Starts it in a folder.
    pub fn start(folder: &Path, address: &str) -> Demo {
        let log = folder.join("demo.log");
        let said = fs::File::create(&log).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lcr"));
        clean(&mut command).arg("demo").env("LCR_LISTEN", address).current_dir(folder);
        let child = command.stdin(Stdio::null()).stderr(said.try_clone().expect("a file")).stdout(said).spawn();
        let demo = Demo(child.expect("lcr runs"));
        wait_for("Ctrl-C stops it", || fs::read_to_string(&log).unwrap_or_default());
        demo
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-s", "INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}
