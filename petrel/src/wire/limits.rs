//! The numbers of the format.

/// Length of the fixed header in bytes.
pub const HEADER_LEN: usize = 11;

/// Longest request text in bytes; its length is one byte of the header.
pub const NAME_LEN_MAX: usize = 255;

/// Length of a MAC on the wire: 32 bytes in padded base64.
pub const MAC_LEN: usize = 44;

/// The payload limit a receiver has unless it is told another: 4 MiB, the documented maximum.
pub const PAYLOAD_MAX_DEFAULT: u32 = 4 << 20;

/// The request text of the protocol check, which a client sends first.
pub const PROTOCOL_CHECK: &str = "PROTOCHECK";

/// The version of the protocol that this crate speaks.
pub const PROTOCOL_VERSION: u8 = 0;

const _: () = assert!(PROTOCOL_CHECK.len() <= NAME_LEN_MAX);
const _: () = assert!(MAC_LEN == 32_usize.div_ceil(3) * 4);
