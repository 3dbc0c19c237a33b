//! The program as its users run it.

#[cfg(unix)]
mod terminal;
