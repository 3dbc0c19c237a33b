//! The eleven bytes that every frame begins with.

use super::{HEADER_LEN, MAC_LEN, Status};

/// The fixed header of a frame.
///
/// Any eleven bytes are a header; whether the lengths are acceptable is for the
/// [`Codec`](super::Codec) to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the header of version 0 is complete"
)]
pub struct Header {
    /// The status; without meaning in a request.
    pub status: Status,
    /// The sequence number.
    pub sequence: u32,
    /// Length of the request text in bytes.
    pub name_len: u8,
    /// Length of the payload in bytes, as the sender claims it.
    pub payload_len: u32,
}

impl Header {
    /// Reads a header. All numbers are little-endian.
    pub const fn parse(bytes: &[u8; HEADER_LEN]) -> Self {
        let [s0, s1, q0, q1, q2, q3, name_len, p0, p1, p2, p3] = *bytes;
        Self {
            status: Status(u16::from_le_bytes([s0, s1])),
            sequence: u32::from_le_bytes([q0, q1, q2, q3]),
            name_len,
            payload_len: u32::from_le_bytes([p0, p1, p2, p3]),
        }
    }

    /// The header as it goes over the wire.
    pub const fn to_bytes(self) -> [u8; HEADER_LEN] {
        let [s0, s1] = self.status.0.to_le_bytes();
        let [q0, q1, q2, q3] = self.sequence.to_le_bytes();
        let [p0, p1, p2, p3] = self.payload_len.to_le_bytes();
        [s0, s1, q0, q1, q2, q3, self.name_len, p0, p1, p2, p3]
    }

    /// Length in bytes of the whole frame that this header begins, with or without a MAC.
    pub const fn frame_len(self, mac: bool) -> u64 {
        let mac_len = if mac { MAC_LEN } else { 0 };
        HEADER_LEN as u64 + self.name_len as u64 + self.payload_len as u64 + mac_len as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_where_the_format_says_in_little_endian() {
        let bytes = [
            0xc8, 0x00, 0x04, 0x03, 0x02, 0x01, 0x05, 0x0d, 0x0c, 0x0b, 0x0a,
        ];
        let header = Header {
            status: Status::OK,
            sequence: 0x0102_0304,
            name_len: 5,
            payload_len: 0x0a0b_0c0d,
        };
        assert_eq!(Header::parse(&bytes), header);
        assert_eq!(header.to_bytes(), bytes);
    }

    #[test]
    fn the_longest_frame_does_not_overflow() {
        let header = Header {
            name_len: 255,
            payload_len: u32::MAX,
            ..Header::default()
        };
        assert_eq!(header.frame_len(true), 11 + 255 + 0xffff_ffff + 44);
    }
}
