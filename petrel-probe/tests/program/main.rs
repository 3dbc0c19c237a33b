//! The program as its users run it.

mod itself;
mod record;
#[cfg(unix)]
mod terminal;
