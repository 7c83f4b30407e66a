//! Async tasks: what each holds, on whatever thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use instrumented::sync::Mutex;
use lockdep::task::{AsyncTask, Tracked};
use lockdep::{Context, Settings, Tracker, Traits, Violation, WaitType};

use crate::awaited::{AsyncMutex, Job, block_on, each_woken_by_itself, join, pause};
use crate::forking::{fork, wait};
use crate::orders::unpoisoned;
use crate::stage::{Played, Scene, check, scene};

static A: AsyncMutex<u8> = AsyncMutex::new(0);
static B: AsyncMutex<u16> = AsyncMutex::new(0);
static M: Mutex<u32> = Mutex::new(0);
static N: Mutex<u64> = Mutex::new(0);

pub(crate) fn scenes() -> Vec<Scene> {
    let mut scenes = across_await();
    scenes.extend(stacks());
    scenes.extend(guards());
    scenes.extend(plain());
    scenes.extend(branches());
    scenes.extend(surroundings());
    scenes
}

/// One report of this rule and no other.
fn one(code: &'static str) -> impl Fn(&Played) -> Result<(), String> + Send {
    move |played| {
        played.ended_well()?;
        check(played.stderr.contains(&format!("error[{code}]")), code)?;
        played.reports(1)
    }
}

fn spawned<'a>(future: impl Future<Output = ()> + Send + 'a) -> Job<'a> {
    Job::new(Tracked::spawned(future))
}

fn held() -> usize {
    lockdep::held().len()
}

/// How many holds there are.
fn held_by_all() -> usize {
    lockdep::held_locks().tasks.iter().map(|task| task.held.len()).sum()
}

/// `first`, suspended in between, then `second`, in a task of their own.
fn async_order(first: &'static AsyncMutex<u8>, second: &'static AsyncMutex<u16>) {
    spawned(async {
        let _first = first.lock().await;
        pause().await;
        let _second = second.lock().await;
    })
    .finish();
}

/// The other way round.
fn async_disorder() {
    spawned(async {
        let _second = B.lock().await;
        pause().await;
        let _first = A.lock().await;
    })
    .finish();
}

/// A guard that is not `Send`, in a future that says it is.
struct Anywhere<T>(T);

// SAFETY: the tests that use it stay on one thread.
unsafe impl<T> Send for Anywhere<T> {}

fn across_await() -> Vec<Scene> {
    let holds = || {
        for _ in 0..3 {
            block_on(Tracked::spawned(async {
                let _guard = unpoisoned(&M);
                pause().await;
                pause().await;
            }));
        }
    };
    vec![
        scene("a_blocking_lock_held_across_an_await_is_reported_once", holds).ends(one("LD0018")),
        scene("at_level_order_too", holds).with("LOCKDEP_LEVEL", "order").ends(one("LD0018")),
        scene("at_level_observed_too", holds).with("LOCKDEP_LEVEL", "observed").ends(one("LD0018")),
        scene("it_is_said_where_the_task_was_started", holds).ends(|played| {
            played.says("task of tests/tests/host/tasks.rs:")?;
            played.says("the task was started at tests/tests/host/tasks.rs:")
        }),
        scene("two_guards_of_two_places_are_two_reports", || {
            block_on(Tracked::spawned(async {
                let _guard = unpoisoned(&M);
                let _other = unpoisoned(&N);
                pause().await;
            }));
            block_on(Tracked::spawned(async {
                let _guard = unpoisoned(&M);
                pause().await;
            }));
        })
        .reports(3),
        scene("a_task_that_panics_with_the_report_goes_on_rightly", || {
            let mut job = spawned(async {
                let _guard = Anywhere(unpoisoned(&M));
                pause().await;
            });
            assert!(catch_unwind(AssertUnwindSafe(|| job.poll())).is_err());
            assert_eq!(held(), 0);
            drop(job);
            assert_eq!((held(), held_by_all()), (0, 0));
        })
        .with("LOCKDEP", "panic")
        .ends(Played::ended_well),
        scene("a_parking_lot_guard_is_one_too", || {
            static P: instrumented::parking_lot::Mutex<u8> =
                instrumented::parking_lot::Mutex::new(0);
            block_on(Tracked::root(async {
                let _guard = P.lock();
                pause().await;
            }));
        })
        .ends(one("LD0018")),
        scene("an_async_lock_may_be_held_across_an_await", || async_order(&A, &B)),
        scene("a_guard_that_ends_before_the_await_is_fine", || {
            block_on(Tracked::spawned(async {
                drop(unpoisoned(&M));
                pause().await;
                *unpoisoned(&M) += 1;
            }));
        }),
        scene("what_the_thread_holds_around_block_on_is_fine", || {
            let _guard = unpoisoned(&M);
            block_on(Tracked::root(pause()));
            block_on(Tracked::spawned(pause()));
        }),
        scene("what_is_held_inside_block_on_is_not", || {
            let _outer = unpoisoned(&M);
            block_on(Tracked::root(async {
                let _inner = unpoisoned(&N);
                pause().await;
            }));
        })
        .ends(one("LD0018")),
        scene("a_poll_that_is_ready_may_hold_what_it_returns", || {
            let guard = block_on(Tracked::root(async { unpoisoned(&M) }));
            assert_eq!(held(), 1);
            drop(guard);
            assert_eq!(held(), 0);
        }),
        scene("something_held_may_allow_it", || {
            use lockdep::{Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_release};
            let fine = Map::named_with("fine", Traits::allowing(WaitType::Async));
            block_on(Tracked::spawned(async {
                let _guard = unpoisoned(&M);
                lock_acquire_exclusive!(&fine);
                lock_acquired_exclusive!(&fine);
                pause().await;
                lock_release!(&fine);
            }));
        }),
    ]
}

fn stacks() -> Vec<Scene> {
    vec![
        scene("an_order_across_awaits_is_learned", || {
            async_order(&A, &B);
            async_disorder();
        })
        .ends(one("LD0002")),
        scene("an_order_across_threads_is_learned", || {
            let mut job = spawned(async {
                let _first = A.lock().await;
                pause().await;
                assert_eq!(held(), 1);
                let _second = B.lock().await;
            });
            assert!(!job.poll());
            assert_eq!(held(), 0);
            thread::scope(|scope| {
                scope.spawn(|| assert!(job.poll() && held() == 0));
            });
            async_disorder();
        })
        .ends(one("LD0002")),
        scene("a_task_that_takes_its_lock_again_is_reported", || {
            let mut job = spawned(async {
                let _first = A.lock().await;
                pause().await;
                let _again = A.lock().await;
            });
            assert!(!job.poll() && !job.poll() && !job.poll());
        })
        .ends(one("LD0001")),
        scene("a_task_holds_nothing_of_another", || {
            let mut one = spawned(async {
                let _first = A.lock().await;
                pause().await;
            });
            let mut two = spawned(async {
                assert_eq!(held(), 0);
                let _second = B.lock().await;
                let _guard = unpoisoned(&M);
            });
            // Interleaved, and the other way round.
            assert!(!one.poll());
            two.finish();
            *unpoisoned(&M) += 1;
            assert!(one.poll());
            let mut two = spawned(async {
                let _second = B.lock().await;
                pause().await;
            });
            let mut one = spawned(async {
                let _guard = A.lock().await;
            });
            assert!(!two.poll());
            one.finish();
            two.finish();
        }),
        scene("tasks_polled_inside_a_poll_are_told_apart", nested),
        scene("a_task_keeps_what_it_took_under_anothers_poll", || {
            // The inner one is polled under a lock, then without.
            let mut inner = spawned(async {
                let _first = A.lock().await;
                pause().await;
                assert_eq!(held(), 1);
                let _second = B.lock().await;
                pause().await;
                assert_eq!(held(), 2);
            });
            {
                let _guard = unpoisoned(&M);
                assert!(!inner.poll());
                assert_eq!(held(), 1);
            }
            assert!(!inner.poll());
            {
                let _guard = unpoisoned(&M);
                assert!(inner.poll());
            }
            assert_eq!(held(), 0);
            async_disorder();
        })
        .ends(one("LD0002")),
        scene("what_a_poll_blocks_for_depends_on_what_its_thread_holds", || {
            {
                let _guard = unpoisoned(&M);
                spawned(async { *unpoisoned(&N) += 1 }).finish();
            }
            let _guard = unpoisoned(&N);
            drop(unpoisoned(&M));
        })
        .ends(one("LD0002")),
        scene("what_a_spawned_task_awaits_does_not", || {
            {
                let _guard = unpoisoned(&M);
                spawned(async { drop(A.lock().await) }).finish();
            }
            spawned(async {
                let _guard = A.lock().await;
                drop(unpoisoned(&M));
            })
            .finish();
        }),
        scene("a_poll_that_blocks_for_what_its_thread_holds_is_reported", || {
            let guard = unpoisoned(&M);
            let mut job = spawned(async { *unpoisoned(&M) += 1 });
            assert!(catch_unwind(AssertUnwindSafe(|| job.poll())).is_err());
            assert_eq!(held(), 1);
            drop(guard);
        })
        .with("LOCKDEP", "panic")
        .ends(|played| {
            played.ended_well()?;
            played.says("error[LD0001]")
        }),
        scene("a_spawned_task_may_await_what_its_thread_holds", || {
            let guard = block_on(Tracked::root(A.lock()));
            assert_eq!(held(), 1);
            let mut job = spawned(async { drop(A.lock().await) });
            assert!(!job.poll());
            drop(guard);
            assert!(job.poll());
        }),
        scene("a_root_task_may_not", || {
            let _guard = block_on(Tracked::root(A.lock()));
            let mut job = Job::new(Tracked::root(async { drop(A.lock().await) }));
            assert!(!job.poll());
        })
        .ends(one("LD0001")),
        scene("what_a_thread_waits_for_in_block_on_does", || {
            {
                let _guard = unpoisoned(&M);
                block_on(Tracked::root(async { drop(A.lock().await) }));
            }
            spawned(async {
                let _guard = A.lock().await;
                drop(unpoisoned(&M));
            })
            .finish();
        })
        .ends(one("LD0002")),
        scene("both_ways_of_polling_are_learned_whichever_comes_first", || {
            let plain = || {
                let _guard = unpoisoned(&M);
                spawned(async { drop(A.lock().await) }).finish();
            };
            plain();
            block_on(Tracked::root(async {
                let _guard = Anywhere(unpoisoned(&M));
                drop(A.lock().await);
            }));
            plain();
            spawned(async {
                let _guard = A.lock().await;
                drop(unpoisoned(&M));
            })
            .finish();
        })
        .ends(one("LD0002")),
        scene("a_panic_of_a_poll_leaves_the_threads_stack_in_place", || {
            for is_suspended in [false, true] {
                let mut job = spawned(async move {
                    let _first = A.lock().await;
                    if is_suspended {
                        pause().await;
                    }
                    let _guard = unpoisoned(&M);
                    panic!("on purpose");
                });
                if is_suspended {
                    assert!(!job.poll());
                }
                let guard = unpoisoned(&N);
                assert!(catch_unwind(AssertUnwindSafe(|| job.poll())).is_err());
                assert_eq!(held(), 1);
                drop(guard);
                drop(job);
                assert_eq!((held(), held_by_all()), (0, 0));
            }
        })
        .ends(|played| {
            played.ended_well()?;
            played.reports(0)
        }),
        scene("a_cancelled_task_holds_nothing", || {
            let mut job = spawned(async {
                let _first = A.lock().await;
                pause().await;
            });
            assert!(!job.poll());
            assert_eq!(held_by_all(), 1);
            let _guard = unpoisoned(&M);
            drop(job);
            assert_eq!((held(), held_by_all()), (1, 1));
        }),
        scene("a_cancelled_wait_is_nothing", || {
            block_on(Tracked::root(async {
                let _guard = A.lock().await;
                let mut waiting = spawned(async { drop(A.lock().await) });
                assert!(!waiting.poll());
                drop(waiting);
            }));
            assert_eq!(held_by_all(), 0);
        }),
        scene("tasks_that_block_for_each_other_are_a_deadlock", blocked).ends(|played| {
            played.ended_well()?;
            played.says("error[LD0017]")
        }),
        scene("whoever_lists_what_is_held_sees_suspended_tasks", || {
            let mut job = spawned(async {
                let _first = A.lock().await;
                pause().await;
            });
            assert!(!job.poll());
            let listed = lockdep::held_locks().to_string();
            assert!(listed.contains("task 1 of tests/tests/host/tasks.rs:"), "{listed}");
            job.finish();
        }),
    ]
}

/// Two threads poll a task each; the tasks block for each other's locks, one of them held since an
/// earlier poll.
fn blocked() {
    let (sender, found) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    lockdep::set_hook(move |violation| {
        if let Violation::Deadlock { parties, .. } = violation {
            let tasks = parties.iter().map(|party| party.dependency.task.clone());
            sender.lock().unwrap().send(tasks.collect::<Vec<_>>()).unwrap();
        }
    });
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let party = |is_first: bool, barrier: Arc<std::sync::Barrier>| {
        thread::spawn(move || {
            spawned(async move {
                let _a = if is_first { Some(A.lock().await) } else { None };
                pause().await;
                let _held: Box<dyn Send> = match is_first {
                    true => Box::new(Anywhere(unpoisoned(&M))),
                    false => Box::new(Anywhere(unpoisoned(&N))),
                };
                barrier.wait();
                match is_first {
                    true => drop(unpoisoned(&N)),
                    false => drop(unpoisoned(&M)),
                }
            })
            .finish();
        })
    };
    let _parties = [party(true, Arc::clone(&barrier)), party(false, barrier)];
    let tasks = found.recv_timeout(std::time::Duration::from_secs(20)).expect("it is found");
    assert!(tasks.len() == 2 && tasks.iter().all(|task| task.starts_with("task ")), "{tasks:?}");
    thread::sleep(std::time::Duration::from_millis(200));
    std::process::exit(0);
}

/// Polls tasks inside each other's polls, three deep, with everything suspended in between.
fn nested() {
    fn at(depth: usize) -> Job<'static> {
        spawned(async move {
            assert_eq!(held(), 0);
            let _own = if depth.is_multiple_of(2) { Some(A.lock().await) } else { None };
            let own = usize::from(depth.is_multiple_of(2));
            if depth < 3 {
                let mut inner = at(depth + 1);
                while !inner.poll() {
                    assert_eq!(held(), own);
                    pause().await;
                    assert_eq!(held(), own);
                }
                assert_eq!(held(), own);
            }
            pause().await;
            assert_eq!(held(), own);
        })
    }
    // Two of the depths want one lock: only the outermost holds it.
    let mut outer = spawned(async {
        let _outer = B.lock().await;
        let mut inner = at(1);
        for _ in 0..3 {
            assert!(!inner.poll() || held() == 1);
            assert_eq!(held(), 1);
            pause().await;
        }
    });
    outer.finish();
    assert_eq!((held(), held_by_all()), (0, 0));
}

fn guards() -> Vec<Scene> {
    vec![
        scene("an_async_guard_may_be_dropped_by_another_task", || {
            let (sender, receiver) = std::sync::mpsc::channel();
            spawned(async move { sender.send(A.lock().await).unwrap() }).finish();
            spawned(async move { drop(receiver.recv().unwrap()) }).finish();
            assert_eq!(held_by_all(), 0);
        }),
        scene("an_async_guard_may_be_dropped_while_its_task_is_suspended", || {
            let (sender, receiver) = std::sync::mpsc::channel();
            let mut job = spawned(async move {
                sender.send(A.lock().await).unwrap();
                pause().await;
                assert_eq!(held(), 0);
                drop(B.lock().await);
            });
            assert!(!job.poll());
            thread::scope(|scope| {
                scope.spawn(move || drop(receiver.recv().unwrap()));
            });
            job.finish();
            async_disorder();
        }),
        scene("an_async_guard_may_outlive_its_task", || {
            let (sender, receiver) = std::sync::mpsc::channel();
            let mut job = spawned(async move {
                sender.send(A.lock().await).unwrap();
                pause().await;
            });
            assert!(!job.poll());
            drop(job);
            drop(receiver.recv().unwrap());
            assert_eq!(held_by_all(), 0);
        }),
        scene("a_guard_that_cannot_be_sent_may_go_to_a_task_of_its_thread", || {
            let guard = Anywhere(unpoisoned(&M));
            spawned(async move {
                let guard = guard;
                drop(guard);
            })
            .finish();
            assert_eq!(held(), 0);
            // From a suspended task to the thread.
            let slot = std::sync::Mutex::new(None);
            let mut job = spawned(async {
                *slot.lock().unwrap() = Some(Anywhere(unpoisoned(&N)));
                pause().await;
            });
            assert!(!job.poll());
            drop(slot.lock().unwrap().take());
            job.finish();
            assert_eq!((held(), held_by_all()), (0, 0));
        })
        .ends(one("LD0018")),
        scene("what_a_task_returns_may_be_released_by_whoever_gets_it", || {
            let mut guard = None;
            spawned(async { guard = Some(A.lock().await) }).finish();
            drop(guard);
            let mut guard = None;
            spawned(async { guard = Some(Anywhere(unpoisoned(&M))) }).finish();
            drop(guard);
            assert_eq!((held(), held_by_all()), (0, 0));
        }),
        scene("a_release_of_what_nobody_holds_is_reported_in_a_task", || {
            let map = lockdep::Map::named("nobody's");
            crate::orders::section(&map, || {});
            spawned(async { lockdep::event::released(&map) }).finish();
        })
        .ends(one("LD0005")),
        scene("a_pin_stays_with_its_task", || {
            let mut job = spawned(async {
                let guard = Anywhere(unpoisoned(&M));
                let cookie = lockdep::pin_lock(&M);
                pause().await;
                lockdep::unpin_lock(&M, cookie);
                drop(guard);
            });
            assert!(!job.poll());
            job.finish();
        })
        .ends(one("LD0018")),
    ]
}

async fn sequence() {
    let _first = A.lock().await;
    pause().await;
    drop(B.lock().await);
}

async fn opposite() {
    let _second = B.lock().await;
    pause().await;
    drop(A.lock().await);
}

fn plain() -> Vec<Scene> {
    vec![
        scene("tasks_of_a_plain_executor_are_told_apart", || {
            let mut one = Job::new(async {
                let _first = A.lock().await;
                pause().await;
                pause().await;
            });
            let mut two = Job::new(async {
                let _second = B.lock().await;
                pause().await;
                drop(unpoisoned(&M));
            });
            assert!(!one.poll() && !two.poll() && !one.poll() && two.poll() && one.poll());
            let mut two = Job::new(async {
                let _second = B.lock().await;
                pause().await;
            });
            let mut one = Job::new(async {
                *unpoisoned(&M) += 1;
                let _first = A.lock().await;
                pause().await;
            });
            assert!(!two.poll() && !one.poll() && two.poll() && one.poll());
            assert_eq!((held(), held_by_all()), (0, 0));
        }),
        scene("the_order_of_a_plain_block_on_is_learned", || {
            block_on(sequence());
            block_on(opposite());
        })
        .ends(one("LD0002")),
        scene("the_order_of_a_plain_task_is_learned_across_threads", || {
            let (mut one, mut two) = (Job::new(sequence()), Job::new(opposite()));
            assert!(!one.poll());
            thread::scope(|scope| {
                scope.spawn(|| one.finish());
            });
            assert!(!two.poll());
            two.finish();
        })
        .ends(one("LD0002")),
        scene("a_blocking_lock_around_a_plain_await_is_held", || {
            block_on(async {
                let _guard = unpoisoned(&M);
                drop(A.lock().await);
            });
            spawned(async {
                let _guard = A.lock().await;
                drop(unpoisoned(&M));
            })
            .finish();
        })
        .ends(one("LD0002")),
        // Nobody says whose poll the blocking lock is taken in.
        scene("an_async_lock_around_a_blocking_one_is_not_seen_in_a_plain_task", || {
            block_on(async {
                let _guard = A.lock().await;
                drop(unpoisoned(&M));
            });
            block_on(async {
                let _guard = unpoisoned(&M);
                drop(A.lock().await);
            });
        }),
        scene("plain_tasks_that_come_and_go_leave_nothing", || {
            for _ in 0..10_000 {
                let mut job = Job::new(async {
                    let _first = A.lock().await;
                    pause().await;
                });
                assert!(!job.poll());
                drop(job);
            }
            assert_eq!(held_by_all(), 0);
        }),
    ]
}

fn branches() -> Vec<Scene> {
    vec![
        scene("branches_that_say_so_are_told_apart", || {
            let hold = || {
                Tracked::branch(async {
                    let _first = A.lock().await;
                    pause().await;
                })
            };
            let both = || {
                Tracked::branch(async {
                    let _second = B.lock().await;
                    pause().await;
                })
            };
            block_on(Tracked::spawned(async { join(hold(), hold()).await }));
            block_on(Tracked::spawned(async { join(hold(), both()).await }));
            block_on(Tracked::spawned(async { join(both(), hold()).await }));
            assert_eq!(held_by_all(), 0);
        }),
        scene("what_a_task_holds_its_branches_hold", || {
            block_on(Tracked::spawned(async {
                let _first = A.lock().await;
                join(Tracked::branch(pause()), Tracked::branch(async { drop(B.lock().await) }))
                    .await;
            }));
            async_disorder();
        })
        .ends(one("LD0002")),
        scene("what_a_branch_holds_at_its_end_its_task_holds", || {
            block_on(Tracked::spawned(async {
                let first = Tracked::branch(A.lock()).await;
                assert_eq!(held(), 1);
                pause().await;
                drop(B.lock().await);
                drop(first);
            }));
            async_disorder();
        })
        .ends(one("LD0002")),
        scene("branches_with_wakers_of_their_own_are_told_apart", || {
            let hold = || {
                Job::new(async {
                    let _first = A.lock().await;
                    pause().await;
                    pause().await;
                })
            };
            let both = || {
                Job::new(async {
                    pause().await;
                    let _second = B.lock().await;
                    pause().await;
                    drop(unpoisoned(&M));
                })
            };
            block_on(Tracked::spawned(async { each_woken_by_itself(vec![hold(), hold()]).await }));
            block_on(Tracked::spawned(async { each_woken_by_itself(vec![hold(), both()]).await }));
            async_disorder_of_branches();
            assert_eq!(held_by_all(), 0);
        }),
        scene("the_order_within_such_a_branch_is_learned", || {
            block_on(Tracked::spawned(async {
                let job = Job::new(async {
                    let _first = A.lock().await;
                    pause().await;
                    drop(B.lock().await);
                });
                each_woken_by_itself(vec![Job::new(pause()), job]).await;
            }));
            async_disorder();
        })
        .ends(one("LD0002")),
        // A limit: nothing tells such a branch from the code before it.
        scene("branches_that_do_not_say_so_are_taken_for_one", || {
            let hold = || async {
                let _first = A.lock().await;
                pause().await;
            };
            block_on(Tracked::spawned(async { join(hold(), hold()).await }));
        })
        .ends(one("LD0001")),
    ]
}

/// Two branches, the second of which holds `B` while the first takes `A`.
fn async_disorder_of_branches() {
    block_on(Tracked::spawned(async {
        let second = Job::new(async {
            let _second = B.lock().await;
            pause().await;
            pause().await;
        });
        let first = Job::new(async {
            pause().await;
            drop(A.lock().await);
        });
        each_woken_by_itself(vec![second, first]).await;
    }));
}

fn surroundings() -> Vec<Scene> {
    let observed = |name, play: fn()| {
        scene(name, play).with("LOCKDEP_LEVEL", "observed").ends(|played| {
            played.ended_well()?;
            played.reports(0)
        })
    };
    vec![
        observed("tasks_that_live_at_one_time_are_observed", || {
            let (mut one, mut two) = (
                spawned(async {
                    {
                        let _first = A.lock().await;
                        drop(B.lock().await);
                    }
                    pause().await;
                }),
                spawned(async {
                    let _second = B.lock().await;
                    drop(A.lock().await);
                }),
            );
            assert!(!one.poll());
            two.finish();
            one.finish();
        })
        .ends(one("LD0002")),
        observed("what_one_task_does_alone_is_not_observed", || {
            block_on(Tracked::spawned(async {
                {
                    let _first = A.lock().await;
                    drop(B.lock().await);
                }
                pause().await;
                let _second = B.lock().await;
                drop(A.lock().await);
            }));
        }),
        observed("a_task_that_ended_before_the_next_began_is_not_observed", || {
            async_order(&A, &B);
            async_disorder();
        }),
        scene("a_task_inside_a_scope_is_of_the_scope", || {
            let tracker = Arc::new(Tracker::new(Settings::default()));
            let ((), met) = tracker.run(|| {
                async_order(&A, &B);
                async_disorder();
                block_on(Tracked::spawned(async {
                    let _guard = unpoisoned(&M);
                    pause().await;
                }));
            });
            let codes: Vec<_> = met.iter().map(|met| met.violation.code()).collect();
            assert_eq!(codes, ["LD0002", "LD0018"]);
        }),
        scene("a_task_may_be_suspended_in_a_scope_and_go_on_outside", || {
            let tracker = Arc::new(Tracker::new(Settings::default()));
            let mut job = spawned(async {
                let _first = A.lock().await;
                pause().await;
                assert_eq!(held(), 1);
                drop(B.lock().await);
            });
            tracker.run(|| assert!(!job.poll()));
            assert!(job.poll());
            assert_eq!((held(), held_by_all()), (0, 0));
        }),
        scene("a_scope_inside_a_poll_is_over_with_it", || {
            let tracker = Arc::new(Tracker::new(Settings::default()));
            block_on(Tracked::spawned(async {
                let _first = A.lock().await;
                tracker.run(|| block_on(Tracked::root(async { drop(B.lock().await) })));
                pause().await;
                assert_eq!(held(), 1);
            }));
            assert_eq!((held(), held_by_all()), (0, 0));
        }),
        scene("a_context_that_is_held_across_an_await_stays_with_its_task", || {
            static LOGGER: Context = Context::new("logger");
            let mut job = spawned(async {
                let inside = Anywhere(LOGGER.enter());
                let first = A.lock().await;
                pause().await;
                assert!(LOGGER.is_running());
                pause().await;
                assert!(LOGGER.is_running());
                drop(first);
                drop(inside);
                assert!(!LOGGER.is_running());
            });
            assert!(!job.poll() && !LOGGER.is_running());
            {
                let _guard = unpoisoned(&M);
                assert!(!job.poll() && !LOGGER.is_running());
            }
            assert!(job.poll() && !LOGGER.is_running());
            assert_eq!((held(), held_by_all()), (0, 0));
        }),
        scene("a_task_polled_in_a_context_runs_in_it", || {
            static LOGGER: Context = Context::new("logger");
            let inside = LOGGER.enter();
            spawned(async { assert!(LOGGER.is_running()) }).finish();
            drop(inside);
            assert!(!LOGGER.is_running());
        }),
        scene("a_child_goes_on_with_its_parents_tasks", || {
            let mut job = spawned(async {
                let _first = A.lock().await;
                pause().await;
                assert_eq!(held(), 1);
                drop(B.lock().await);
            });
            assert!(!job.poll());
            // Each finishes its own copy of the task.
            wait(fork(|| {
                job.finish();
                assert_eq!((held(), held_by_all()), (0, 0));
            }));
            job.finish();
            assert_eq!((held(), held_by_all()), (0, 0));
        }),
        scene("a_fork_inside_a_poll_goes_on", || {
            spawned(async {
                let _first = A.lock().await;
                pause().await;
                wait(fork(|| assert_eq!((held(), held_by_all()), (1, 1))));
                assert_eq!(held(), 1);
            })
            .finish();
        }),
        scene("a_task_may_end_with_its_thread", || {
            thread_local! {
                static KEPT: std::cell::RefCell<Option<Job<'static>>> =
                    const { std::cell::RefCell::new(None) };
            }
            for _ in 0..100 {
                thread::spawn(|| {
                    let mut job = spawned(async {
                        let _first = B.lock().await;
                        pause().await;
                    });
                    KEPT.with_borrow_mut(|kept| *kept = None);
                    assert!(!job.poll());
                    KEPT.with_borrow_mut(|kept| *kept = Some(job));
                })
                .join()
                .unwrap();
            }
            assert_eq!(held_by_all(), 0);
        }),
        scene("with_tracking_off_a_poll_is_a_poll", || {
            async_order(&A, &B);
            async_disorder();
            assert_eq!(held(), 0);
        })
        .with("LOCKDEP", "off"),
        scene("a_task_may_be_polled_in_a_hook", || {
            lockdep::set_hook(|_| async_order(&A, &B));
            block_on(Tracked::spawned(async {
                let _guard = unpoisoned(&M);
                pause().await;
            }));
            assert_eq!((held(), held_by_all()), (0, 0));
        })
        .reports(1),
        scene("a_task_is_told_by_hand", || {
            let mut task = AsyncTask::new();
            let mut guard = None;
            assert!(
                task.poll(|| {
                    guard = Some(Anywhere(unpoisoned(&M)));
                    Poll::<()>::Pending
                })
                .is_pending()
            );
            assert_eq!(held(), 0);
            task.run(|| drop(guard.take()));
            drop(task);
            assert_eq!(held_by_all(), 0);
        })
        .ends(one("LD0018")),
    ]
}
