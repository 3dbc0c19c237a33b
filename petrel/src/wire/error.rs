//! What can be wrong with bytes that came in, and with a message that is to go out.

use super::{NAME_LEN_MAX, limits::HEADER_LEN};

/// Why the bytes at the front of the input are not a frame that this receiver takes.
///
/// All of them are the sender's doing, or come of two ends that are configured differently. None can
/// be got over: the place in the stream is lost or the peer is not to be trusted, so the connection
/// ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The header claims more payload than the receiver takes. Found from header and request text
    /// alone: nothing of the payload was waited for.
    #[error(
        "the header claims a payload of {claimed} bytes at offset 7, over the limit of {limit} \
         (a wild number also comes of MACs configured at one end only)"
    )]
    PayloadTooLong {
        /// The length that the header claims.
        claimed: u32,
        /// The receiver's limit.
        limit: u32,
    },
    /// The 44 bytes behind the payload are not canonical padded base64 of 32 bytes.
    #[error(
        "the 44 bytes at offset {at} are not a MAC in canonical base64 (are both ends configured \
         for MACs?)"
    )]
    MacMalformed {
        /// Offset of the MAC from the beginning of the frame.
        at: u64,
    },
    /// A well-formed MAC of another payload or another key.
    #[error("the MAC at offset {at} does not fit the payload (do both ends hold the same key?)")]
    MacMismatch {
        /// Offset of the MAC from the beginning of the frame.
        at: u64,
    },
}

impl DecodeError {
    /// Offset of the field that is wrong, from the beginning of the frame.
    pub const fn at(self) -> u64 {
        match self {
            Self::PayloadTooLong { .. } => HEADER_LEN as u64 - 4,
            Self::MacMalformed { at } | Self::MacMismatch { at } => at,
        }
    }

    /// Whether it is the MAC that is wrong.
    pub const fn is_mac(self) -> bool {
        matches!(self, Self::MacMalformed { .. } | Self::MacMismatch { .. })
    }
}

/// Why a message cannot be put into a frame: a mistake of the caller, found before a byte is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The request text does not fit its one length byte.
    #[error("the request text is {len} bytes long; at most {NAME_LEN_MAX} are possible")]
    NameTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// The payload is longer than the limit, or than its four length bytes can say.
    #[error("the payload is {len} bytes long, over the limit of {limit}")]
    PayloadTooLong {
        /// Its length in bytes.
        len: usize,
        /// What is possible.
        limit: u32,
    },
}

// They travel in every `Result` of the hot path.
const _: () = assert!(size_of::<DecodeError>() <= 16);
const _: () = assert!(size_of::<EncodeError>() <= 16);
