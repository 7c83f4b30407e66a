//! How long an async task awaits what it awaits.

/// What ends an await, beside that which is awaited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Patience {
    /// Nothing.
    #[default]
    Endless,
    /// Something else that is awaited at the same time, as in `select!`, which may come or not.
    OneOfSeveral,
    /// The time, whatever happens.
    Timed,
}
