//! The build that tracks. Everything the crate offers but the value types and the macros.

mod census;
mod chain;
mod directory;
mod ending;
pub mod event;
pub mod feasible;
mod finding;
mod fork;
mod found;
pub mod frames;
pub mod graph;
pub mod guards;
pub mod hook;
mod knowledge;
mod list;
mod loss;
mod map;
mod modules;
mod nested;
mod order;
mod own;
#[doc(hidden)]
pub mod private;
mod process;
pub mod query;
pub mod record;
mod recorder;
mod registry;
pub mod report;
mod rules;
mod same_class;
pub mod settings;
pub mod sightings;
mod site;
mod stack;
mod task;
mod thread;
mod trace;
pub mod tracker;
mod withheld;
mod witness;

#[doc(hidden)]
pub use private as __private;
pub use {
    found::Met,
    hook::{set_hook, take_hook},
    loss::losses,
    map::Map,
    settings::{BacktraceStyle, Level, Reaction, Settings},
    task::Task,
    tracker::Tracker,
};
