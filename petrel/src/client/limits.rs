//! The table of the client's limits.

use crate::net::limits;

const MIB: u64 = 1 << 20;
/// A day in milliseconds: the longest deadline that makes sense.
const DAY: u64 = 24 * 60 * 60 * 1000;

limits! {
    /// What a client takes from its server, and how long it waits.
    pub struct ClientLimits;

    connect_timeout: Milliseconds = 5_000, 1..=DAY,
        "Time from the call to a connection that is ready: name, TCP, TLS and protocol check together.";
    tls_timeout: Milliseconds = 5_000, 1..=DAY,
        "Time for the TLS handshake, within `connect_timeout`.";
    request_timeout: Milliseconds = 30_000, 1..=DAY,
        "Time from a call to its answer, waiting for its turn included. The connection stays usable: the \
         late answer is thrown away when it comes.";
    quit_timeout: Milliseconds = 1_000, 0..=DAY,
        "How long quitting waits for the server to close its side.";
    answer_max: Bytes = 4 * MIB, 0..=0xffff_ffff,
        "Longest payload of an answer. A longer one is an error that ends the connection; nothing is \
         reserved for it.";
    request_max: Bytes = 4 * MIB, 0..=0xffff_ffff,
        "Longest payload of a request: the server's limit, as far as it is known. A longer one is an \
         error before anything is sent.";
    in_flight_max: Count = 64, 1..=0xffff,
        "How many requests may be under way at once on the connection. 1 is lock-step, which some \
         servers need. More keeps the connection busier and holds more memory.";
    read_chunk: Bytes = 16 << 10, 512..=64 * MIB,
        "What the buffer of a large answer begins with; it doubles as bytes come in.";
    keepalive_idle: Milliseconds = 60_000, 0..=32_767_000, zero "no keep-alive",
        "How long a TCP connection is silent before the server is probed. The system counts in seconds.";
    keepalive_interval: Milliseconds = 10_000, 1_000..=32_767_000,
        "Time between two probes.";
    keepalive_probes: Count = 6, 1..=127,
        "How many probes may stay unanswered before the connection is given up.";
    nodelay: Count = 1, 0..=1, zero "off",
        "TCP_NODELAY: requests go out at once.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let rows: Vec<_> = ClientLimits::TABLE
            .iter()
            .map(|row| (row.name, row.default))
            .collect();
        let documented = [
            ("connect_timeout", 5_000),
            ("tls_timeout", 5_000),
            ("request_timeout", 30_000),
            ("quit_timeout", 1_000),
            ("answer_max", 4_194_304),
            ("request_max", 4_194_304),
            ("in_flight_max", 64),
            ("read_chunk", 16_384),
            ("keepalive_idle", 60_000),
            ("keepalive_interval", 10_000),
            ("keepalive_probes", 6),
            ("nodelay", 1),
        ];
        assert_eq!(rows, documented);
    }

    #[test]
    fn no_wait_is_longer_than_a_day() {
        for name in [
            "connect_timeout",
            "tls_timeout",
            "request_timeout",
            "quit_timeout",
        ] {
            let mut limits = ClientLimits::new();
            assert_eq!(limits.set(name, 86_400_000), Ok(()), "{name}");
            assert!(limits.set(name, 86_400_001).is_err(), "{name}");
        }
    }
}
