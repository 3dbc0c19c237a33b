//! Whether measurements on this machine can be believed: what it withholds and allows, judged before any
//! server is measured.

mod checks;
mod facts;
mod finding;

pub use checks::diagnose;
pub use facts::{Facts, Headroom};
pub use finding::{Diagnosis, Finding, State};
