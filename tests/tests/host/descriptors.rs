//! Files that the host and the tracker share: standard error, and a process's descriptors.

use std::fs::File;
use std::io::{Read, Seek};
use std::sync::mpsc::channel;
use std::thread;

use crate::orders::Pair;
use crate::records::folder;
use crate::stage::{Scene, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_report_passes_a_thread_that_has_locked_standard_error", || {
            let (ready, is_ready) = channel();
            let (done, is_done) = channel::<()>();
            let thread = thread::spawn(move || {
                let _locked = std::io::stderr().lock();
                ready.send(()).unwrap();
                is_done.recv().unwrap();
            });
            is_ready.recv().unwrap();
            Pair::new().invert();
            done.send(()).unwrap();
            thread.join().unwrap();
        })
        .reports(1),
        scene("a_report_needs_no_free_descriptor", || {
            let files = use_up_descriptors();
            Pair::new().invert();
            drop(files);
        })
        .reports(1),
        scene("a_record_that_has_no_descriptor_is_said_once", || {
            let files = use_up_descriptors();
            Pair::new().invert();
            drop(files);
        })
        .with("LOCKDEP_OUT", &folder("descriptors"))
        .ends(|played| {
            played.ended_well()?;
            played.says("cannot write records")?;
            played.reports(1)
        }),
        scene("a_host_that_closes_every_descriptor_keeps_its_own_files", closes_every_descriptor)
            .with("LOCKDEP_OUT", &folder("closed")),
        scene("a_host_without_standard_error_goes_on", || {
            // SAFETY: nothing in this process holds the descriptor as its own.
            assert_eq!(unsafe { libc::close(2) }, 0);
            Pair::new().invert();
        }),
    ]
}

/// Opens files until no more can be opened.
fn use_up_descriptors() -> Vec<File> {
    let few = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    // SAFETY: `few` is a whole limit that outlives the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &few) }, 0);
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// As a daemon does when it starts.
fn closes_every_descriptor() {
    let pairs = [const { Pair::new() }; 3];
    pairs[0].forward();
    for descriptor in 3..64 {
        // SAFETY: the scene has no files; what the tracker does with its own is what is tested.
        unsafe { libc::close(descriptor) };
    }
    let path = format!("{}/own", folder("closed"));
    let mut files: Vec<File> = (0..8).map(|_| create(&path)).collect();
    let (one, two) = (Pair::new(), Pair::new());
    one.invert();
    // SAFETY: the child of a process with one thread may do anything.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        two.invert();
        for file in &mut files {
            assert_eq!(file.stream_position().unwrap(), 0, "the file was closed or used");
        }
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: `pid` is a child that nobody has waited for; `status` can be written.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    assert_eq!(status, 0);
    for file in &mut files {
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "", "the tracker wrote into the host's file");
    }
}

fn create(path: &str) -> File {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(true).open(path).unwrap()
}
