//! How a run is shown: text for people, JSON for programs. Nothing here does any I/O.

pub(crate) mod json;
pub(crate) mod table;
pub(crate) mod text;
