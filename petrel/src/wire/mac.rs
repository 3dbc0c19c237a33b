//! Message authentication: HMAC-SHA256 of the payload, in base64.

use super::MAC_LEN;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};

/// A shared secret, with its HMAC key schedule computed once.
///
/// It proves that whoever made a frame holds the same key, for the **payload only**: status,
/// sequence number and name are not covered, and a signed frame can be replayed. Cloning shares the
/// schedule; the last clone wipes it. `Debug` prints nothing of the key.
///
/// HMAC itself pads short keys with zero bytes (RFC 2104, section 2): `k` and `k\0` are one key.
#[derive(Clone)]
pub struct MacKey(Arc<Hmac<Sha256>>);

/// A key of no bytes, which would authenticate anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an empty MAC key authenticates anybody; give at least one byte, better 32")]
#[non_exhaustive]
pub struct EmptyKey;

/// Why 44 bytes are not the MAC of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MacFault {
    Malformed,
    Mismatch,
}

impl MacKey {
    /// Computes the key schedule. All bytes of the key count, a final newline among them.
    ///
    /// # Errors
    /// If the key is empty.
    pub fn new(key: &[u8]) -> Result<Self, EmptyKey> {
        if key.is_empty() {
            return Err(EmptyKey);
        }
        // HMAC takes keys of any length, so the other arm cannot be reached.
        Hmac::new_from_slice(key)
            .map(|hmac| Self(Arc::new(hmac)))
            .map_err(|_| EmptyKey)
    }

    /// The MAC of a payload as it goes over the wire.
    pub fn sign(&self, payload: &[u8]) -> [u8; MAC_LEN] {
        let digest = Hmac::clone(&self.0)
            .chain_update(payload)
            .finalize()
            .into_bytes();
        let mut text = [0; MAC_LEN];
        let written = STANDARD.encode_slice(digest, &mut text);
        debug_assert_eq!(written, Ok(MAC_LEN), "32 bytes are 44 characters");
        text
    }

    /// Whether `mac` is the MAC of `payload`. The time it takes does not depend on where they differ.
    pub fn verify(&self, payload: &[u8], mac: &[u8; MAC_LEN]) -> bool {
        self.check(payload, mac).is_ok()
    }

    pub(super) fn check(&self, payload: &[u8], mac: &[u8; MAC_LEN]) -> Result<(), MacFault> {
        // One byte more than a digest: the decoder's bound for 44 characters. The engine accepts the
        // standard alphabet only, demands padding and refuses set bits behind the last byte.
        let mut decoded = [0; 33];
        let len = STANDARD
            .decode_slice(mac, &mut decoded)
            .map_err(|_| MacFault::Malformed)?;
        let claimed = decoded
            .get(..len)
            .filter(|d| d.len() == 32)
            .ok_or(MacFault::Malformed)?;
        // `verify_slice` compares in constant time.
        Hmac::clone(&self.0)
            .chain_update(payload)
            .verify_slice(claimed)
            .map_err(|_| MacFault::Mismatch)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_key_is_refused_and_a_key_shows_nothing() {
        assert_eq!(MacKey::new(b"").unwrap_err(), EmptyKey);
        let key = MacKey::new(b"hunter2").unwrap();
        assert_eq!(format!("{key:?} {key:#?}"), "MacKey(..) MacKey(..)");
    }

    /// The schedule is two digest states, which wipe themselves; this stops compiling if the feature
    /// of the dependency that makes them do so goes missing.
    #[test]
    fn the_key_schedule_is_wiped_on_drop() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>() {}
        wiped_on_drop::<sha2::block_api::Sha256VarCore>();
        assert!(std::mem::needs_drop::<Hmac<Sha256>>());
    }

    #[test]
    fn zero_bytes_at_the_end_of_a_short_key_make_no_other_key() {
        // HMAC pads short keys with zeros (RFC 2104, 2). The documents say so; this keeps anyone from
        // believing otherwise.
        let (short, padded) = (MacKey::new(b"k").unwrap(), MacKey::new(b"k\0").unwrap());
        assert_eq!(short.sign(b"payload"), padded.sign(b"payload"));
        assert_ne!(
            short.sign(b"payload"),
            MacKey::new(b"K").unwrap().sign(b"payload")
        );
    }
}
