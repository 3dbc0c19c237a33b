//! What is set before a session is opened.

use crate::keyring::Keyring;
use petrel::{ClientTls, Endpoint, wire::PAYLOAD_MAX_DEFAULT};
use std::time::Duration;

/// Where a session goes, and how it speaks there.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Settings {
    /// The server.
    pub endpoint: Endpoint,
    /// What an endpoint under TLS needs; none without TLS.
    pub tls: Option<ClientTls>,
    /// The first key signs; an answer is taken if its MAC is right by any of them. Empty, answers are
    /// not verified.
    pub keys: Keyring,
    /// Whether frames carry MACs. With it and without keys the MACs of answers are read and left
    /// unjudged, and requests must bring theirs.
    pub macs: bool,
    /// Time for the name, TCP, TLS and the protocol check together. Defaults to 10 s.
    pub connect_timeout: Duration,
    /// Time for each answer. Defaults to 30 s.
    pub timeout: Duration,
    /// Longest payload of an answer, inclusive. Defaults to 4 MiB.
    pub payload_max: u32,
    /// Whether to begin with a protocol check. Defaults to true.
    pub protocol_check: bool,
    /// The number of the connection in its exchanges. Defaults to 1.
    pub connection: u32,
}

impl Settings {
    /// Without MACs and TLS, and the defaults of everything else.
    pub const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            tls: None,
            keys: Keyring::new(),
            macs: false,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            payload_max: PAYLOAD_MAX_DEFAULT,
            protocol_check: true,
            connection: 1,
        }
    }

    /// Signs requests and verifies answers, if there is a key among these.
    #[must_use]
    pub fn with_keys(mut self, keys: Keyring) -> Self {
        self.macs = !keys.is_empty();
        self.keys = keys;
        self
    }
}
