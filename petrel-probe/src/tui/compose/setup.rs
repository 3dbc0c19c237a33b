//! What the composer is opened with.

use crate::keyring::Keyring;
use petrel::wire::PAYLOAD_MAX_DEFAULT;
use petrel_cli::{ClientTlsArgs, Target};
use std::{path::PathBuf, time::Duration};

/// What the composer and the worker behind it are opened with.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made by the command line, all of it"
)]
pub struct Setup {
    /// Where requests go at first; none: the user says.
    pub target: Option<Target>,
    /// The keys that can sign. At first the first one does.
    pub keys: Keyring,
    /// For each key the arguments that name it, as words for a shell.
    pub key_words: Vec<Vec<String>>,
    /// Whom to trust at targets under TLS.
    pub tls: ClientTlsArgs,
    /// Time for connecting. Defaults to 10 s.
    pub connect_timeout: Duration,
    /// Time for each answer at first. Defaults to 30 s.
    pub timeout: Duration,
    /// Longest payload of an answer, inclusive. Defaults to 4 MiB.
    pub payload_max: u32,
    /// Number of the first connection in its exchanges; others count on from there. Defaults to 1.
    pub first_connection: u32,
    /// Where targets and names are remembered; none: nowhere.
    pub history: Option<PathBuf>,
}

impl Setup {
    /// Time for each answer, if nothing else is said: that of `petrel-probe send`.
    pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            target: None,
            keys: Keyring::new(),
            key_words: Vec::new(),
            tls: ClientTlsArgs::default(),
            connect_timeout: Duration::from_secs(10),
            timeout: Self::TIMEOUT,
            payload_max: PAYLOAD_MAX_DEFAULT,
            first_connection: 1,
            history: None,
        }
    }
}
