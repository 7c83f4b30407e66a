//! Level `observed`, with real threads: what the program itself orders is held back.

use std::sync::{Arc, Barrier};

use instrumented::thread::{self, JoinHandle};

use crate::orders::Pair;
use crate::stage::{Played, Scene, scene};

static PAIR: Pair = Pair::new();

pub(crate) fn scenes() -> Vec<Scene> {
    let observed =
        |name, play: fn()| scene(name, play).with("LOCKDEP_LEVEL", "observed").ends(quiet);
    let told = |name, play: fn()| observed(name, play).ends(one);
    vec![
        told("threads_that_run_side_by_side_are_observed", || {
            let (turn, there) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
            let other = backward_in_turn(&turn, &there);
            PAIR.forward();
            turn.wait();
            there.wait();
            other.join().unwrap();
        }),
        told("siblings_are_observed", || {
            let (turn, there) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
            let other = backward_in_turn(&turn, &there);
            let forward = move || {
                PAIR.forward();
                turn.wait();
                there.wait();
            };
            thread::spawn(forward).join().unwrap();
            other.join().unwrap();
        }),
        told("what_is_done_again_after_a_spawn_is_observed", || {
            PAIR.forward();
            let (turn, there) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
            let other = backward_in_turn(&turn, &there);
            turn.wait();
            there.wait();
            PAIR.forward();
            other.join().unwrap();
        }),
        observed("what_comes_before_a_spawn_is_not_observed_with_what_follows", || {
            PAIR.forward();
            thread::spawn(|| PAIR.backward()).join().unwrap();
        }),
        observed("what_was_joined_is_not_observed_with_what_follows", || {
            thread::spawn(|| PAIR.forward()).join().unwrap();
            PAIR.backward();
        }),
        observed("what_two_threads_do_one_after_the_other_is_not_observed", || {
            thread::spawn(|| PAIR.forward()).join().unwrap();
            thread::spawn(|| PAIR.backward()).join().unwrap();
        }),
        observed("what_one_thread_does_alone_is_not_observed", || PAIR.invert()),
        // The same is a violation at the level that goes by what can happen.
        scene("at_level_deadlock_one_thread_is_enough", || PAIR.invert()).ends(one),
    ]
}

/// Starts a thread that takes the two locks the other way round when it is its turn.
fn backward_in_turn(turn: &Arc<Barrier>, there: &Arc<Barrier>) -> JoinHandle<()> {
    let (turn, there) = (Arc::clone(turn), Arc::clone(there));
    thread::spawn(move || {
        turn.wait();
        PAIR.backward();
        there.wait();
    })
}

fn quiet(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    played.reports(0)
}

fn one(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    played.reports(1)
}
