//! Waits that are no locks: what can hang is told, as a warning, and what cannot is not.
//!
//! Every kind of wait has a scene that is guilty and one that is as like it as it can be and innocent.
//! No scene hangs: where it matters, channels of the real `std`, of which the tracker knows nothing,
//! have the threads act one after the other.

use std::panic::Location;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use instrumented::sync::mpsc::{Sender, channel, sync_channel};
use instrumented::sync::{Barrier, Condvar, Mutex, RwLock};
use instrumented::thread;
use lockdep::task::AsyncTask;
use lockdep::wait::{self, Completion};
use lockdep::{Describe, Description, Map};

use crate::orders::unpoisoned;
use crate::stage::{Played, Scene, check, scene};

/// The lock that one holds who waits.
static HELD: Mutex<u8> = Mutex::new(0);
/// A lock that is taken on the way.
static BETWEEN: Mutex<u16> = Mutex::new(0);
/// A lock that keeps threads apart.
static GATE: Mutex<u32> = Mutex::new(0);

/// What tasks bring about.
static EVENT: Completion = Completion::new();

/// What tasks wait for any one of.
static FIRST: Map = Map::new();
static SECOND: Map = Map::new();

/// Long enough for a thread that was started to run.
const MOMENT: Duration = Duration::from_millis(100);

pub(crate) fn scenes() -> Vec<Scene> {
    let guilty = |name, play: fn()| scene(name, play).ends(circle);
    let innocent = |name, play: fn()| scene(name, play);
    vec![
        // Async tasks.
        guilty("what_a_task_took_before_it_was_suspended_is_needed_for_what_it_does_after", || {
            let mut task = AsyncTask::new();
            let mut task = std::thread::spawn(move || {
                assert!(task.poll(|| took(&HELD)).is_pending());
                task
            })
            .join()
            .unwrap();
            assert!(task.poll(made).is_ready());
            wait_for_event();
        }),
        innocent("a_wait_by_which_another_one_is_done_is_not_told_again", || {
            thread::spawn(|| {
                take(&HELD);
                EVENT.done();
            })
            .join()
            .unwrap();
            let _held = unpoisoned(&HELD);
            let _idle = wait::idle();
            EVENT.wait();
        }),
        innocent("what_another_task_of_the_thread_took_is_not", || {
            std::thread::spawn(|| {
                let (mut one, mut other) = (AsyncTask::new(), AsyncTask::new());
                assert!(one.poll(|| took(&HELD)).is_pending());
                assert!(other.poll(made).is_ready());
                assert!(one.poll(|| took(&HELD)).is_pending());
            })
            .join()
            .unwrap();
            wait_for_event();
        }),
        innocent("nor_is_what_its_thread_took", || {
            std::thread::spawn(|| {
                take(&HELD);
                assert!(AsyncTask::new().poll(made).is_ready());
            })
            .join()
            .unwrap();
            wait_for_event();
        }),
        // Joins.
        guilty("a_thread_that_takes_the_lock_under_which_it_is_joined_is_told", || {
            let (done, is_done) = std::sync::mpsc::channel();
            let guard = unpoisoned(&HELD);
            drop(guard);
            let thread = thread::spawn(move || {
                take(&HELD);
                done.send(()).unwrap();
            });
            is_done.recv().unwrap();
            let _held = unpoisoned(&HELD);
            thread.join().unwrap();
        }),
        innocent("a_lock_held_around_start_and_join_that_the_thread_does_not_take_is_fine", || {
            for _ in 0..3 {
                let _serial = unpoisoned(&HELD);
                thread::spawn(|| take(&BETWEEN)).join().unwrap();
            }
        }),
        guilty("a_thread_that_wants_it_through_another_lock_is_told", || {
            {
                let _between = unpoisoned(&BETWEEN);
                take(&HELD);
            }
            let thread = thread::spawn(|| take(&BETWEEN));
            is_finished(&thread);
            let _held = unpoisoned(&HELD);
            thread.join().unwrap();
        }),
        guilty("the_last_lock_order_may_close_the_circle", || {
            {
                let _held = unpoisoned(&HELD);
                thread::spawn(|| take(&BETWEEN)).join().unwrap();
            }
            let _between = unpoisoned(&BETWEEN);
            take(&HELD);
        }),
        innocent("a_thread_that_is_kept_out_by_a_lock_held_at_the_join_is_fine", || {
            // Whoever takes `HELD` has `GATE`, and so has the one that waits.
            let thread = thread::spawn(|| {
                let _gate = unpoisoned(&GATE);
                take(&HELD);
            });
            is_finished(&thread);
            thread.join().unwrap();
        }),
        guilty("a_thread_that_joins_one_that_takes_the_lock_is_told", || {
            let thread = thread::spawn(|| thread::spawn(|| take(&HELD)).join().unwrap());
            is_finished(&thread);
            let _held = unpoisoned(&HELD);
            thread.join().unwrap();
        }),
        guilty("threads_of_a_scope_that_take_the_lock_around_it_are_told", || {
            static SHARED: RwLock<u8> = RwLock::new(0);
            // A writer makes readers wait for readers.
            drop(SHARED.write().unwrap());
            let _shared = SHARED.read().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| drop(SHARED.read().unwrap()));
            });
        }),
        innocent("readers_that_no_writer_keeps_apart_are_fine", || {
            static SHARED: RwLock<u8> = RwLock::new(0);
            let _shared = SHARED.read().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| drop(SHARED.read().unwrap()));
            });
        }),
        innocent("threads_of_a_scope_that_take_other_locks_are_fine", || {
            let _held = unpoisoned(&HELD);
            thread::scope(|scope| {
                (0..4).for_each(|_| drop(scope.spawn(|| take(&BETWEEN))));
            });
        }),
        innocent("a_try_lock_waits_for_nobody", || {
            let thread = thread::spawn(|| drop(HELD.try_lock()));
            is_finished(&thread);
            thread::scope(|_| ());
            let held = unpoisoned(&HELD);
            drop(held);
            thread.join().unwrap();
        }),
        scene("a_lock_taken_since_the_start_is_held_at_a_join", join_in_if_let).ends(|played| {
            played.ended_well()?;
            warnings(played, "LD0020", 1)?;
            warnings(played, "LD0019", 0)
        }),
        scene("a_lock_under_which_a_thread_is_told_to_end_is_held_at_its_join", told_to_end)
            .ends(|played| warnings(played, "LD0020", 1)),
        scene("a_thread_is_replaced_by_another_under_a_lock", replaced_in_if_let)
            .ends(|played| warnings(played, "LD0020", 1)),
        innocent("who_starts_and_joins_under_one_hold_knows", started_and_joined_under_one_hold),
        scene("a_receiver_that_is_dropped_makes_an_end_of_waiting_for_room", || {
            dropped_under(true)
        })
        .ends(circle),
        innocent("but_not_if_nobody_sends_any_more", || dropped_under(false)),
        innocent("a_lock_that_has_nothing_to_do_with_the_thread_is_fine", || {
            let thread = thread::spawn(|| take(&BETWEEN));
            let _held = unpoisoned(&HELD);
            thread.join().unwrap();
        }),
        scene("but_not_at_level_order", || {
            let thread = thread::spawn(|| take(&BETWEEN));
            let _held = unpoisoned(&HELD);
            thread.join().unwrap();
        })
        .with("LOCKDEP_LEVEL", "order")
        .ends(|played| warnings(played, "LD0020", 1)),
        innocent("nor_is_one_around_handles_that_have_locks_of_their_own", || {
            let handle = Mutex::new(Some(thread::spawn(|| take(&BETWEEN))));
            let handles = Mutex::new(vec![Arc::new(handle)]);
            for handle in handles.lock().unwrap().drain(..) {
                let handle = handle.lock().unwrap().take();
                handle.unwrap().join().unwrap();
            }
        }),
        innocent("a_join_under_a_lock_by_who_asks_first_whether_it_is_itself_is_fine", || {
            let handle = Mutex::new(Some(thread::spawn(|| take(&BETWEEN))));
            if let Some(thread) = handle.lock().unwrap().take()
                && thread.thread().id() != thread::current().id()
            {
                thread.join().unwrap();
            }
        }),
        innocent("a_handle_that_is_taken_out_before_the_join_is_fine", || {
            let handle = Mutex::new(Some(thread::spawn(|| take(&BETWEEN))));
            let taken = unpoisoned(&handle).take();
            taken.unwrap().join().unwrap();
        }),
        scene("a_thread_that_joins_itself_is_told_before_it_blocks", join_itself)
            .with("LOCKDEP", "panic"),
        scene("a_send_that_only_this_thread_could_make_room_for_is_told", || {
            let thread = thread::spawn(|| {
                let (sender, receiver) = sync_channel::<u8>(1);
                sender.send(1).unwrap();
                assert_eq!(receiver.recv(), Ok(1));
                sender.send(2).unwrap();
                let send = std::panic::AssertUnwindSafe(|| sender.send(3));
                let panicked = std::panic::catch_unwind(send).unwrap_err();
                panicked.downcast_ref::<String>().cloned().unwrap_or_default()
            });
            std::panic::set_hook(Box::new(|_| ()));
            let text = thread.join().unwrap();
            assert!(text.starts_with("error[LD0021]"), "{text}");
        })
        .with("LOCKDEP", "panic"),
        innocent("a_full_channel_whose_receiver_is_on_its_way_to_another_thread_is_fine", || {
            let (sender, receiver) = sync_channel::<u8>(1);
            let late = thread::spawn(move || {
                std::thread::sleep(3 * MOMENT);
                receiver.into_iter().count()
            });
            (0..4).for_each(|number| sender.send(number).unwrap());
            drop(sender);
            assert_eq!(late.join().unwrap(), 4);
        }),
        innocent("a_full_channel_whose_receiver_is_handed_over_is_fine", || {
            let (sender, receiver) = sync_channel::<u8>(1);
            let (give, given) = channel();
            let other = thread::spawn(move || {
                let receiver: instrumented::sync::mpsc::Receiver<u8> = given.recv().unwrap();
                std::thread::sleep(3 * MOMENT);
                receiver.into_iter().count()
            });
            give.send(receiver).unwrap();
            (0..4).for_each(|number| sender.send(number).unwrap());
            drop(sender);
            assert_eq!(other.join().unwrap(), 4);
        }),
        // Channels.
        guilty("an_answer_that_needs_the_lock_held_by_who_waits_for_it_is_told", || {
            Service::new(|| (), || take(&HELD)).ask_twice();
        }),
        guilty("so_is_one_that_needs_a_lock_which_its_thread_has_known_for_long", || {
            Service::new(|| take(&HELD), || take(&HELD)).ask_twice();
        }),
        innocent("an_answer_that_needs_other_locks_is_fine", || {
            Service::new(|| take(&HELD), || take(&BETWEEN)).ask_twice();
        }),
        innocent("a_lock_taken_after_the_answer_is_not_needed_for_it", || {
            let (ask, asked) = channel::<bool>();
            let (answer, answered) = channel::<()>();
            let (done, is_done) = std::sync::mpsc::channel();
            let worker = thread::spawn(move || {
                for _ in &asked {
                    answer.send(()).unwrap();
                    take(&HELD);
                    done.send(()).unwrap();
                }
            });
            for _ in 0..40 {
                {
                    let _held = unpoisoned(&HELD);
                    ask.send(true).unwrap();
                    answered.recv().unwrap();
                }
                is_done.recv().unwrap();
            }
            drop(ask);
            worker.join().unwrap();
        }),
        innocent("workers_that_share_a_receiver_behind_a_lock_are_fine", || {
            let (jobs, next) = channel::<u32>();
            let next = Arc::new(Mutex::new(next));
            let more = jobs.clone();
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    let (next, more) = (Arc::clone(&next), more.clone());
                    thread::spawn(move || {
                        loop {
                            let job = next.lock().unwrap().recv();
                            match job {
                                Ok(0) | Err(_) => return,
                                // A job may make others.
                                Ok(job) if job % 4 == 0 => more.send(1).unwrap(),
                                Ok(_) => take(&BETWEEN),
                            }
                        }
                    })
                })
                .collect();
            (1..100).for_each(|job| jobs.send(job).unwrap());
            (0..3).for_each(|_| jobs.send(0).unwrap());
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        }),
        guilty("a_bounded_send_under_the_lock_of_the_receiver_is_told", || {
            let (sender, receiver) = sync_channel::<u8>(100);
            let worker = thread::spawn(move || {
                for _ in &receiver {
                    take(&HELD);
                }
            });
            sender.send(1).unwrap();
            {
                let _held = unpoisoned(&HELD);
                sender.send(2).unwrap();
            }
            drop(sender);
            worker.join().unwrap();
        }),
        innocent("an_unbounded_send_under_the_lock_of_the_receiver_is_fine", || {
            let (sender, receiver) = channel::<u8>();
            let worker = thread::spawn(move || {
                for _ in &receiver {
                    take(&HELD);
                }
            });
            sender.send(1).unwrap();
            {
                let _held = unpoisoned(&HELD);
                sender.send(2).unwrap();
            }
            drop(sender);
            worker.join().unwrap();
        }),
        innocent("a_wait_that_may_time_out_is_fine", || {
            let (sender, receiver) = channel::<u8>();
            let worker = thread::spawn(move || {
                take(&HELD);
                sender.send(1).unwrap();
            });
            is_finished(&worker);
            let held = unpoisoned(&HELD);
            receiver.recv_timeout(Duration::from_secs(10)).unwrap();
            drop(held);
            worker.join().unwrap();
        }),
        guilty("the_same_wait_without_a_timeout_is_told", || {
            let (sender, receiver) = channel::<u8>();
            let worker = thread::spawn(move || {
                take(&HELD);
                sender.send(1).unwrap();
            });
            is_finished(&worker);
            let held = unpoisoned(&HELD);
            receiver.recv().unwrap();
            drop(held);
            worker.join().unwrap();
        }),
        innocent("what_was_done_before_the_waiter_was_started_is_over", || {
            let (sender, receiver) = channel::<u8>();
            take(&HELD);
            let waiter = thread::spawn(move || {
                let _held = unpoisoned(&HELD);
                receiver.recv().unwrap();
            });
            sender.send(1).unwrap();
            waiter.join().unwrap();
        }),
        innocent("a_task_does_not_wait_for_itself", || {
            let (sender, receiver) = channel::<u8>();
            take(&HELD);
            sender.send(1).unwrap();
            let _held = unpoisoned(&HELD);
            receiver.recv().unwrap();
        }),
        scene("two_waits_in_a_circle_are_told", || {
            // Each holds what the other one needs before it sends.
            let (to_one, of_one) = channel::<u8>();
            let (to_two, of_two) = channel::<u16>();
            let turn = Arc::new(std::sync::Barrier::new(2));
            let other = Arc::clone(&turn);
            let one = thread::spawn(move || {
                take(&BETWEEN);
                to_two.send(1).unwrap();
                turn.wait();
                let _held = unpoisoned(&HELD);
                of_one.recv().unwrap();
            });
            let two = thread::spawn(move || {
                take(&HELD);
                to_one.send(1).unwrap();
                other.wait();
                let _between = unpoisoned(&BETWEEN);
                of_two.recv().unwrap();
            });
            one.join().unwrap();
            two.join().unwrap();
        })
        .ends(some_circles),
        innocent("channels_of_one_place_that_have_nothing_to_do_with_each_other_are_fine", || {
            // Two tests, one after the other, each with a lock that keeps the others out.
            let test = |sends: bool| {
                let _serial = unpoisoned(&HELD);
                let (sender, receiver) = channel::<u8>();
                if sends {
                    sender.send(1).unwrap();
                    thread::spawn(move || receiver.recv().unwrap()).join().unwrap();
                } else {
                    thread::spawn(move || sender.send(1).unwrap()).join().unwrap();
                    receiver.recv().unwrap();
                }
            };
            for sends in [true, false] {
                std::thread::spawn(move || test(sends)).join().unwrap();
            }
        }),
        guilty("an_answer_through_a_channel_of_its_own_that_needs_the_lock_is_told", || {
            type Answer = Sender<()>;
            let (ask, asked) = channel::<(bool, Answer)>();
            let worker = thread::spawn(move || {
                for (needs, answer) in asked {
                    if needs {
                        take(&HELD);
                    }
                    answer.send(()).unwrap();
                }
            });
            let call = |needs: bool| {
                let (answer, answered) = channel();
                ask.send((needs, answer)).unwrap();
                answered.recv().unwrap();
            };
            call(true);
            {
                let _held = unpoisoned(&HELD);
                call(false);
            }
            drop(ask);
            worker.join().unwrap();
        }),
        // Barriers.
        guilty("a_lock_held_at_a_barrier_that_another_takes_on_its_way_is_told", || {
            let barrier = Arc::new(Barrier::new(2));
            let other = Arc::clone(&barrier);
            let thread = thread::spawn(move || {
                take(&HELD);
                other.wait();
            });
            std::thread::sleep(MOMENT);
            let held = unpoisoned(&HELD);
            barrier.wait();
            drop(held);
            thread.join().unwrap();
        }),
        innocent("a_lock_that_another_takes_only_after_the_barrier_is_fine", || {
            let barrier = Arc::new(Barrier::new(2));
            let other = Arc::clone(&barrier);
            let thread = thread::spawn(move || {
                other.wait();
                take(&HELD);
                other.wait();
            });
            let held = unpoisoned(&HELD);
            barrier.wait();
            drop(held);
            barrier.wait();
            thread.join().unwrap();
        }),
        innocent("a_loop_around_a_barrier_is_fine", || {
            let barrier = Barrier::new(4);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            take(&HELD);
                            barrier.wait();
                            take(&BETWEEN);
                        }
                    });
                }
            });
        }),
        // Condition variables.
        guilty("a_notification_that_needs_a_lock_held_by_who_sleeps_is_told", || {
            notified(|| take(&HELD), || ());
        }),
        innocent("a_pool_with_a_queue_and_a_condition_variable_is_fine", pool),
        innocent("a_notification_before_the_lock_is_taken_is_fine", || {
            notified(|| (), || take(&HELD));
        }),
        // Parked threads.
        guilty("a_thread_parked_with_a_lock_that_its_waker_takes_is_told", || unparked(true)),
        innocent("a_waker_that_takes_the_lock_after_it_woke_is_fine", || unparked(false)),
        // Waits of the user's own.
        guilty("code_that_must_run_for_a_completion_and_takes_the_lock_is_told", || {
            static DONE: Completion = Completion::new();
            let thread = thread::spawn(|| {
                let _must_run = DONE.must_run();
                take(&HELD);
            });
            thread.join().unwrap();
            let _held = unpoisoned(&HELD);
            DONE.wait();
        }),
        innocent("code_before_and_after_is_not_needed_for_a_completion", || {
            static DONE: Completion = Completion::new();
            let thread = thread::spawn(|| {
                take(&HELD);
                let must_run = DONE.must_run();
                take(&BETWEEN);
                drop(must_run);
                take(&HELD);
            });
            thread.join().unwrap();
            let _held = unpoisoned(&HELD);
            DONE.wait();
        }),
        guilty("a_completion_that_is_made_after_the_lock_was_taken_is_told", || {
            static DONE: Completion = Completion::new();
            let thread = thread::spawn(|| {
                take(&HELD);
                DONE.done();
            });
            thread.join().unwrap();
            let _held = unpoisoned(&HELD);
            DONE.wait();
        }),
        // Waits for any one of several.
        guilty("a_choice_of_which_each_is_made_with_the_lock_is_told", || {
            makes(|| take(&HELD), &FIRST);
            makes(|| take(&HELD), &SECOND);
            choose([&FIRST, &SECOND]);
        }),
        guilty("the_last_that_is_learned_of_a_choice_may_close_the_circle", || {
            thread::spawn(|| choose([&FIRST, &SECOND])).join().unwrap();
            makes(|| take(&HELD), &SECOND);
            makes(|| take(&BETWEEN), &FIRST);
            let _between = unpoisoned(&BETWEEN);
            take(&HELD);
        }),
        innocent("a_choice_of_which_one_is_made_without_the_lock_is_fine", || {
            thread::spawn(|| choose([&FIRST, &SECOND])).join().unwrap();
            makes(|| take(&HELD), &FIRST);
            makes(|| take(&BETWEEN), &SECOND);
            choose([&SECOND, &FIRST]);
        }),
        innocent("a_choice_of_which_nobody_makes_one_is_fine", || {
            makes(|| take(&HELD), &FIRST);
            choose([&FIRST, &SECOND]);
        }),
        innocent("of_a_choice_between_two_of_one_class_nothing_is_known", || {
            static ALIKE: [Map; 2] = [const { Map::new() }; 2];
            makes(|| take(&HELD), &ALIKE[0]);
            choose([&ALIKE[0], &ALIKE[1]]);
        }),
        guilty("a_choice_of_one_thing_is_a_wait_for_it", || {
            makes(|| take(&HELD), &FIRST);
            choose([&FIRST, &FIRST]);
        }),
        // What is done about it.
        scene("a_warning_does_not_panic", warned).with("LOCKDEP", "panic").ends(circle),
        scene("a_warning_does_not_abort", warned).with("LOCKDEP", "abort").ends(circle),
        scene("a_warning_that_is_allowed_is_not_printed", warned)
            .with("LOCKDEP", "panic")
            .with("LOCKDEP_WARNINGS", "allow"),
        scene("a_warning_that_is_denied_panics", || {
            let panicked = std::panic::catch_unwind(warned);
            let text = *panicked.unwrap_err().downcast::<String>().unwrap();
            assert!(text.starts_with("warning[LD0019]"), "{text}");
        })
        .with("LOCKDEP", "panic")
        .with("LOCKDEP_WARNINGS", "deny")
        .ends(Played::ended_well),
        scene("at_level_order_a_gate_keeps_nobody_apart", gated)
            .with("LOCKDEP_LEVEL", "order")
            .ends(circle),
        scene("at_level_deadlock_a_gate_does", gated),
        scene("at_level_observed_what_can_meet_is_told", warned)
            .with("LOCKDEP_LEVEL", "observed")
            .ends(circle),
    ]
}

fn take<T>(lock: &Mutex<T>)
where
    T: Copy,
{
    drop(unpoisoned(lock));
}

fn is_finished<T>(thread: &thread::JoinHandle<T>) {
    while !thread.is_finished() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A thread notifies another one, which holds a lock and sleeps meanwhile.
fn notified(before: fn(), after: fn()) {
    let signal = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&signal);
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, gone) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        before();
        begun.send(()).unwrap();
        gone.recv().unwrap();
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
        after();
    });
    has_begun.recv().unwrap();
    {
        let _held = unpoisoned(&HELD);
        let mut ready = signal.0.lock().unwrap();
        go.send(()).unwrap();
        while !*ready {
            ready = signal.1.wait(ready).unwrap();
        }
    }
    thread.join().unwrap();
}

/// A thread wakes the one that started it, which holds a lock, and takes the lock before or after.
fn unparked(is_before: bool) {
    let (sleeper, (begun, has_begun)) = (thread::current(), std::sync::mpsc::channel());
    let waker = thread::spawn(move || {
        if is_before {
            take(&HELD);
        }
        begun.send(()).unwrap();
        std::thread::sleep(MOMENT);
        sleeper.unpark();
        if !is_before {
            take(&HELD);
        }
    });
    has_begun.recv().unwrap();
    {
        let _held = unpoisoned(&HELD);
        thread::park();
    }
    waker.join().unwrap();
}

/// A worker that answers questions.
struct Service {
    ask: Sender<()>,
    answered: instrumented::sync::mpsc::Receiver<()>,
    worker: thread::JoinHandle<()>,
}

impl Service {
    fn new(before: fn(), serve: fn()) -> Service {
        let (ask, asked) = channel();
        let (answer, answered) = channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let worker = thread::spawn(move || {
            before();
            ready.send(()).unwrap();
            while asked.recv().is_ok() {
                serve();
                answer.send(()).unwrap();
            }
        });
        is_ready.recv().unwrap();
        Service { ask, answered, worker }
    }

    /// First without a lock; then with one, for which the answer is there before it is taken.
    fn ask_twice(self) {
        self.ask.send(()).unwrap();
        self.answered.recv().unwrap();
        self.ask.send(()).unwrap();
        std::thread::sleep(MOMENT);
        {
            let _held = unpoisoned(&HELD);
            self.answered.recv().unwrap();
        }
        drop(self.ask);
        self.worker.join().unwrap();
    }
}

fn warned() {
    let thread = thread::spawn(|| take(&HELD));
    is_finished(&thread);
    let _held = unpoisoned(&HELD);
    thread.join().unwrap();
}

/// Who answers takes the lock only if it has got a gate, without a wait; who waits has both.
fn gated() {
    let (answer, answered) = channel::<()>();
    let worker = thread::spawn(move || {
        {
            let _gate = GATE.try_lock().unwrap();
            take(&HELD);
        }
        answer.send(()).unwrap();
    });
    is_finished(&worker);
    {
        let _gate = unpoisoned(&GATE);
        let _held = unpoisoned(&HELD);
        answered.recv().unwrap();
    }
    worker.join().unwrap();
}

fn join_in_if_let() {
    let handle = Mutex::new(Some(thread::spawn(|| take(&BETWEEN))));
    if let Some(thread) = handle.lock().unwrap().take() {
        thread.join().unwrap();
    }
}

fn join_itself() {
    let (give, given) = std::sync::mpsc::channel::<thread::JoinHandle<()>>();
    let (told, text) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        let own = given.recv().unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            drop(own.join());
        }));
        let panicked = panicked.unwrap_err();
        told.send(panicked.downcast_ref::<String>().cloned().unwrap_or_default()).unwrap();
    });
    std::panic::set_hook(Box::new(|_| ()));
    give.send(thread).unwrap();
    let text = text.recv().unwrap();
    assert!(text.starts_with("error[LD0021]"), "{text}");
}

/// Workers with a queue; who waits for their work holds a lock that they do not take.
fn pool() {
    struct Shared {
        queue: Mutex<Vec<fn()>>,
        work: Condvar,
        left: Mutex<usize>,
        done: Condvar,
    }
    let shared = Arc::new(Shared {
        queue: Mutex::new(Vec::new()),
        work: Condvar::new(),
        left: Mutex::new(0),
        done: Condvar::new(),
    });
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                loop {
                    let mut queue = shared.queue.lock().unwrap();
                    let job = loop {
                        match queue.pop() {
                            Some(job) => break job,
                            None => queue = shared.work.wait(queue).unwrap(),
                        }
                    };
                    drop(queue);
                    job();
                    let mut left = shared.left.lock().unwrap();
                    *left -= 1;
                    let is_last = *left == 0;
                    drop(left);
                    if is_last {
                        shared.done.notify_all();
                    }
                }
            })
        })
        .collect();
    for _ in 0..20 {
        let _held = unpoisoned(&HELD);
        *shared.left.lock().unwrap() = 6;
        let job: fn() = || take(&BETWEEN);
        shared.queue.lock().unwrap().extend([job; 6]);
        shared.work.notify_all();
        let mut left = shared.left.lock().unwrap();
        while *left != 0 {
            left = shared.done.wait(left).unwrap();
        }
    }
    drop(workers);
}

/// One circle was told, as a warning, and nothing else.
fn circle(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    played.reports(0)?;
    warnings(played, "LD0020", 0)?;
    warnings(played, "LD0019", 1)
}

/// At least one circle was told.
fn some_circles(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    played.reports(0)?;
    played.says("warning[LD0019]")
}

fn warnings(played: &Played, code: &str, number: usize) -> Result<(), String> {
    let found = played.stderr.matches(&format!("warning[{code}]")).count();
    check(found == number, &format!("{found} of {code} instead of {number}"))
}

/// Tells a thread to end and waits for it, under one lock.
/// Who sends into a channel with a bound holds a lock that the receiver takes before it goes.
fn dropped_under(is_last_to_go: bool) {
    let (sender, receiver) = sync_channel(2);
    let other = is_last_to_go.then(|| sender.clone());
    let send = thread::spawn(move || {
        let held = unpoisoned(&HELD);
        sender.send(()).unwrap();
        drop(held);
    });
    let receive = thread::spawn(move || {
        receiver.recv().unwrap();
        while !is_last_to_go && receiver.recv().is_ok() {}
        take(&HELD);
    });
    send.join().unwrap();
    receive.join().unwrap();
    drop(other);
}

/// The thread before the last is started, told to end and joined by one line.
fn replaced_in_if_let() {
    struct Ticker(Sender<()>, Option<thread::JoinHandle<()>>);

    impl Drop for Ticker {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            self.1.take().unwrap().join().unwrap();
        }
    }

    let replace = |ticker: &Mutex<Option<Ticker>>, with: bool| {
        let mut ticker = ticker.lock().unwrap();
        drop(ticker.take());
        *ticker = with.then(|| {
            let (sender, receiver) = channel();
            Ticker(sender, Some(thread::spawn(move || receiver.recv().unwrap())))
        });
    };
    let ticker = Mutex::new(None);
    replace(&ticker, true);
    replace(&ticker, false);
}

/// Where the hold is on the stack does not matter: it is moved when one below it ends.
fn started_and_joined_under_one_hold() {
    let below = unpoisoned(&BETWEEN);
    let held = unpoisoned(&HELD);
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || receiver.recv().unwrap());
    drop(below);
    sender.send(()).unwrap();
    worker.join().unwrap();
    drop(held);
}

fn told_to_end() {
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || receiver.recv().unwrap());
    let _held = unpoisoned(&HELD);
    sender.send(()).unwrap();
    worker.join().unwrap();
}

/// A poll in which a task takes a lock and gives it back.
fn took(lock: &Mutex<u8>) -> Poll<()> {
    take(lock);
    Poll::Pending
}

/// A poll in which a task brings about what is waited for.
fn made() -> Poll<()> {
    EVENT.done();
    Poll::Ready(())
}

/// Waits for what tasks bring about, with a lock held.
fn wait_for_event() {
    let _held = unpoisoned(&HELD);
    EVENT.wait();
}

/// Another thread does something, and then what `thing` stands for.
fn makes(first: fn(), thing: &'static Map) {
    let site = Location::caller();
    let maker = thread::spawn(move || {
        first();
        wait::made(thing, thing_of, site);
    });
    maker.join().unwrap();
}

/// Waits for any one of them, with the lock held.
fn choose(things: [&Map; 2]) {
    let _held = unpoisoned(&HELD);
    wait::before_any(
        things.into_iter().map(|thing| (thing, thing_of as Describe)),
        Location::caller(),
    );
}

fn thing_of() -> Description {
    Description::new("thing", "")
}
