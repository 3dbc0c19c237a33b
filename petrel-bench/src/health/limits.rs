//! What the system allows: open files, local ports, connections that wait to be accepted.

use petrel_cli::{Failure, open_files};
use std::{fs, str::FromStr};

/// Files that are open beside connections: terminal, results, timers, the runtimes of the threads.
const OTHER_FILES: u64 = 64;

/// Open files that so many connections need; both ends of each count if the server is in this process.
pub const fn files_needed(connections: u32, embedded: bool) -> u64 {
    let ends = if embedded { 2 } else { 1 };
    connections as u64 * ends + OTHER_FILES
}

/// Connections that so many open files do for.
pub const fn connections_within(files: u64, embedded: bool) -> u64 {
    let ends = if embedded { 2 } else { 1 };
    files.saturating_sub(OTHER_FILES) / ends
}

/// Raises the limit of open files as far as it goes, and sees whether it does for so many connections.
///
/// # Errors
/// If it does not; the message says what would be enough, and how to get there.
pub fn check_connections(connections: u32, embedded: bool) -> Result<(), Failure> {
    open_files::raise();
    within(connections, embedded, open_files::limit())
}

fn within(connections: u32, embedded: bool, limit: open_files::Limit) -> Result<(), Failure> {
    let needed = files_needed(connections, embedded);
    match limit.soft {
        Some(files) if files < needed => {
            let most = connections_within(files, embedded);
            let ends = if embedded {
                "both ends of each are in this process"
            } else {
                "each is one"
            };
            Err(Failure::usage(format!(
                "{connections} connections need {needed} open files ({ends}), and this process may \
                 have {files}: ask for at most {most}, or raise the limit first with `{}`",
                raise_command(needed)
            )))
        }
        _ => Ok(()),
    }
}

/// The command that lets the shell it is given in, and all that it starts, open so many files.
pub fn raise_command(files: u64) -> String {
    format!("sudo prlimit --pid $$ --nofile={files}:{files}")
}

/// Local ports that the system gives to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends")]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl PortRange {
    /// How many there are: connections at once from one address of this machine to one server.
    pub const fn count(self) -> u32 {
        // `u32::from` is not const.
        (self.last as u32 + 1).saturating_sub(self.first as u32)
    }
}

/// The local ports for connections; nothing where that is not told (elsewhere than on Linux).
pub fn port_range() -> Option<PortRange> {
    parse_ports(&fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?)
}

/// Connections that may wait to be accepted, at the most, whatever a server asks for; nothing where
/// that is not told (elsewhere than on Linux).
pub fn backlog_max() -> Option<u32> {
    number(&fs::read_to_string("/proc/sys/net/core/somaxconn").ok()?)
}

fn parse_ports(told: &str) -> Option<PortRange> {
    let (first, last) = told.trim().split_once(char::is_whitespace)?;
    Some(PortRange {
        first: number(first)?,
        last: number(last)?,
    })
}

fn number<T: FromStr>(told: &str) -> Option<T> {
    told.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_and_files_are_two_sides_of_one_limit() {
        for (connections, embedded, files) in
            [(0, false, 64), (1_000, false, 1_064), (1_000, true, 2_064)]
        {
            assert_eq!(files_needed(connections, embedded), files);
            assert_eq!(connections_within(files, embedded), u64::from(connections));
        }
        assert_eq!(connections_within(10, false), 0);
        assert_eq!(connections_within(65, true), 0, "half a connection is none");
    }

    #[test]
    fn too_few_files_are_told_with_what_would_do() {
        let limit = |soft| open_files::Limit { soft, hard: soft };
        assert_eq!(within(960, false, limit(Some(1_024))), Ok(()));
        assert_eq!(within(u32::MAX, true, limit(None)), Ok(()));
        let refused = within(961, false, limit(Some(1_024)))
            .unwrap_err()
            .to_string();
        for part in [
            "need 1025 open files",
            "may have 1024",
            "at most 960",
            "--nofile=1025:1025",
        ] {
            assert!(refused.contains(part), "{refused}");
        }
        let refused = within(961, true, limit(Some(1_024)))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("at most 480"), "{refused}");
    }

    #[test]
    fn ranges_of_ports_are_read_and_counted() {
        let range = parse_ports("32768\t60999\n").unwrap();
        assert_eq!(
            (range.first, range.last, range.count()),
            (32_768, 60_999, 28_232)
        );
        assert_eq!(parse_ports("1 65535").map(PortRange::count), Some(65_535));
        assert_eq!(parse_ports("9 1").map(PortRange::count), Some(0));
        for wrong in ["", "1", "1 70000", "a b"] {
            assert_eq!(parse_ports(wrong), None, "{wrong:?}");
        }
    }
}
