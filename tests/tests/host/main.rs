//! The tracker never hurts its host: it neither hangs, nor crashes, nor grows, nor forgets what is
//! held, wherever and whenever the host takes its locks.

mod awaited;
mod by_hand;
mod contexts;
mod counting;
mod deadlocks;
mod descriptors;
mod extremes;
mod forking;
mod frozen;
mod hooks;
mod listing;
mod lives;
mod modes;
mod observed;
mod orders;
mod process_wide;
mod records;
mod scopes;
mod shapes;
mod signals;
mod stage;
mod tasks;
mod teardown;
mod timing;
mod unwinding;
mod waits;
mod warm;

#[global_allocator]
static COUNTING: counting::Counting = counting::Counting;

fn main() {
    let scenes = [
        by_hand::scenes(),
        deadlocks::scenes(),
        observed::scenes(),
        contexts::scenes(),
        descriptors::scenes(),
        extremes::scenes(),
        forking::scenes(),
        hooks::scenes(),
        listing::scenes(),
        lives::scenes(),
        modes::scenes(),
        process_wide::scenes(),
        records::scenes(),
        scopes::scenes(),
        signals::scenes(),
        tasks::scenes(),
        teardown::scenes(),
        timing::scenes(),
        unwinding::scenes(),
        waits::scenes(),
        warm::scenes(),
    ];
    stage::run(scenes.into_iter().flatten().collect());
}
