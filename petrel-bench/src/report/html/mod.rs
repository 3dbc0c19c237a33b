//! A measurement as one page: no script, nothing from elsewhere, and nothing from a record unescaped.

mod axis;
mod chart;
mod curve;
mod find;
mod over_time;
mod page;
mod run;
mod series;
mod sweep;

pub use find::find;
pub use run::run;
pub use sweep::sweep;
