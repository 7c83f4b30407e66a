//! The parity suite over `instrumented::sync`, tracked or not as the features say.

use instrumented::{io, sync};

mod parity;
