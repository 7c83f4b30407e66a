//! The parity suite over the real types: it must describe the standard library before it may judge
//! a stand-in.

use std::{io, sync};

mod parity;
