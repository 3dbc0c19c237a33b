//! Bytes to frames and frames to bytes.
//!
//! This module does no I/O, knows no async runtime, reads no clock and keeps no state between calls:
//! bytes come in as a slice, a decision comes out. It is what every part of the toolkit stands on,
//! and it builds alone: `cargo build --no-default-features`.
//!
//! Every message in either direction is one frame:
//!
//! ```text
//! offset  size  field
//!      0     2  status           u16, little-endian
//!      2     4  sequence number  u32, little-endian
//!      6     1  request length   R
//!      7     4  payload length   P, u32, little-endian
//!     11     R  request text     the request's name
//!   11+R     P  payload          opaque bytes
//! 11+R+P    44  MAC              base64 of HMAC-SHA256(key, payload); only where both ends have a key
//! ```
//!
//! Nothing in the header says whether a MAC follows: both ends are configured alike, or the framing
//! turns to nonsense. The MAC covers the payload only. Status, sequence and name are not
//! authenticated, there is no nonce, and a signed frame can be replayed: use TLS beside it.
//!
//! # Example: one frame there and back
//!
//! ```
//! use petrel::wire::{Codec, Decoded, Frame, Status};
//!
//! let codec = Codec::new();
//! let request = Frame { status: Status::NONE, sequence: 1, name: b"echo", payload: b"hello" };
//! let mut bytes = Vec::new();
//! codec.encode(&request, &mut bytes)?;
//!
//! // However the bytes come in, the answer is the same: need more, until the frame is whole.
//! assert_eq!(codec.decode(&bytes[..3])?, Decoded::NeedMore { at_least: 8 });
//! assert_eq!(codec.decode(&bytes)?, Decoded::Frame { frame: request, len: bytes.len() });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod codec;
mod error;
mod escape;
mod frame;
mod header;
mod limits;
mod mac;
mod response;
mod status;

pub use answer::{AnswerError, Expected};
pub use codec::{Codec, Decoded, Draft};
pub use error::{DecodeError, EncodeError};
pub use escape::Escaped;
pub use frame::Frame;
pub use header::Header;
pub use limits::{
    HEADER_LEN, MAC_LEN, NAME_LEN_MAX, PAYLOAD_MAX_DEFAULT, PROTOCOL_CHECK, PROTOCOL_VERSION,
};
pub use mac::{EmptyKey, MacKey};
pub use response::Response;
pub use status::{Level, Status};
