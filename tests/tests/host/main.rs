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
    stage::run(vec![
        ("by_hand", by_hand::scenes()),
        ("deadlocks", deadlocks::scenes()),
        ("observed", observed::scenes()),
        ("contexts", contexts::scenes()),
        ("descriptors", descriptors::scenes()),
        ("extremes", extremes::scenes()),
        ("forking", forking::scenes()),
        ("hooks", hooks::scenes()),
        ("listing", listing::scenes()),
        ("lives", lives::scenes()),
        ("modes", modes::scenes()),
        ("process_wide", process_wide::scenes()),
        ("records", records::scenes()),
        ("scopes", scopes::scenes()),
        ("signals", signals::scenes()),
        ("tasks", tasks::scenes()),
        ("teardown", teardown::scenes()),
        ("timing", timing::scenes()),
        ("unwinding", unwinding::scenes()),
        ("waits", waits::scenes()),
        ("warm", warm::scenes()),
    ]);
}
