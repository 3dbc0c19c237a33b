//! What bytes look like: a MAC, a header, or neither.

use crate::exchange::Side;
use petrel::wire::{HEADER_LEN, Header, MAC_LEN, Status};

/// An answer about bytes of which the rest is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Yes,
    No,
    /// As far as the bytes go they fit.
    Perhaps,
}

/// Whether bytes begin with a MAC: 32 bytes in padded base64.
pub(super) fn mac(bytes: &[u8]) -> Likeness {
    for (at, byte) in bytes.iter().take(MAC_LEN).enumerate() {
        let fits = match at {
            // The last character but the padding holds four bits, so its lower two are none.
            42 => b"AEIMQUYcgkosw048".contains(byte),
            43 => *byte == b'=',
            _ => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
        };
        if !fits {
            return Likeness::No;
        }
    }
    if bytes.len() >= MAC_LEN {
        Likeness::Yes
    } else {
        Likeness::Perhaps
    }
}

/// Whether bytes begin with a header and a name as a conversation would have them, and the header.
pub(super) fn header(bytes: &[u8], side: Side, payload_max: u32) -> (Likeness, Option<Header>) {
    let Some((head, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return (Likeness::Perhaps, None);
    };
    let header = Header::parse(head);
    // The original client sends the status of the answer before, so a request may carry any that an
    // answer may.
    let Status(status) = header.status;
    let may_be_status = match side {
        Side::Client => status == 0 || status > 1024 || is_assigned(status),
        Side::Server => status > 1024 || is_assigned(status),
    };
    // Without a name only what the protocol itself says: a notice before any request.
    let may_be_nameless = matches!(status, 198 | 401 | 498) && side == Side::Server;
    let name_len = usize::from(header.name_len);
    if !may_be_status || header.payload_len > payload_max || (name_len == 0 && !may_be_nameless) {
        return (Likeness::No, None);
    }
    let is_whole = rest.len() >= name_len;
    let name = rest.get(..name_len).unwrap_or(rest);
    let is_text = match std::str::from_utf8(name) {
        Ok(text) => !text.chars().any(char::is_control),
        // A character that the bytes so far cut in two.
        Err(error) => !is_whole && error.error_len().is_none(),
    };
    match (is_text, is_whole) {
        (false, _) => (Likeness::No, None),
        (true, true) => (Likeness::Yes, Some(header)),
        (true, false) => (Likeness::Perhaps, Some(header)),
    }
}

const fn is_assigned(status: u16) -> bool {
    matches!(
        status,
        100 | 101 | 198 | 199 | 200 | 400..=402 | 497..=502 | 599
    )
}
