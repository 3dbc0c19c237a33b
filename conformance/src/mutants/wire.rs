//! How the models write frames and judge MACs, rightly or with one fault.

use super::{LIMIT_DECIMAL, LIMIT_DOCUMENTED, WireFault};
use crate::frame::{HEADER_LEN, Header, Key, MAC_LEN};
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
};
use sha2::{Digest, Sha256};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// As much as one record of TLS holds.
const RECORD_MAX: usize = 16 << 10;

/// The parts of a frame that mean something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) status: u16,
    pub(super) sequence: u32,
    pub(super) name: Vec<u8>,
    pub(super) payload: Vec<u8>,
}

/// What one end knows and does about frames.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    key: Option<Key>,
    limit: u32,
    fault: Option<WireFault>,
}

impl Wire {
    pub(super) fn new(key: Option<&Key>, limit: u32, tls: bool, fault: Option<WireFault>) -> Self {
        use WireFault as F;
        let key = key.map(|key| {
            let bytes = key.bytes();
            Key::new(match fault {
                Some(F::KeyTruncated) => bytes[..bytes.len().min(64)].to_vec(),
                Some(F::KeyToZero) => up_to_zero(bytes).to_vec(),
                Some(F::KeyTrimmed) => bytes.trim_ascii().to_vec(),
                Some(F::KeyAsText) => String::from_utf8_lossy(bytes).into_owned().into_bytes(),
                _ => bytes.to_vec(),
            })
        });
        let is_default = limit == LIMIT_DOCUMENTED;
        Self {
            key,
            limit: match fault {
                Some(F::DefaultDecimal) if is_default => LIMIT_DECIMAL,
                _ => limit,
            },
            fault: fault
                .filter(|fault| tls || !matches!(fault, F::TlsOtherOrder | F::TlsOneRecord)),
        }
    }

    pub(super) fn has(&self, fault: WireFault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// A frame as it is sent.
    pub(super) fn encode(&self, message: &Message) -> Vec<u8> {
        use WireFault as F;
        let Message { name, payload, .. } = message;
        let mut payload_len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        if self.has(F::ClaimsOneMore) {
            payload_len += 1;
        }
        if self.has(F::ClaimsMac) && self.has_key() {
            payload_len += 44;
        }
        let header = self.header_bytes(Header {
            status: message.status,
            sequence: message.sequence,
            name_len: u8::try_from(name.len()).unwrap_or(u8::MAX),
            payload_len,
        });
        let mut bytes = header.to_vec();
        match self.fault {
            Some(F::NameLeftOut) => bytes.extend(payload),
            Some(F::PayloadFirst) => {
                bytes.extend(payload);
                bytes.extend(name);
            }
            _ => {
                bytes.extend(name);
                bytes.extend(payload);
            }
        }
        bytes.extend(self.mac(&header, name, payload));
        match self.fault {
            Some(F::PadsFrames) => bytes.resize(bytes.len().next_multiple_of(8), 0),
            Some(F::NewlineBehindFrames) => bytes.push(b'\n'),
            _ => {}
        }
        bytes
    }

    /// The same frame without its MAC, for those who forget it now and then.
    pub(super) fn encode_unsigned(&self, message: &Message) -> Vec<u8> {
        let unsigned = Self {
            key: None,
            ..self.clone()
        };
        unsigned.encode(message)
    }

    /// The MAC behind a frame that is sent.
    fn mac(&self, header: &[u8; HEADER_LEN], name: &[u8], payload: &[u8]) -> Vec<u8> {
        use WireFault as F;
        let Some(key) = &self.key else {
            return match self.fault {
                Some(F::MacUninvited) => Key::new(Vec::new()).sign(payload).to_vec(),
                _ => Vec::new(),
            };
        };
        let mut text = key.sign(&self.covered(header, name, payload)).to_vec();
        match self.fault {
            Some(F::NoMacsSent) => text.clear(),
            Some(F::EmptyUnsigned) if payload.is_empty() => text.clear(),
            Some(F::MacUrlSafe) => text.iter_mut().for_each(|c| *c = url_safe(*c)),
            Some(F::MacUnpadded) => text.truncate(MAC_LEN - 1),
            Some(F::MacSentNonCanonical) => text = key.sign_non_canonical(payload).to_vec(),
            Some(F::MacInHex) => {
                let digest = STANDARD.decode(&text).expect("base64 of its own making");
                let digits = digest.iter().map(|byte| format!("{byte:02x}"));
                text = digits.collect::<String>().into_bytes();
            }
            Some(F::MacNotHmac) => {
                let digest = Sha256::new().chain_update(key.bytes());
                let digest = digest.chain_update(payload).finalize();
                text = STANDARD.encode(digest).into_bytes();
            }
            _ => {}
        }
        text
    }

    /// Whether the end takes `mac` for that of the payload.
    pub(super) fn accepts_mac(
        &self,
        header: &[u8; HEADER_LEN],
        name: &[u8],
        payload: &[u8],
        mac: &[u8],
    ) -> bool {
        use WireFault as F;
        let Some(key) = &self.key else {
            return true;
        };
        let right = key.sign(&self.covered(header, name, payload));
        if mac == right {
            return true;
        }
        let standard: Vec<u8> = mac.iter().map(|c| standard(*c)).collect();
        match self.fault {
            Some(F::AcceptsBadMac) => true,
            Some(F::EmptyMacAnything) => payload.is_empty(),
            Some(F::AcceptsWellFormedMac) => STANDARD.decode(mac).is_ok_and(|it| it.len() == 32),
            Some(F::AcceptsUrlSafe) => standard == right,
            Some(F::AcceptsUnpadded) => mac[..MAC_LEN - 1] == right[..MAC_LEN - 1],
            Some(F::AcceptsPaddingAnywhere) => without_padding(mac) == without_padding(&right),
            Some(F::AcceptsUndecodable) => !mac.iter().any(u8::is_ascii_alphanumeric),
            Some(F::AcceptsNonCanonical) => same_digest(mac, &right),
            Some(F::AcceptsSpelling) => {
                let mut text = without_padding(&standard);
                text.truncate(MAC_LEN - 1);
                text.push(b'=');
                same_digest(&text, &right)
            }
            Some(F::AcceptsMacPrefix) => mac[..8] == right[..8],
            Some(F::AcceptsMacAnyCase) => mac.eq_ignore_ascii_case(&right),
            _ => false,
        }
    }

    /// The bytes that the MAC is made over.
    fn covered(&self, header: &[u8; HEADER_LEN], name: &[u8], payload: &[u8]) -> Vec<u8> {
        match self.fault {
            Some(WireFault::MacCoversName) => [name, payload].concat(),
            Some(WireFault::MacCoversHeader) => [header, name, payload].concat(),
            Some(WireFault::MacCoversSequence) => [&header[2..6], payload].concat(),
            _ => payload.to_vec(),
        }
    }

    /// A header as this end writes it.
    fn header_bytes(&self, header: Header) -> [u8; HEADER_LEN] {
        let mut bytes = header.to_bytes();
        self.turn_numbers(&mut bytes);
        if self.has(WireFault::SequenceBigEndian) {
            bytes[2..6].reverse();
        }
        if self.has(WireFault::TlsOtherOrder) {
            bytes[..2].reverse();
            bytes[2..6].reverse();
            bytes[7..].reverse();
        }
        if self.has(WireFault::LengthsSwapped) {
            bytes[6..].rotate_left(1);
        }
        bytes
    }

    /// A header as this end reads it.
    pub(super) fn read_header(&self, mut bytes: [u8; HEADER_LEN]) -> Header {
        if self.has(WireFault::LengthsSwapped) {
            bytes[6..].rotate_right(1);
        }
        self.turn_numbers(&mut bytes);
        Header::parse(&bytes).expect("11 bytes are a header")
    }

    /// What is wrong in reading and in writing alike.
    fn turn_numbers(&self, bytes: &mut [u8; HEADER_LEN]) {
        let all = self.has(WireFault::BigEndian);
        if all || self.has(WireFault::StatusBigEndian) {
            bytes[..2].reverse();
        }
        if all {
            bytes[2..6].reverse();
        }
        if all || self.has(WireFault::LengthBigEndian) {
            bytes[7..].reverse();
        }
    }

    /// Whether the end refuses a frame for its payload length.
    pub(super) fn is_over_limit(&self, header: Header) -> bool {
        use WireFault as F;
        let claim = u64::from(header.payload_len);
        let counted = match self.fault {
            Some(F::NoLimit) => 0,
            Some(F::LimitSigned) if header.payload_len > u32::MAX / 2 => 0,
            Some(F::LimitTo2G) => claim & 0x7fff_ffff,
            Some(F::LimitPlusOne) => claim.saturating_sub(1),
            Some(F::LimitExclusive) => claim + 1,
            Some(F::CountsHeader) => claim + HEADER_LEN as u64,
            Some(F::CountsName) => claim + u64::from(header.name_len),
            Some(F::CountsMac) if self.has_key() => claim + MAC_LEN as u64,
            _ => claim,
        };
        counted > u64::from(self.limit)
    }

    /// Why the end takes a frame for nonsense. A right one never does.
    pub(super) fn objection(&self, header: Header, name: &[u8]) -> Option<&'static str> {
        use WireFault as F;
        let is_nonsense = match self.fault? {
            F::NamesTo127 => header.name_len > 127,
            F::NamesTo254 => header.name_len == 255,
            F::NoNameIsNonsense => header.name_len == 0,
            F::Utf8Only => std::str::from_utf8(name).is_err(),
            F::NoZeroInName => name.contains(&0),
            F::RefusesEmpty => header.payload_len == 0,
            _ => false,
        };
        is_nonsense.then_some("a frame that makes no sense")
    }

    /// A payload as the end passes it on; `here` bytes of it came in the first piece.
    pub(super) fn passed_on(&self, mut payload: Vec<u8>, here: usize) -> Vec<u8> {
        use WireFault as F;
        match self.fault {
            Some(F::TextPayloads) => {
                payload = String::from_utf8_lossy(&payload).into_owned().into_bytes();
            }
            Some(F::PayloadToZero) => payload = up_to_zero(&payload).to_vec(),
            Some(F::TrimsPayloads) => payload.truncate(payload.trim_ascii_end().len()),
            Some(F::NewlinesTranslated) => {
                let mut bytes = payload.iter().peekable();
                let mut kept = Vec::new();
                while let Some(&byte) = bytes.next() {
                    if byte != b'\r' || bytes.peek() != Some(&&b'\n') {
                        kept.push(byte);
                    }
                }
                payload = kept;
            }
            Some(F::TlsOneRecord) => payload.truncate(RECORD_MAX),
            Some(F::ShortPayload) if here < payload.len() => payload[here..].fill(0),
            _ => {}
        }
        payload
    }
}

/// Whether these bytes could be a MAC.
pub(super) fn looks_like_mac(bytes: &[u8]) -> bool {
    bytes.len() == MAC_LEN
        && STANDARD
            .decode(bytes)
            .is_ok_and(|digest| digest.len() == 32)
}

fn up_to_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or(bytes)
}

fn url_safe(c: u8) -> u8 {
    match c {
        b'+' => b'-',
        b'/' => b'_',
        c => c,
    }
}

fn standard(c: u8) -> u8 {
    match c {
        b'-' => b'+',
        b'_' => b'/',
        c => c,
    }
}

fn without_padding(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|c| *c != b'=').collect()
}

fn same_digest(text: &[u8], right: &[u8]) -> bool {
    LENIENT
        .decode(text)
        .is_ok_and(|digest| Some(digest) == LENIENT.decode(right).ok())
}
