//! The program as its users run it.

mod itself;
mod record;
