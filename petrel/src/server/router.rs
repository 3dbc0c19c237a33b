//! Which handler answers which name.

use super::handler::Handler;
use crate::wire::{NAME_LEN_MAX, PROTOCOL_CHECK};
use std::{collections::HashMap, fmt, sync::Arc};

/// Why a handler cannot be registered under a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is empty: an empty request text is answered 401 before any handler is looked for.
    #[error("a handler cannot be registered under an empty name")]
    Empty,
    /// The name does not fit its length byte.
    #[error(
        "a handler's name has at most {NAME_LEN_MAX} bytes; the one that begins with {begin:?} has \
         {len}"
    )]
    TooLong {
        /// Its first characters.
        begin: String,
        /// Its length in bytes.
        len: usize,
    },
    /// The name is taken.
    #[error("two handlers are registered under the name {0:?}")]
    Taken(String),
    /// The protocol check is the server's own.
    #[error("the name {PROTOCOL_CHECK} belongs to the protocol check")]
    Reserved,
}

/// A handler and the name that it is registered under.
pub(super) struct Route {
    pub(super) name: Arc<str>,
    pub(super) handler: Handler,
}

/// The handlers by name; fixed once the server runs.
#[derive(Default)]
pub(super) struct Router(HashMap<Box<[u8]>, Route>);

impl Router {
    pub(super) fn add(&mut self, name: &str, handler: Handler) -> Result<(), RegisterError> {
        if name.is_empty() {
            return Err(RegisterError::Empty);
        }
        if name.len() > NAME_LEN_MAX {
            let begin = name.chars().take(32).collect();
            return Err(RegisterError::TooLong {
                begin,
                len: name.len(),
            });
        }
        if name == PROTOCOL_CHECK {
            return Err(RegisterError::Reserved);
        }
        if self.0.contains_key(name.as_bytes()) {
            return Err(RegisterError::Taken(name.to_owned()));
        }
        self.0.insert(
            name.as_bytes().into(),
            Route {
                name: name.into(),
                handler,
            },
        );
        Ok(())
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Route> {
        self.0.get(name)
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.values().map(|route| &route.name))
            .finish()
    }
}
