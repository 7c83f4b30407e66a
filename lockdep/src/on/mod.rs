//! The build that tracks. Everything the crate offers but the value types and the macros.

mod awaiting;
mod blocked;
mod census;
mod chain;
mod class_change;
mod class_filter;
mod class_key;
mod completion;
mod context;
mod context_change;
mod contexts;
mod deadlock;
mod declared;
mod directory;
mod dynamic;
mod ending;
pub mod event;
mod exemption;
pub mod feasible;
mod finding;
mod fork;
mod found;
pub mod frames;
pub mod graph;
pub mod guards;
pub mod histogram;
pub mod hook;
mod idle;
mod interruption;
pub mod kinship;
mod knowledge;
mod learn;
mod learn_wait;
mod life;
mod lineage;
mod list;
mod listing;
mod lock_events;
mod loss;
mod map;
mod mode_change;
mod modules;
mod nest;
mod nested;
mod order;
mod own;
mod pass;
mod pending;
mod pin;
#[doc(hidden)]
pub mod private;
mod process;
mod properties;
pub mod query;
pub mod record;
mod record_file;
mod recorder;
mod registry;
pub mod report;
mod ring;
mod rules;
mod same_class;
pub mod settings;
mod sibling;
pub mod sightings;
mod site;
mod stack;
mod stat;
pub mod statistics;
pub mod task;
mod thread;
mod trace;
pub mod tracker;
mod usage;
pub mod wait;
mod waiting;
mod waits;
mod walk;
mod want;
mod watcher;
mod withheld;
mod witness;

#[doc(hidden)]
pub use private as __private;
pub use {
    class_key::{ClassKey, set_class},
    context::{Blocked, Context, Inside, SIGNAL},
    declared::{set_cmp_fn, set_rank},
    dynamic::DynamicClass,
    exemption::{set_notrack, set_novalidate},
    found::Met,
    hook::{set_hook, take_hook},
    listing::held_locks,
    loss::losses,
    map::Map,
    pin::{pin_lock, repin_lock, unpin_lock},
    settings::{BacktraceStyle, Level, Reaction, Settings, Warnings},
    sibling::told_apart,
    task::holder::Task,
    tracker::Tracker,
};
