//! LD0018: a lock that blocks threads is held across an await.

use crate::place::Place;
use crate::violation::Touch;

use super::lock::{Labels, verb};
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{functions, rows};
use super::task;

/// LD0018.
pub(super) fn page(task: &str, spawned: &Place, held: &Touch, paths: &Paths) -> Page {
    let labels = Labels::of([&held.class], paths);
    let label = labels.get(&held.class);
    let spot = match functions(&held.at).first() {
        Some(function) => format!("in `{function}`"),
        None => format!("after {}", paths.place(&held.at.place)),
    };
    Page {
        title: "lock held across await",
        event: format!(
            "`{}` gave its thread up at an `.await` while it holds `{label}`, which blocks threads.",
            task::whole(task)
        ),
        classes: labels.rows(paths),
        scenario: None,
        notes: vec![format!("the task was started at {}", paths.place(spawned))],
        sections: vec![Section {
            head: format!("{label}, held {} ({})", task::within(task), verb(held)),
            rows: rows("held since", &held.at, None, paths),
        }],
        why: format!(
            "until the task is polled again nobody releases `{label}`: if the executor's threads \
             come to other tasks that want it, they block, and none is left to poll this one"
        ),
        help: format!(
            "end the guard before the `.await` that follows {spot}: put it into a block of its own, \
             or take out of the lock what is needed; or use a lock whose `lock()` is awaited"
        ),
    }
}

/// What `cargo lockdep explain LD0018` prints.
pub(super) const EXPLANATION: &str = "\
LD0018: lock held across await

An async task came to an `.await` that was not ready, and its poll returned `Pending` while a guard
of a blocking lock was alive. The task is suspended with the lock held, until somebody wakes it and
its executor polls it again. Whoever wants the lock meanwhile blocks a whole thread, and that may be
the thread that would have to poll the task:

    async fn refresh(cache: &Mutex<Cache>) {        // std::sync::Mutex
        let mut cache = cache.lock().unwrap();
        cache.value = fetch().await;                // suspended here, with `cache` locked
    }

On one thread two calls of this are enough: the second one blocks the thread, and the first is
never polled again. With n threads it takes n calls more.

The compiler refuses this where a future must be `Send` and the guard is not. It does not see it in
`block_on`, in local tasks, and with guards that can be sent.

How to mend it
  - End the guard before the `.await`: put it into a block of its own. `drop(guard)` does it too.
  - Take what is needed out of the lock, await, and put the result in under a second lock.
  - If the lock has to stay held, use one for async code (`tokio::sync::Mutex`,
    `async_lock::Mutex`): whoever waits for it gives its thread up.

When to let it be
  If nobody who runs on a thread of the executor ever takes the lock. Better say so: something held
  over it whose class is `Traits::allowing(WaitType::Async)` allows the await.

Reported at every level.
";
