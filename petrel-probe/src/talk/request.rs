//! What is to be sent.

use crate::{
    exchange::{MacState, Message},
    keyring::Keyring,
};
use petrel::wire::{Codec, EncodeError, Frame, HEADER_LEN, Header, MAC_LEN, Status};

/// A request before it has a sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name, a payload and a MAC are all that there is to choose"
)]
pub struct Request {
    /// The name. Any bytes are legal; at most 255 fit.
    pub name: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
    /// Its MAC.
    pub mac: Mac,
}

/// What MAC a request carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "made, kept or left out")]
pub enum Mac {
    /// One that is made with the first key; none without a key.
    #[default]
    Sign,
    /// These 44 characters, whatever they say.
    Keep([u8; MAC_LEN]),
    /// None.
    Strip,
}

impl Request {
    /// A request that is signed if there is a key.
    pub fn new(name: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            payload: payload.into(),
            mac: Mac::Sign,
        }
    }

    /// The request as it goes over the wire, sent at this time.
    ///
    /// # Errors
    /// If the name or the payload does not fit its length field.
    pub fn to_message(
        &self,
        sequence: u32,
        keys: &Keyring,
        time_ns: u64,
    ) -> Result<Message, EncodeError> {
        let frame = Frame {
            status: Status::NONE,
            sequence,
            name: &self.name,
            payload: &self.payload,
        };
        let mac = match self.mac {
            Mac::Sign => keys.first().map(|key| key.sign(&self.payload)),
            Mac::Keep(mac) => Some(mac),
            Mac::Strip => None,
        };
        let mac_len = mac.map_or(0, |mac| mac.len());
        let mut bytes =
            Vec::with_capacity(HEADER_LEN + self.name.len() + self.payload.len() + mac_len);
        Codec::new().encode(&frame, &mut bytes)?;
        bytes.extend(mac.iter().flatten());
        let header = bytes.first_chunk().map(Header::parse).unwrap_or_default();
        Ok(Message {
            header,
            bytes,
            gaps: Vec::new(),
            extents: Vec::new(),
            mac: mac.map_or(MacState::None, |mac| keys.judge(&self.payload, &mac)),
            first_ns: time_ns,
            time_ns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel::wire::MacKey;

    #[test]
    fn a_mac_is_made_kept_or_left_out() {
        let key = MacKey::new(b"key").unwrap();
        let mut keys = Keyring::new();
        let mut request = Request::new("n", "payload");
        let state = |request: &Request, keys: &Keyring| {
            let message = request.to_message(7, keys, 9).unwrap();
            assert_eq!(message.bytes.len() as u64, message.frame_len());
            assert_eq!((message.header.sequence, message.time_ns), (7, 9));
            message.mac
        };
        assert_eq!(state(&request, &keys), MacState::None);
        request.mac = Mac::Keep(key.sign(b"payload"));
        assert_eq!(state(&request, &keys), MacState::NoKey);
        keys.add("k", key);
        assert_eq!(state(&request, &keys), MacState::Ok("k".into()));
        request.mac = Mac::Keep([b'x'; MAC_LEN]);
        assert_eq!(state(&request, &keys), MacState::Bad);
        request.mac = Mac::Sign;
        assert_eq!(state(&request, &keys), MacState::Ok("k".into()));
        request.mac = Mac::Strip;
        assert_eq!(state(&request, &keys), MacState::None);
    }

    #[test]
    fn a_name_that_does_not_fit_is_told() {
        let request = Request::new([b'n'; 256], "");
        let error = request.to_message(1, &Keyring::new(), 0).unwrap_err();
        assert_eq!(error, EncodeError::NameTooLong { len: 256 });
    }
}
