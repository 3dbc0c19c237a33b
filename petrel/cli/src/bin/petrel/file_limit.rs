//! The limit of open files: every connection is one.

/// Raises the soft limit to the hard one, as far as the system lets us. What it stays at decides how
/// many connections there may be.
#[cfg(unix)]
pub(crate) fn raise() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// What macOS takes where its hard limit is none at all, which it does not take.
    const WITHOUT_HARD_LIMIT: u64 = 10_240;
    let before = getrlimit(Resource::Nofile);
    let Some(soft) = before.current else {
        return;
    };
    for current in [before.maximum, Some(soft.max(WITHOUT_HARD_LIMIT))] {
        let wanted = Rlimit { current, ..before };
        match setrlimit(Resource::Nofile, wanted) {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, ?wanted, "the limit of open files stays"),
        }
    }
}

/// Elsewhere than on Unix there is no such limit.
#[cfg(not(unix))]
pub(crate) fn raise() {}
