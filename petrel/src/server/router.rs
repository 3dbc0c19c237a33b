//! Which handler answers which name.

use super::handler::Handler;
use crate::wire::{NAME_LEN_MAX, PROTOCOL_CHECK};
use std::{fmt, sync::Arc};

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
///
/// Routes of one length lie together, sorted: most names are told apart by their length alone, and
/// the bytes of a stranger need no hash.
#[derive(Default)]
pub(super) struct Router {
    by_len: Vec<Vec<Route>>,
}

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
        if self.by_len.len() <= name.len() {
            self.by_len.resize_with(name.len() + 1, Vec::new);
        }
        let routes = &mut self.by_len[name.len()];
        let Err(at) = find(routes, name.as_bytes()) else {
            return Err(RegisterError::Taken(name.to_owned()));
        };
        let name = name.into();
        routes.insert(at, Route { name, handler });
        Ok(())
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Route> {
        let routes = self.by_len.get(name.len())?;
        routes.get(find(routes, name).ok()?)
    }
}

fn find(routes: &[Route], name: &[u8]) -> Result<usize, usize> {
    routes.binary_search_by(|route| route.name.as_bytes().cmp(name))
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.by_len.iter().flatten().map(|route| &route.name);
        f.debug_set().entries(names).finish()
    }
}
