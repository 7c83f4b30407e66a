//! Models of `vmalock`: its own sources, included file by file, on the primitives of loom and
//! shuttle.
//!
//! What the models replace is `sync` and `events` (see `facade`); every other file is the one that
//! users get. So no flag of the compiler and no feature is needed, and the models run with every
//! `cargo test`.
//!
//! | test | runs under | what |
//! |---|---|---|
//! | `ordering` | loom | few threads, every interleaving up to a bound of preemptions, and every value that an access of its ordering may see |
//! | `schedules` | shuttle | more threads, random schedules |
//! | `defended` | | runs models with an ordering weakened or a step left out; each must fail then |
//!
//! `vmalock/models/table.sh` prints how many executions each explored, and the table of what
//! catches what.
