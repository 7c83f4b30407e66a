//! Programs whose truth is known, for the oracle itself.

/// Programs whose truth is known: runs, whether two copies of each can deadlock.
pub(crate) const KNOWN: [(&str, bool); 48] = [
    ("W(A) W(B) ; W(B) W(A)", true),
    ("W(A) W(B) ; W(A) W(B)", false),
    ("W(A) W(B) -A -B W(B) W(A)", true),
    ("W(A) W(B) ; W(B) W(C) ; W(C) W(A)", true),
    // A gate keeps the two sides apart, unless it is given back too early.
    ("W(G) W(A) W(B) ; W(G) W(B) W(A)", false),
    ("W(G) W(A) -G W(B) ; W(G) W(B) -G W(A)", true),
    ("r(G) W(A) W(B) ; W(G) W(B) W(A)", false),
    ("r(G) W(A) W(B) ; r(G) W(B) W(A)", true),
    // Locks held twice, and locks of one class.
    ("W(A) W(A)", true),
    ("r(A) W(A)", true),
    ("W(A) R(A)", true),
    ("W(X1) W(X2)", false),
    ("W(X1) W(X2) ; W(X2) W(X1)", true),
    // The class alone says that nobody blocks between the first run and the last.
    ("W(B) R(X1) ; W(X1) W(X2) ; R(X2) W(B)", true),
    ("W(B) R(X1) ; R(X1) W(X2) ; R(X2) W(B)", false),
    ("r(A) r(A)", false),
    ("r(A) r(A) ; W(A)", true),
    ("R(A) R(A) ; W(A)", false),
    ("r(A) R(A) ; W(A)", false),
    ("R(A) r(A) ; W(A)", true),
    // Readers of two locks need a writer between them, recursive ones are not impressed by it.
    ("r(A) W(B) ; W(B) r(A)", false),
    ("r(A) W(B) ; W(B) r(A) ; W(A)", true),
    ("R(A) W(B) ; W(B) R(A) ; W(A)", false),
    ("R(A) W(B) ; W(B) W(A)", true),
    ("r(A) r(B) ; r(B) r(A)", false),
    ("r(A) r(B) ; r(B) r(A) ; W(A)", false),
    ("r(A) r(B) ; r(B) r(A) ; W(A) -A W(B)", true),
    ("R(A) R(B) ; R(B) R(A) ; W(A) -A W(B)", false),
    ("W(A) R(B) ; W(B) R(A)", true),
    ("W(A) R(B) ; R(B) R(C) ; W(C) W(A)", false),
    // A try-lock does not wait; what it took makes others wait.
    ("W(A) tryW(B) ; W(B) W(A)", false),
    ("tryW(A) W(B) ; tryW(B) W(A)", true),
    ("tryW(A) tryW(B) ; tryW(B) tryW(A)", false),
    ("W(A) tryW(A) W(B)", false),
    // A gate that is only tried is none: the one that does not get it goes on.
    ("tryW(G) W(A) W(B) ; tryW(G) W(B) W(A)", true),
    // Downgraded, a lock is no obstacle for readers.
    ("W(A) down(A) W(B) ; W(B) R(A)", false),
    ("W(A) -A R(A) W(B) ; W(B) R(A)", false),
    ("W(A) down(A) r(A)", true),
    // Two that downgrade it cannot both hold it.
    ("W(K) down(K) W(A) W(B) ; W(K) down(K) W(B) W(A)", false),
    ("W(K) down(K) W(A) W(B) ; r(K) W(B) W(A)", true),
    // The writer between two readers is one more task, with holds of its own.
    ("r(A) W(B) ; W(B) r(A) ; W(C) W(A)", true),
    ("W(C) r(A) W(B) ; W(B) r(A) ; W(C) W(A)", false),
    ("W(C) r(A) r(A) ; W(C) W(A)", false),
    ("r(A) r(A) ; tryW(A)", false),
    ("U(K) W(A) W(B) ; U(K) W(B) W(A)", false),
    // Waiting for sections to end.
    ("R(S) W(A) ; sync(S)", false),
    ("R(S) W(A) ; W(A) sync(S)", true),
    ("R(S) sync(S)", true),
];
