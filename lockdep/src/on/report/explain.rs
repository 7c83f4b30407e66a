//! The long explanation of each rule, for `cargo lockdep explain`.
//!
//! Written for a reader who never heard of lock dependency tracking. Each says, in this order: what
//! the rule is, code that breaks it, how to mend it, when to let it be, which level reports it.

use super::{await_circle, awaiting, declared, join, mode_change, nest, pin};

/// The explanation of a rule, by its code (`LD0002`); none for a code that no rule has.
///
/// ```
/// # use lockdep::report::explain;
/// assert!(explain("LD0002").unwrap().starts_with("LD0002: lock order inversion"));
/// assert!(explain("LD9999").is_none());
/// ```
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    let text = match code {
        "LD0001" => RECURSION,
        "LD0002" => INVERSION,
        "LD0003" => INSTANCE_INVERSION,
        "LD0004" => UNORDERED_NESTING,
        "LD0005" => RELEASE_NOT_HELD,
        "LD0006" => HELD_LOCK_FREED,
        "LD0007" => ASSERTION_FAILED,
        "LD0008" => nest::EXPLANATION,
        "LD0009" => declared::EXPLANATION,
        "LD0010" => pin::EXPLANATION,
        "LD0011" => mode_change::EXPLANATION,
        "LD0012" => INCONSISTENT_STATE,
        "LD0013" => CONTEXT_INVERSION,
        "LD0014" => INVALID_WAIT,
        "LD0015" => ENDED_HOLDING,
        "LD0016" => HELD_ACROSS,
        "LD0017" => DEADLOCK,
        "LD0018" => awaiting::EXPLANATION,
        "LD0019" => await_circle::EXPLANATION,
        "LD0020" => join::UNDER_LOCK,
        "LD0021" => join::ENDLESS,
        _ => return None,
    };
    Some(text)
}

/// The titles of all rules that are explained, each with its code before it, in order.
pub fn explained() -> impl Iterator<Item = &'static str> {
    (1..100).filter_map(|number| explain(&format!("LD{number:04}"))?.lines().next())
}

const RECURSION: &str = "\
LD0001: lock taken again by its holder

A thread asks for a lock that it already holds. The locks of `std`, `parking_lot` and `tokio` do not
count how often their holder took them: the second call waits for the first to be released, the
first is released by the thread that is waiting, and so it waits forever. The report is made before
the call blocks.

    struct Account { balance: Mutex<i64> }

    impl Account {
        fn withdraw(&self, sum: i64) {
            let mut balance = self.balance.lock().unwrap();
            if self.covers(sum) {               // takes `balance` again: hangs here
                *balance -= sum;
            }
        }

        fn covers(&self, sum: i64) -> bool {
            *self.balance.lock().unwrap() >= sum
        }
    }

Two reads of one `RwLock` by one thread hang only now and then: a reader that arrives behind a
waiting writer has to wait, or writers would starve. If a writer asks between the two reads, it
waits for the first read, the second read waits for the writer, and the first read ends after the
second. The standard library promises neither that this works nor that it fails. The report then
shows another party, `a writer`.

A guard lives longer than it looks: in `match lock.lock().unwrap().next() { … }`, `if let` before
edition 2024, and `for x in lock.lock().unwrap().iter() { … }`, it lives to the end of the block.

How to mend it
  - Hand on what the guard gives instead of the lock: `fn covers(balance: i64, sum: i64)`.
  - End the first guard before the call: `drop(balance)`, or a block around its use.
  - Split a method in two: a public one that locks, a private one that expects the guard.
  - For reads, `read_recursive` of `parking_lot` passes waiting writers; `std` has nothing like it.

When to let it be
  Certain recursion: never, the thread hangs. Two reads: if no thread ever writes while others read,
  for instance because all writing is done before the first thread is started.

Reported at every level; two reads at level `order`, and at the others once a thread was seen to
wait for the lock in order to write, while no third lock kept it from the reader. Until then they
stand in the ledger (`cargo lockdep --ledger test`).
";

const INVERSION: &str = "\
LD0002: lock order inversion

Two locks are taken in one order here and in the other order there. If two threads do both at the
same time, each can get its first lock and then wait for the lock that the other one has, forever.
Nothing hung in the run that was reported: the order that could hang was put together from
what was seen at different times. Such a program can pass its tests for years.

    static ACCOUNTS: Mutex<Vec<Account>> = Mutex::new(Vec::new());
    static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn pay() {
        let accounts = ACCOUNTS.lock().unwrap();
        LOG.lock().unwrap().push(format!(\"{} accounts\", accounts.len()));
    }                                           // order: ACCOUNTS, then LOG

    fn audit() {
        let log = LOG.lock().unwrap();
        let accounts = ACCOUNTS.lock().unwrap();
        println!(\"{} lines, {} accounts\", log.len(), accounts.len());
    }                                           // order: LOG, then ACCOUNTS

The same happens with three or more locks in a circle: A before B, B before C, C before A.

Locks are judged by kind, not one by one: all locks that are made at one place in the source for one
type are one kind. What was learned from one bar's lock is held against every bar's lock, so one run
with one bar tells what could happen with a thousand.

How to read the report
  The columns show an order of steps that hangs, one column a task. Below, for each pair of locks:
  where the first was taken (`held since`), where the second was asked for (`wanted at`), and how
  the program came there. `now` is the one that completed the picture. If both sides were seen in
  one thread, the second column, as in `main (2)`, stands for another thread that does the same.
  If only reads meet, a third column, `a writer`, stands for any thread that asks to write between:
  a reader that arrives behind a waiting writer has to wait.

How to mend it
  - Choose one order, write it down at the fields, and keep to it everywhere.
  - Let go of the first lock before taking the second: copy out what is needed, then `drop`.
  - Take the second with `try_lock`, and let go of the first if that fails.
  - Put both values into one lock, if they are always used together.
  - Do not call unknown code (callbacks, `Drop`, `Display`) while a lock is held.

When to let it be
  If the two orders can never run at the same time, for instance because one of them is over before
  any thread is started. It is worth a comment in the code: the next change may end it. What both
  sides hold where they wait is no reason: the tracker has looked at that. A lock that both let go
  of before is one that it does not see.

Reported at every level, but not the same circles:
  - `order`: every circle of waits, whatever else is held.
  - `deadlock`, the default: those whose parties can meet. Held back is a circle of which two sides
    always hold a third lock that keeps them apart, and one in which a reader waits for a reader of
    a lock for which nobody was ever seen to wait as a writer. What is seen later can change that.
  - `observed`: of these only the ones that different threads made which were alive at the same
    time, not one after the other by spawn or join.
What a level holds back stands in the ledger, with the reason: `cargo lockdep --ledger test`.
";

const INSTANCE_INVERSION: &str = "\
LD0003: lock order inversion among locks of one kind

Two locks that were made at the same place in the source, for instance those of two accounts of one
bank, are taken in one order here and in the other order there. If two threads do both at the same
time, each can get its first lock and then wait forever for the lock that the other one has.

    fn transfer(from: &Mutex<Account>, to: &Mutex<Account>, sum: i64) {
        let mut from = from.lock().unwrap();
        let mut to = to.lock().unwrap();
        from.balance -= sum;
        to.balance += sum;
    }

    transfer(&alice, &bob, 10);                 // order: alice, then bob
    transfer(&bob, &alice, 5);                  // order: bob, then alice

All locks that are made at one place for one type are one kind, and a kind cannot be ordered against
itself. So the tracker learns the order between the locks themselves, and reports when it is turned
round. In the report `first` and `second` tell the locks apart.

How to mend it
  - Sort before locking, by something that does not change: an index, a key, the address.

        let in_order = ptr::from_ref(from) < ptr::from_ref(to);
        let (first, second) = if in_order { (from, to) } else { (to, from) };

  - Hold one at a time: take the sum out of the one, let go, put it into the other.
  - Take all but the first with `try_lock`; if that fails let go of everything and start again.
  - Guard them all by one lock that is taken first.

When to let it be
  If a lock that is not tracked (one between processes, say) keeps the two orders apart, or if they
  can never run at the same time.

Reported at level `deadlock`, the default. Level `order` does not wait for the second order and
reports the nesting itself as LD0004.
";

const UNORDERED_NESTING: &str = "\
LD0004: locks of one kind nested without an order

A thread holds a lock and takes another one that was made at the same place in the source. Nothing
wrong was seen: the locks were not taken in the other order. But nothing says that they cannot be
either, and if two threads meet the same two locks in opposite orders, both wait forever.

    fn merge(into: &Mutex<Vec<u8>>, from: &Mutex<Vec<u8>>) {
        let mut into = into.lock().unwrap();
        into.append(&mut from.lock().unwrap()); // what if somebody merges the other way?
    }

This is the discipline of the Linux kernel: every nesting within a kind has to be declared.

How to mend it
  - Hold one at a time, if that is enough.
  - Take them in a fixed order (by index, by key, by address).
  - Make parents and children different kinds: construct them at two places of the source.
  - Declare the order. Give the inner one a subclass, as in `lock_acquire_exclusive!(&map,
    subclass = 1)` or `lock_nested(&mutex, 1)`: locks at different levels are different kinds. Or
    name a lock that is held around both (`nest = &outer`, `lock_nest_lock`), or give the kind a
    comparison function and its locks ranks (`lockdep::set_cmp_fn`, `lockdep::set_rank`).

When to let it be
  If the order is fixed by something that the tracker cannot see: parents before children of a tree,
  smaller indices before larger ones. Level `deadlock` is silent about these, and reports only when
  a learned order is turned round (LD0003).

Reported at level `order` only: `LOCKDEP_LEVEL=order`.
";

const RELEASE_NOT_HELD: &str = "\
LD0005: release of a lock that is not held

A lock is released by a thread that does not hold it. Either it was released twice, or another
thread took it. In both cases somebody may believe to be alone with the data who is not.

With guards that end by themselves and cannot be sent to other threads, this cannot happen. It
happens where a lock is released by hand:

    mem::forget(state.lock());                  // taken here, the guard never ends
    if failed {
        unsafe { state.force_unlock() };        // released here
    }
    unsafe { state.force_unlock() };            // and here again

and in code that reports its own lock to the tracker and says `lock_release!` on a path where it
did not say that it took the lock.

How to mend it
  - Release the lock once, in the thread that took it; let a guard do it.
  - To hand over work that is half done, send it through a channel instead of sending the lock.
  - To wait in one thread for what another one does, use a semaphore or a condition variable: these
    have no holder.

When to let it be
  Never. A lock whose guard may be sent to another thread says so (`event::released_anywhere`), and
  is no longer held by who took it once another thread releases it.

Reported at every level.
";

const HELD_LOCK_FREED: &str = "\
LD0006: lock destroyed while it is held

A lock goes out of scope, is freed or is initialised again while a thread still holds it. Nobody can
release it any more. A guard borrows its lock, so safe code comes here only by a guard that was
forgotten:

    {
        let state = Mutex::new(State::default());
        mem::forget(state.lock().unwrap());     // held from here on
    }                                           // destroyed here, still held

or by a lock without borrows: one that is locked and unlocked by hand, or lies in memory that is
managed by hand and used again while somebody is still inside.

How to mend it
  - Let the guard end before the lock does: look for `mem::forget`, `ManuallyDrop`, `Box::leak` and
    cycles of `Rc` on the way from one place to the other.
  - If a lock must outlive its users, count them: put it into an `Arc`, and clone that into whoever
    holds a guard.
  - In code that reports its own lock to the tracker, say `lock_release!` on every path.

When to let it be
  If the guard is forgotten on purpose, to close a lock for good, and nobody can be waiting for it.

Reported at level `order` only: `LOCKDEP_LEVEL=order`.
";

const ASSERTION_FAILED: &str = "\
LD0007: lock assertion failed

The program says in its source which locks are held at this point, and it is not so.

    fn push(queue: &Queue, job: Job) {
        lockdep_assert_held!(&queue.lock);      // callers have to hold it
        // …
    }

    push(&queue, job);                          // this caller does not

Rust's guards say this better wherever the data lies inside the lock. The assertions are for
functions that expect a lock to be held (or not to be held) that they do not get passed.

  lockdep_assert_held!        the lock is held, no matter how
  lockdep_assert_held_write!  the lock is held exclusively
  lockdep_assert_held_read!   the lock is held for reading
  lockdep_assert_not_held!    this thread does not hold the lock
  lockdep_assert_none_held!   this thread holds no lock at all

  lockdep_assert_in_context!       this thread runs in the context
  lockdep_assert_not_in_context!   this thread does not run in the context
  lockdep_assert_context_blocked!  the context cannot come in the middle of this
  lockdep_assert_context_open!     the context may come in the middle of this

It counts what the current thread holds, not whether anyone does, and this very lock, not one of the
same kind. Where the tracker cannot say, the assertion is silent.

How to mend it
  - Take the lock in the caller, and keep the guard until the function has returned.
    `let _ = lock.lock()` ends the guard at once; `let _guard = lock.lock()` keeps it.
  - If the lock must not be held, end its guard first: `drop(guard)`, or a block around its use.
  - If the assertion demands too much, make it weaker: it is code like any other.

When to let it be
  Never: a false assertion is a wrong comment that is checked.

Reported at every level.
";

const INCONSISTENT_STATE: &str = "\
LD0012: lock of a context held where the context may come

Some code comes in the middle of other code of the same thread: a signal handler between any two
instructions, a panic hook wherever something panics, an allocator wherever memory is asked for, a
logger wherever something is logged. Such code is a *context*. If it takes a lock that the code it
comes upon holds, it waits for a lock that its own thread has to release, forever.

    static LOGGER: Context = Context::new(\"logger\");
    static SINK: Mutex<File> = …;

    fn log(line: &str) {
        let _inside = LOGGER.enter();           // from here on this is the logger
        SINK.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }

    fn rotate() {
        let mut sink = SINK.lock().unwrap();    // the logger takes this lock
        *sink = open_next();                    // and if anything in here logs, it hangs
    }

Nothing hung in the run that was reported: a lock was seen to be taken in the context, and to be
held at another time where the context had not been shut out. The one has to come upon the other
only once. As with all rules, all locks made at one place for one type count as one.

How to read the report
  The thread holds the lock; then the context comes upon it and wants the same lock. `taken at` is
  where the context took it, `held since` where it was held with the context not shut out. `let in
  at` is there if the context was shut out first and came in again while the lock was held.

How to mend it
  - Shut the context out while the lock is held, and say so: `let _blocked = LOGGER.block();`. For a
    signal handler that is to block the signal; for a logger, to log after the lock is released.
  - Take another lock in the context, or none: hand the data over with atomics or a queue.
  - Use `try_lock` in the context, and do without if that fails.

When to let it be
  If the context cannot come there for a reason that was not said. Then say it: `block` makes
  nothing happen, it only tells the tracker.

Reported at every level.
";

const CONTEXT_INVERSION: &str = "\
LD0013: lock of a context leads to one held where the context may come

The same hang as LD0012 with more than one lock in it. A context (a signal handler, a panic hook, a
logger: code that comes in the middle of other code) takes lock A. Elsewhere A is held while B is
taken. And B is held where the context may come. Then: one thread holds B and the context comes upon
it and waits for A; another thread holds A and waits for B. Neither goes on.

    fn log(line: &str) {
        let _inside = LOGGER.enter();
        SINK.lock().unwrap().push(line);        // the context takes SINK
    }

    fn flush() {
        let _blocked = LOGGER.block();
        let sink = SINK.lock().unwrap();
        DISK.lock().unwrap().write(&sink);      // SINK leads to DISK
    }

    fn check() {
        let disk = DISK.lock().unwrap();        // DISK is held where the logger may come
        disk.verify();
    }

Each of the three pieces is right by itself, and they may lie in three crates. The report names the
context, and shows where its lock is taken, the way from that lock to the other one, and where the
other one is held with the context not shut out.

How to mend it
  - Shut the context out wherever the last lock is held: what can be waited for from inside a
    context has to be held with the context shut out.
  - Let go of the first lock before the next is taken: then nothing leads from one to the other.
  - Use `try_lock` in the context, and do without if that fails.

When to let it be
  If the context never comes in the threads that hold the last lock, and cannot be told so; or if a
  third lock is held around all of this, which the tracker does not look at here.

Reported at every level.
";

const INVALID_WAIT: &str = "\
LD0014: wait that is not allowed here

Not every place may wait in every way. From the most harmless:

  no wait at all       all that is allowed in a signal handler
  a spin               turning on the spot; with or without preemption held off
  a blocking lock      the thread sleeps until the lock is released
  a blocking wait      the thread sleeps until somebody has done something: `join`, `recv`
  an await             the thread goes back to its executor

What is waited for needs one of these; what is held, and the context in which the code runs, allow
one of these at most. Here more was needed than is allowed.

    let queue = QUEUE.lock();                   // a spin lock: allows no more than a spin
    let state = STATE.lock().unwrap();          // a mutex: needs a blocking lock

    let _inside = SIGNAL.enter();               // a signal handler
    COUNT.lock().unwrap();                      // what it came upon may hold this lock

    let state = STATE.lock().unwrap();          // a mutex allows a blocking wait at most
    might_await!();                             // the thread may now run who wants STATE

What a lock needs and allows is said where it is instrumented (`Traits`), and of a context where it
is declared (`Context::allowing`). A lock of `std` or `parking_lot` needs a blocking lock and allows
a blocking wait. A try-lock waits for nobody and is allowed everywhere.

How to mend it
  - Do the waiting first: take the blocking lock before the spin lock, end the guard before the
    await.
  - In a signal handler or in another context, only note what is to be done, and do it outside.
  - Use a lock that may be held there: one for async code across an await.
  - Use `try_lock`, and do something else if that fails.

When to let it be
  If what is said of the lock is too strict: say something else there.

Reported at every level.
";

const ENDED_HOLDING: &str = "\
LD0015: thread ended while it holds a lock

A thread has come to its end, all its destructors have run, and a lock that it took was never
released. Nobody can release it any more: whoever takes the lock waits forever.

    thread::spawn(move || {
        let state = Box::leak(Box::new(STATE.lock().unwrap()));
        state.push(1);
    });                                         // ends here; STATE stays locked

A guard is released when it is dropped, and safe code can keep it from being dropped: `mem::forget`,
`ManuallyDrop`, `Box::leak`, a cycle of `Rc`, a `static` that is never emptied.

How to mend it
  - Let the guard end: keep it in a variable, and let the variable go out of scope.
  - To hand data on to another thread, send the data, or an `Arc` of the lock, and not the guard.
  - In code that reports its own lock to the tracker, say `lock_release!` on every path. If its
    guards can be sent to other threads, say so: `event::can_be_sent`, `event::released_anywhere`.

When to let it be
  If the lock is closed for good on purpose, and nobody takes it any more. Nothing is reported if
  the lock itself is destroyed before the thread ends.

Reported at every level.
";

const HELD_ACROSS: &str = "\
LD0016: lock held across fork, exec or exit

`fork` gives the child the memory of its parent, and with it every lock as it was at that moment;
but of the threads only the one that forked. A lock that another thread held stays locked in the
child, and nobody there can release it.

    thread::spawn(|| loop { LOG.lock().unwrap().push(1) });

    if unsafe { libc::fork() } == 0 {
        LOG.lock().unwrap().push(2);            // may wait forever: LD0016
    }

The report is made in the child, before it waits, and only if it is certain that a thread which was
left behind holds the lock. Most forks are followed by an `exec` at once, and then nothing happens.

At level `order` it is also reported that a thread ends the process (`process::exit`) or replaces it
by another program while it holds a lock: handlers and destructors that run then may want it.

How to mend it
  - Between `fork` and `exec` do only what is safe in a signal handler: take no locks, allocate
    nothing. `std::process::Command` does.
  - Fork before other threads are started.
  - Take the locks that the child needs in `pthread_atfork` handlers, and release them in both
    processes.
  - Let go of all locks before `process::exit`.

When to let it be
  In a child of `fork`: never. At the end of a process: if nothing that runs then uses the lock.

Reported at every level for a fork; at level `order` only for exec and exit.
";

const DEADLOCK: &str = "\
LD0017: deadlock

Two or more threads wait for each other at this moment: each holds a lock and waits for one that
another of them holds. None of them will ever go on, nor will anybody who waits for what they hold.

    thread 1                                    thread 2

    let _a = A.lock();
                                                let _b = B.lock();
    let _b = B.lock();   // waits for 2
                                                let _a = A.lock();   // waits for 1: LD0017

This is not what could happen but what does. It is reported by the thread that closes the circle,
before it blocks, and is certain: a wait that may end by itself (a timeout) is never part of it, and
where a reader waits behind a waiting writer the kernel was asked whether all of them sleep.

How to read the report
  The columns show who waits for whom. Below, for each thread: where it took what it holds, where it
  waits, and what else it holds, which nobody else will get either. If the same locks were taken in
  these orders at other places before, the first such places follow.

How to mend it
  - As an inversion (see `cargo lockdep explain LD0002`): one order for all, or one lock at a time.
  - If an LD0002 was reported earlier for these locks, this is what it warned of.

When to let it be
  Never: the threads hang.

Reported at every level.
";

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: &[&str] = &[
        "LD0001", "LD0002", "LD0003", "LD0004", "LD0005", "LD0006", "LD0007", //
        "LD0008", "LD0009", "LD0010", "LD0011", "LD0012", "LD0013", "LD0014", "LD0015", "LD0016",
        "LD0017", "LD0018", "LD0019", "LD0020", "LD0021",
    ];

    #[test]
    fn every_rule_is_explained_under_the_same_headings() {
        for &code in CODES {
            let text = explain(code).expect(code);
            assert!(text.starts_with(&format!("{code}: ")), "{code}");
            let headings = ["\nHow to mend it\n", "\nWhen to let it be\n", "\nReported at "];
            let found: Vec<_> = headings.iter().map(|heading| text.find(heading)).collect();
            assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{code}: {found:?}");
        }
    }

    #[test]
    fn an_explanation_is_at_most_a_hundred_columns_wide() {
        for line in CODES.iter().filter_map(|code| explain(code)).flat_map(str::lines) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn no_rule_has_another_code() {
        assert_eq!(explain("LD0000"), None);
        assert_eq!(explain("LD9999"), None);
        assert_eq!(explain(""), None);
    }
}
