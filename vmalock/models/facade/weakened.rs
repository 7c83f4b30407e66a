//! What a run of the models weakens or leaves out: nothing, or what `VMALOCK_WEAKEN` names.

use std::sync::LazyLock;

static WEAKENED: LazyLock<Option<String>> = LazyLock::new(|| {
    let name = std::env::var("VMALOCK_WEAKEN").ok()?;
    assert!(
        crate::weakness::ALL.iter().any(|weakness| weakness.name == name),
        "VMALOCK_WEAKEN names nothing that can be weakened"
    );
    Some(name)
});

/// Whether this is weakened; `what` is the name of a variant of `Order` or `Step`.
pub(crate) fn is_weakened(what: &dyn std::fmt::Debug) -> bool {
    match &*WEAKENED {
        None => false,
        Some(name) => format!("{what:?}") == *name,
    }
}

/// Whether anything is.
pub(crate) fn is_any() -> bool {
    WEAKENED.is_some()
}
