//! Locks that a process has one of, in programs that know of no tracker.

use crate::project::Project;

/// Prints and sets hooks, well or badly.
const PROGRAM: &str = r#"
use std::fmt;
use std::panic;
use std::sync::Mutex;

static NAMES: Mutex<Vec<&str>> = Mutex::new(Vec::new());
static CRASHES: Mutex<u32> = Mutex::new(0);

struct Name(usize);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.lock().unwrap()[self.0])
    }
}

fn add(name: &'static str) {
    let mut names = NAMES.lock().unwrap();
    names.push(name);
    println!("number {}", names.len());
}

fn count(_: &panic::PanicHookInfo<'_>) {
    *CRASHES.lock().unwrap() += 1;
}

fn main() {
    let what = std::env::args().nth(1);
    match what.as_deref() {
        Some("print") => {
            add("first");
            println!("{}", Name(0));
        }
        Some("hook") => {
            panic::set_hook(Box::new(count));
            let _ = panic::catch_unwind(|| panic!("counted"));
            let crashes = CRASHES.lock().unwrap();
            drop(panic::take_hook());
            println!("{crashes}");
        }
        _ => {
            // What is printed is evaluated before the stream is locked.
            add("first");
            println!("{}", NAMES.lock().unwrap()[0]);
            let name = Name(0).to_string();
            println!("{name}");
            panic::set_hook(Box::new(count));
            let first = panic::take_hook();
            panic::set_hook(Box::new(move |info| first(info)));
            let _ = panic::catch_unwind(|| panic!("counted"));
            println!("{}", CRASHES.lock().unwrap());
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn prints() {
        println!("is captured");
        eprintln!("is captured too");
    }

    #[test]
    fn prints_and_fails() {
        println!("is shown");
        panic!("as it should");
    }
}
"#;

/// All the ways to name a macro.
const SPELLINGS: &str = r#"
use std::fmt;
use std::sync::Mutex;

static STATE: Mutex<u8> = Mutex::new(0);

struct Locks;

impl fmt::Display for Locks {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        STATE.lock().unwrap().fmt(f)
    }
}

mod plain { pub fn f() { println!("{} {name:>3}", ::Locks, name = 1,); print!("\n"); println!() } }
mod path { pub fn f() { ::std::println!("{}", ::Locks); } }
mod import { use std::println; pub fn f() { println!("{}", ::Locks); } }
mod renamed { use std::println as say; pub fn f() { say!("{}", ::Locks); } }
mod globs { use std::*; pub fn f() { println!("{}", ::Locks); } }
mod prelude { #[allow(unused)] use std::prelude::v1::*; pub fn f() { println!("{}", ::Locks); } }
mod wrapped {
    macro_rules! say { ($($text:tt)*) => { println!($($text)*) } }
    pub fn f() { say!("{}", ::Locks); }
}
mod own {
    macro_rules! println { ($($text:tt)*) => { std::println!("own {}", format_args!($($text)*)) } }
    pub fn f() { println!("{}", ::Locks); }
}
mod question {
    pub fn f() -> Option<()> { println!("{}{}", Some("")?, ::Locks); Some(println!("tail")) }
}

fn main() {
    let spellings: [fn(); 9] = [
        plain::f, path::f, import::f, renamed::f, globs::f, prelude::f, wrapped::f, own::f,
        || { question::f(); },
    ];
    let number: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    spellings[number]();
    let _state = STATE.lock().unwrap();
    println!("under the lock");
}
"#;

/// A package of the edition.
fn of_edition(name: &str, edition: &str) -> Project {
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = {edition:?}\n\n[workspace]\n"
    );
    Project::new(name).file("Cargo.toml", &manifest)
}

#[test]
fn the_hook_and_the_streams_are_seen() {
    let project = Project::new("process-wide").file("src/main.rs", PROGRAM);
    let said = project.lockdep(&["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "number 1\nfirst\nfirst\n1\n");
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    let said = project.lockdep(&["run", "-q", "--", "print"]).exits(100);
    assert_eq!(said.stdout, "number 1\nfirst\n");
    assert_eq!(said.reports("LD0002"), 1);
    said.has("takes `Mutex<Vec<&str>>` while it holds `stdout`");
    said.has("wanted at    process_wide::add");

    let said = project.lockdep(&["run", "-q", "--", "hook"]).exits(100);
    assert_eq!(said.stdout, "1\n");
    assert_eq!(said.reports("LD0002"), 1);
    said.has("takes `panic hook` while it holds `Mutex<u32>`");

    let said = project.lockdep(&["test", "-q"]).exits(101);
    assert!(said.stdout.contains("---- tests::prints_and_fails stdout ----\nis shown"), "{said:?}");
    assert!(!format!("{said:?}").contains("is captured"), "{said:?}");
}

#[test]
fn a_macro_that_prints_is_seen_however_it_is_named() {
    for edition in ["2015", "2018", "2021", "2024"] {
        // Paths from the root have another form there.
        let source = match edition {
            "2015" => SPELLINGS.to_owned(),
            _ => SPELLINGS.replace("::Locks", "crate::Locks"),
        };
        let name = format!("spellings-{edition}");
        let project = of_edition(&name, edition).file("src/main.rs", &source);
        for spelling in 0..9 {
            let said = project.lockdep(&["run", "-q", "--", &spelling.to_string()]).exits(100);
            assert_eq!(said.reports("LD0002"), 1, "{edition}, {spelling}: {said:?}");
        }
    }
}

#[test]
fn a_crate_without_the_standard_library_may_ask_for_it() {
    let project = Project::new("asked-for").file(
        "src/main.rs",
        r#"
#![no_std]
#[macro_use]
extern crate std;

use std::sync::Mutex;

static STATE: Mutex<u8> = Mutex::new(0);

struct Locks;

impl core::fmt::Display for Locks {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        STATE.lock().unwrap().fmt(f)
    }
}

fn main() {
    eprintln!("{}", Locks);
    let _state = STATE.lock().unwrap();
    std::eprint!("under the lock\n");
}
"#,
    );
    let said = project.lockdep(&["run", "-q"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    said.has("stderr");
}

/// Locks streams by hand, and uses them as programs do.
const BY_HAND: &str = r#"
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::Command;
use std::sync::Mutex;

static STATE: Mutex<u8> = Mutex::new(0);

/// A trait of one's own for a stream.
trait Stream: Write {
    fn name(&self) -> &'static str;
}

impl Stream for io::Stdout {
    fn name(&self) -> &'static str {
        if self.is_terminal() { "terminal" } else { "file" }
    }
}

impl Stream for io::StdoutLock<'_> {
    fn name(&self) -> &'static str {
        "lock"
    }
}

fn say(stream: &mut dyn Stream) -> io::Result<()> {
    writeln!(stream, "a {}", stream.name())
}

fn main() -> io::Result<()> {
    say(&mut io::stdout())?;
    let mut out: io::StdoutLock<'static> = io::stdout().lock();
    say(&mut out)?;
    // Its holder prints without a wait.
    println!("{}", io::stderr().lock().is_terminal());
    let mut buffered = BufWriter::new(out);
    writeln!(buffered, "state {}", STATE.lock().unwrap())?;
    drop(buffered.into_inner()?);
    Command::new("echo").arg("child").stdout(io::stdout()).status()?;
    #[cfg(unix)]
    assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&io::stdout()), 1);
    if std::env::args().nth(1).as_deref() == Some("inversion") {
        let _state = STATE.lock().unwrap();
        io::stdout().write_all(b"under the lock\n")?;
    }
    io::stdout().flush()
}
"#;

#[test]
fn a_stream_that_is_locked_by_hand_is_a_lock() {
    let project = Project::new("streams-by-hand").file("src/main.rs", BY_HAND);
    let said = project.lockdep(&["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "a file\na lock\nfalse\nstate 0\nchild\n");
    assert!(said.last().ends_with("0 violations"), "{said:?}");
    let said = project.lockdep(&["run", "-q", "--", "inversion"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    assert!(said.stdout.contains("under the lock"), "{said:?}");
    said.has("takes `stdout` while it holds");
}
