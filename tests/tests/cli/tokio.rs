//! Programs of tokio: its locks, its tasks, and what it is made of.

use std::fs;

use crate::project::{Project, Said, lockdep};
use crate::real::{reports, workspace};

/// A package that depends on tokio with these features and no others.
fn program(name: &str, features: &str, main: &str) -> Project {
    program_of("1.54", name, features, main)
}

/// The same with the releases of tokio that fit `version`.
fn program_of(version: &str, name: &str, features: &str, main: &str) -> Project {
    Project::new(name)
        .file(
            "Cargo.toml",
            &format!(
                "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
                 [dependencies]\n\
                 tokio = {{ version = {version:?}, default-features = false, features = [{features}] }}\n"
            ),
        )
        .file("src/main.rs", main)
}

/// What the last line counts.
#[track_caller]
fn is_clean(said: &Said) {
    assert_eq!(reports(&said.stderr), "");
    assert!(said.last().ends_with(" 0 violations"), "{said:?}");
}

#[test]
fn a_task_that_waits_for_itself_is_found_before_it_hangs() {
    let fixture = workspace("tests/fixtures/cached-once-async-aa");
    let said = lockdep(&fixture, &["run", "-q"]).exits(100);
    assert_eq!(said.stdout, "it hangs\n");
    let printed = reports(&said.stderr);
    assert!(printed.starts_with("error[LD0001]"), "{printed}");
    let (held, wanted) = printed.split_once("wanted at").expect("there are two places");
    // The crate's own source is what its macro writes.
    assert!(held.contains("once_per_second::{closure}") && held.contains("src/main.rs:"), "{held}");
    assert!(wanted.contains("once_per_second::{closure}"), "{printed}");
    assert!(!printed.contains("instrumented"), "frames of ours are left out: {printed}");

    let said = lockdep(&fixture, &["run", "-q"]).env("LOCKDEP", "panic").exits(100);
    assert_eq!(said.stdout, "");
}

#[test]
fn the_release_whose_task_does_not_is_clean() {
    let fixture = workspace("tests/fixtures/cached-once-async-aa");
    let read = |file: &str| fs::read_to_string(fixture.join(file)).expect("the fixture is there");
    let manifest = read("Cargo.toml").replace("=0.18.0", "=0.18.1");
    let mended = Project::new("cached-mended")
        .file("Cargo.toml", &manifest)
        .file("src/main.rs", &read("src/main.rs"));
    let said = mended.lockdep(&["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "it ends\n");
    is_clean(&said);
}

/// Tasks, input and output, channels, timers, processes; two mutexes, in two orders if asked for.
const EVERYTHING: &str = r#"
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Mutex, Notify, broadcast, mpsc, oneshot, watch};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let (first, second) = (Arc::new(Mutex::new(0_u8)), Arc::new(Mutex::new(0_u16)));
    let (one, other) = (Arc::clone(&first), Arc::clone(&second));
    tokio::spawn(async move {
        let _one = one.lock().await;
        let _other = other.lock().await;
    })
    .await
    .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes).await.unwrap();
        bytes
    });
    tokio::net::TcpStream::connect(address).await.unwrap().write_all(b"text").await.unwrap();
    assert_eq!(&server.await.unwrap(), b"text");
    let (send, mut receive) = mpsc::channel(1);
    let (say, mut hear) = broadcast::channel(16);
    let (show, mut see) = watch::channel(1);
    let (give, take) = oneshot::channel();
    let notify = Arc::new(Notify::new());
    let notifies = Arc::clone(&notify);
    tokio::spawn(async move {
        for number in 0..10 {
            send.send(number).await.unwrap();
            say.send(number).unwrap();
            tokio::task::yield_now().await;
        }
        show.send(3).unwrap();
        give.send(1).unwrap();
        notifies.notify_one();
    });
    let mut sum = 0;
    while let Some(number) = receive.recv().await {
        sum += number;
    }
    assert_eq!((sum, hear.recv().await.unwrap(), take.await.unwrap()), (45, 0, 1));
    see.changed().await.unwrap();
    notify.notified().await;
    let barrier = tokio::sync::Barrier::new(2);
    tokio::join!(barrier.wait(), barrier.wait());
    assert_eq!(tokio::task::spawn_blocking(|| 4).await.unwrap(), 4);
    assert!(tokio::fs::read_to_string("Cargo.toml").await.is_ok());
    let never = std::future::pending::<()>();
    tokio::time::timeout(Duration::from_millis(10), never).await.unwrap_err();
    assert!(tokio::process::Command::new("true").status().await.unwrap().success());
    if std::env::args().nth(1).as_deref() == Some("inversion") {
        let _other = second.lock().await;
        let _one = first.lock().await;
    }
}
"#;

#[test]
fn an_inversion_between_two_tasks_is_found_in_their_own_sources() {
    let program = program("tokio-everything", "\"full\"", EVERYTHING);
    is_clean(&program.lockdep(&["run", "-q"]).exits(0));
    let said = program.lockdep(&["run", "-q", "--", "inversion"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    for place in ["src/main.rs:9:37", "src/main.rs:9:65", "src/main.rs:12:", "src/main.rs:13:"] {
        said.has(place);
    }
}

#[test]
fn releases_of_years_ago_are_tracked_as_well() {
    // Each lacks something that the next one has; with the feature `parking_lot`, and without.
    let full = "\"full\"";
    for (version, features) in [("~1.0", full), ("~1.18", "\"rt\", \"sync\""), ("~1.25", full)] {
        let program = if features == full {
            program_of(version, "tokio-old", features, EVERYTHING)
        } else {
            program_of(version, "tokio-old-sync", features, TWO_LOCKS)
        };
        let said = program.lockdep(&["run", "-q"]).exits(0);
        assert!(!said.stderr.contains("no facade fits tokio"), "{version}: {said:?}");
        is_clean(&said);
        let said = program.lockdep(&["run", "-q", "--", "inversion"]).exits(100);
        assert_eq!(said.reports("LD0002"), 1, "{version}: {said:?}");
    }
}

/// Two mutexes and a task, in two orders if asked for; without macros.
const TWO_LOCKS: &str = r#"
use tokio::sync::Mutex;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (first, second) = (Mutex::new(0_u8), Mutex::new(0_u16));
        drop((first.lock().await, second.lock().await));
        tokio::spawn(async {}).await.unwrap();
        if std::env::args().nth(1).as_deref() == Some("inversion") {
            drop((second.lock().await, first.lock().await));
        }
    });
}
"#;

#[test]
fn locks_that_tokio_makes_in_one_place_are_told_apart() {
    let program = program("tokio-shim", "\"full\"", EVERYTHING);
    let file = program.root.join("statistics.json");
    let option = format!("--json={}", file.to_str().expect("it is text"));
    program.lockdep(&["stat", &option, "run", "-q"]).exits(0);
    let text = fs::read_to_string(file).expect("it was written");
    // What stands for `std::sync` inside of tokio; the classes that are made there, by payload.
    let shim = "loom/std/parking_lot.rs\",\"line\":";
    let mut made: Vec<(&str, &str)> = text
        .split(shim)
        .skip(1)
        .filter_map(|class| {
            let (line, rest) = class.split_once(',')?;
            Some((line, rest.split_once("\"payload\":\"")?.1.split('"').next()?))
        })
        .collect();
    made.sort_unstable();
    let on =
        |payload: &str| made.iter().find(|class| class.1.ends_with(payload)).map(|class| class.0);
    let line = on("batch_semaphore::Waitlist");
    assert!(line.is_some(), "{made:?}");
    for payload in ["time::InnerState", "registration_set::Synced", "broadcast::Tail"] {
        assert_eq!(on(payload), line, "{payload} is made on the same line: {made:?}");
    }
}

#[test]
fn any_features_of_tokio_will_do() {
    let main = r#"
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};
        use tokio::sync::Mutex;

        fn poll<F: Future>(future: F) -> F::Output {
            match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(output) => output,
                Poll::Pending => panic!("it waits"),
            }
        }

        fn main() {
            let (first, second) = (Mutex::new(0_u8), Mutex::new(0_u16));
            poll(async { drop((first.lock().await, second.lock().await)) });
            poll(async { drop((second.lock().await, first.lock().await)) });
        }
    "#;
    let said = program("tokio-sync", "\"sync\"", main).lockdep(&["run", "-q"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    let main = "fn main() { tokio::runtime::Builder::new_current_thread().build().unwrap()
        .block_on(async { tokio::task::yield_now().await; println!(\"end\") }) }";
    let said = program("tokio-rt", "\"rt\"", main).lockdep(&["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "end\n");
    assert!(!said.stderr.contains("not tracked"), "{said:?}");
}
