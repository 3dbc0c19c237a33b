//! The limit of open files: every connection is one.

/// How many files a process may have open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the two that systems know")]
pub struct Limit {
    /// What holds; nothing is no limit.
    pub soft: Option<u64>,
    /// What the process may raise it to by itself; nothing is no limit.
    pub hard: Option<u64>,
}

/// The limit of this process. Elsewhere than on Unix there is none.
#[cfg(unix)]
pub fn limit() -> Limit {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile);
    Limit {
        soft: limit.current,
        hard: limit.maximum,
    }
}

/// The limit of this process. Elsewhere than on Unix there is none.
#[cfg(not(unix))]
pub fn limit() -> Limit {
    Limit::default()
}

/// Raises the soft limit to the hard one, as far as the system lets us. What it stays at decides how
/// many connections there may be.
#[cfg(unix)]
pub fn raise() {
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
pub fn raise() {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn after_raising_it_stands_at_what_is_allowed() {
        raise();
        let limit = limit();
        #[cfg(target_os = "linux")]
        assert_eq!(limit.soft, limit.hard);
        assert!(limit.soft.is_none_or(|soft| soft > 0));
    }
}
