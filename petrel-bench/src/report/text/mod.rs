//! What a person reads on a terminal after a measurement.

mod find;
mod lines;
mod run;
mod sweep;
mod table;

pub use find::find;
pub use run::run;
pub use sweep::sweep;
