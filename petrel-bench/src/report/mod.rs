//! How a measurement is shown: text for people, JSON for programs, a page to read in. Each is made
//! from a record and nothing else; nothing here does any I/O.

mod facts;
mod findings;
#[cfg(test)]
mod hostile;
pub mod html;
pub mod json;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod schema;
pub mod text;
mod words;
