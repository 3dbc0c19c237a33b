//! The table of the server's limits.

use crate::net::limits;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// A day in milliseconds: the longest deadline that makes sense.
const DAY: u64 = 24 * 60 * 60 * 1000;

limits! {
    /// What a server allows its clients, and how long it waits for them.
    ///
    /// ```
    /// use petrel::{Server, ServerLimits};
    /// use std::time::Duration;
    ///
    /// let limits = ServerLimits::new()
    ///     .payload_max(64 << 10)
    ///     .idle_timeout(Duration::from_secs(300));
    /// let builder = Server::builder().limits(limits);
    /// # let _ = builder;
    /// ```
    pub struct ServerLimits;

    payload_max: Bytes = 4 * MIB, 1..=0xffff_ffff, closes PayloadLimit,
        "Longest payload of a request. A longer one is refused from its header. A larger limit lets \
         one client hold more memory, as its bytes come in; it never reserves it beforehand.";
    answer_max: Bytes = 4 * MIB, 0..=0xffff_ffff,
        "Longest payload of an answer. A handler that gives more is answered for with 501. Clients \
         have a limit of their own, usually 4 MiB.";
    payload_budget: Bytes = 256 * MIB, 0..=0xffff_ffff_ffff, closes PayloadBudget,
        "What the large payloads of all connections may hold together. A payload that does not fit is \
         answered 402. A larger budget serves more of them at once, a smaller one protects the \
         machine.";
    connections_max: Count = 0, 0..=0xffff_ffff, zero "what the limit of open files leaves, less 64",
        closes ConnectionLimit,
        "How many connections there may be. At the cap the oldest one that has completed no request \
         makes room; if there is none, the new one is closed.";
    connections_per_address_max: Count = 0, 0..=0xffff_ffff, zero "no cap", closes AddressLimit,
        "How many connections one IP address may have. A cap keeps one client from taking every place; \
         it also hits many clients behind one address.";
    first_frame_timeout: Milliseconds = 10_000, 1..=DAY, closes FirstFrameTimeout,
        "Time from accepting a connection to its first complete frame, TLS handshake included. Shorter \
         frees the places of silent connections sooner, longer suits slow links.";
    frame_timeout: Milliseconds = 30_000, 1..=DAY, closes FrameTimeout,
        "Time from the first byte of a later frame to its last. It is absolute: a peer that trickles \
         bytes does not extend it. Longer suits large payloads over slow links.";
    frame_rate_min: BytesPerSecond = KIB, 0..=0xffff_ffff, zero "no minimum", closes FrameTooSlow,
        "How fast a frame that was begun must come on average, once `frame_rate_grace` has passed. A \
         higher rate frees the places of trickling peers sooner and turns away slow links.";
    frame_rate_grace: Milliseconds = 5_000, 0..=DAY,
        "How long a frame may be under way before `frame_rate_min` is asked of it.";
    idle_timeout: Milliseconds = 0, 0..=DAY, zero "none", closes IdleTimeout,
        "How long a connection may ask for nothing. None by default: an idle connection costs about a \
         kilobyte, and TCP keep-alive finds those whose peer is gone.";
    handler_timeout: Milliseconds = 0, 0..=DAY, zero "none", closes HandlerTimeout,
        "How long an async handler may take; then it is dropped and its connection cut. Without a limit \
         a handler that waits for ever keeps the connection of a client that left with an orderly end, \
         because such a client is owed its answer.";
    write_timeout: Milliseconds = 30_000, 1..=DAY, closes WriteStalled,
        "How long a peer may take none of the bytes that are ready for it. Shorter frees the memory of \
         its answers sooner.";
    unsent_max: Bytes = 256 * KIB, 1..=0xffff_ffff,
        "Above so many bytes of unsent answers no further request of the connection is read or handled. \
         Larger keeps deep pipelines busy, smaller bounds the memory of peers that do not read.";
    read_chunk: Bytes = 16 * KIB, 512..=64 * MIB,
        "What the buffer of a large payload begins with; it doubles as bytes come in. Larger means fewer \
         copies, smaller means that a peer which announces much and sends nothing costs less.";
    frames_per_turn: Count = 128, 1..=0xffff_ffff,
        "How many requests of one connection are handled before others get their turn. Larger favours \
         deep pipelines, smaller the latency of the neighbours.";
    bytes_per_turn: Bytes = 64 * KIB, 1..=0xffff_ffff,
        "How many bytes of one connection are read before others get their turn.";
    drain_timeout: Milliseconds = 10_000, 0..=DAY, closes Cut,
        "How long a shutdown waits for requests that are being handled. Then the rest is cut.";
    linger_timeout: Milliseconds = 1_000, 0..=DAY,
        "How long a connection that we closed is still read, and what comes is thrown away, so that the \
         last answer is not destroyed by a reset.";
    linger_max: Bytes = 256 * KIB, 0..=0xffff_ffff,
        "How much is thrown away at most after closing.";
    accept_backoff_min: Milliseconds = 10, 1..=DAY,
        "First pause after the system could not give us a connection, for want of open files for \
         instance. It doubles with every failure in a row.";
    accept_backoff_max: Milliseconds = 1_000, 1..=DAY,
        "Longest pause after the system could not give us a connection.";
    keepalive_idle: Milliseconds = 60_000, 0..=32_767_000, zero "no keep-alive",
        "How long a TCP connection is silent before its peer is probed. The system counts in seconds.";
    keepalive_interval: Milliseconds = 10_000, 1_000..=32_767_000,
        "Time between two probes.";
    keepalive_probes: Count = 6, 1..=127,
        "How many probes may stay unanswered before the connection is given up.";
    nodelay: Count = 1, 0..=1, zero "off",
        "TCP_NODELAY: answers go out at once. Every wakeup makes one write, so there is nothing to gain \
         by waiting.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CloseReason, LimitError};
    use std::time::Duration;

    #[test]
    fn every_row_can_be_set_to_its_edges_and_read_back() {
        let mut limits = ServerLimits::new();
        for row in ServerLimits::TABLE {
            assert_eq!(limits.get(row.name), Some(row.default), "{}", row.name);
            for value in [row.min, row.max] {
                limits.set(row.name, value).unwrap();
                assert_eq!(limits.get(row.name), Some(value), "{}", row.name);
            }
            let over = LimitError::OutOfRange {
                name: row.name,
                value: row.max + 1,
                min: row.min,
                max: row.max,
            };
            assert_eq!(limits.set(row.name, row.max + 1), Err(over));
            assert_eq!(
                limits.get(row.name),
                Some(row.max),
                "{} is left alone",
                row.name
            );
        }
        assert_eq!(limits.set("payload", 1), Err(LimitError::Unknown));
        assert_eq!(ServerLimits::new().check(), Ok(()));
        assert!(
            ServerLimits::new()
                .frame_timeout(Duration::ZERO)
                .check()
                .is_err()
        );
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let rows: Vec<_> = ServerLimits::TABLE
            .iter()
            .map(|row| (row.name, row.default))
            .collect();
        let documented = [
            ("payload_max", 4_194_304),
            ("answer_max", 4_194_304),
            ("payload_budget", 268_435_456),
            ("connections_max", 0),
            ("connections_per_address_max", 0),
            ("first_frame_timeout", 10_000),
            ("frame_timeout", 30_000),
            ("frame_rate_min", 1_024),
            ("frame_rate_grace", 5_000),
            ("idle_timeout", 0),
            ("handler_timeout", 0),
            ("write_timeout", 30_000),
            ("unsent_max", 262_144),
            ("read_chunk", 16_384),
            ("frames_per_turn", 128),
            ("bytes_per_turn", 65_536),
            ("drain_timeout", 10_000),
            ("linger_timeout", 1_000),
            ("linger_max", 262_144),
            ("accept_backoff_min", 10),
            ("accept_backoff_max", 1_000),
            ("keepalive_idle", 60_000),
            ("keepalive_interval", 10_000),
            ("keepalive_probes", 6),
            ("nodelay", 1),
        ];
        assert_eq!(rows, documented);
    }

    #[test]
    fn no_deadline_is_later_than_a_day() {
        let names = ServerLimits::TABLE.iter().map(|row| row.name);
        for name in names.filter(|name| name.ends_with("_timeout")) {
            let mut limits = ServerLimits::new();
            assert_eq!(limits.set(name, 86_400_000), Ok(()), "{name}");
            assert!(limits.set(name, 86_400_001).is_err(), "{name}");
        }
    }

    #[test]
    fn a_close_reason_of_a_limit_stands_in_one_row_only() {
        let mut reasons: Vec<CloseReason> = ServerLimits::TABLE
            .iter()
            .filter_map(|row| row.closes)
            .collect();
        let rows = reasons.len();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), rows);
    }
}
