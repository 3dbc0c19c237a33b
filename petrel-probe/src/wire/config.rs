//! How bytes are read, and what comes of them.

use crate::{exchange::Message, keyring::Keyring};
use petrel::wire::PAYLOAD_MAX_DEFAULT;
use std::sync::Arc;

/// Whether messages carry MACs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "they do, they do not, or it is found out"
)]
pub enum Macs {
    /// It is found out with the first message of each side.
    #[default]
    Auto,
    /// They do.
    Yes,
    /// They do not.
    No,
}

/// How bytes are read.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a user may set")]
pub struct FramerConfig {
    /// Keys that MACs are tried with.
    pub keyring: Arc<Keyring>,
    /// Whether messages carry MACs. Defaults to finding out.
    pub macs: Macs,
    /// The longest payload in bytes that is kept. Defaults to 4 MiB.
    pub payload_max: u32,
    /// Whether messages say where their bytes lie in the file. Defaults to not.
    pub extents: bool,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message and what was before it"
)]
pub struct Framed {
    /// The message.
    pub message: Message,
    /// Bytes that were passed over before it, because no frame was found in them.
    pub skipped: u64,
    /// Whether messages may be missing before it.
    pub after_loss: bool,
}

impl Default for FramerConfig {
    fn default() -> Self {
        Self {
            keyring: Arc::default(),
            macs: Macs::Auto,
            payload_max: PAYLOAD_MAX_DEFAULT,
            extents: false,
        }
    }
}
