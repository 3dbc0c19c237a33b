//! The handlers of SPEC.md, chapter "Fixtures", and what can be wrong with them.

use super::super::ServerFault as F;
use std::time::Duration;

/// The model's limit for the payloads of answers.
pub(super) const ANSWER_MAX: usize = 4 << 20;

/// The names that have handlers.
pub(super) const NAMES: [&[u8]; 7] = [
    b"echo", b"null", b"size", b"sleep", b"status", b"fail", b"panic",
];

/// What came of a handler.
#[derive(Debug)]
pub(super) enum Ran {
    Answer(u16, Vec<u8>),
    /// Success, that much later.
    After(Duration, Vec<u8>),
    Error,
    Panic,
    /// There is no such handler.
    Unknown,
}

pub(super) fn run(fault: Option<F>, allow_panic: bool, name: &[u8], payload: &[u8]) -> Ran {
    let has = |it: F| fault == Some(it);
    match name {
        b"echo" => echo(fault, payload),
        b"null" if has(F::NullEchoes) => Ran::Answer(200, payload.to_vec()),
        b"null" if has(F::NullPayloadIs500) && !payload.is_empty() => Ran::Error,
        b"null" => Ran::Answer(200, Vec::new()),
        b"size" => size(fault, payload),
        b"sleep" => sleep(fault, payload),
        b"status" => status(fault, payload),
        b"fail" => Ran::Error,
        b"panic" if allow_panic => Ran::Panic,
        _ => Ran::Unknown,
    }
}

fn echo(fault: Option<F>, payload: &[u8]) -> Ran {
    let mut bytes = payload.to_vec();
    match fault {
        Some(F::EchoNewline) => bytes.push(b'\n'),
        Some(F::EchoTo64K) => bytes.truncate(65_535),
        Some(F::EchoEmptyIs500) if bytes.is_empty() => return Ran::Error,
        _ => {}
    }
    Ran::Answer(200, bytes)
}

fn size(fault: Option<F>, payload: &[u8]) -> Ran {
    let has = |it: F| fault == Some(it);
    if has(F::SizeNoZeros) && payload.len() > 1 && payload.starts_with(b"0") {
        return Ran::Error;
    }
    let is_digits = !payload.is_empty() && payload.iter().all(u8::is_ascii_digit);
    let count = match decimal(fault, payload) {
        Some(count) => count,
        None if has(F::SizeMalformedIs0) || has(F::SizeWraps) && is_digits => 0,
        None => return Ran::Error,
    };
    let mut count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > ANSWER_MAX {
        if !has(F::SizeOverIsCut) {
            return Ran::Error;
        }
        count = ANSWER_MAX;
    }
    match fault {
        Some(F::SizeShort) => count = count.saturating_sub(1),
        Some(F::SizeTo16Bits) => count &= 0xffff,
        _ => {}
    }
    let byte = if has(F::SizeOtherByte) { b'X' } else { b'x' };
    Ran::Answer(200, vec![byte; count])
}

fn sleep(fault: Option<F>, payload: &[u8]) -> Ran {
    let Some(millis) = decimal(fault, payload) else {
        return match fault {
            Some(F::SleepMalformedIs200) => Ran::Answer(200, Vec::new()),
            _ => Ran::Error,
        };
    };
    let time = Duration::from_millis(match fault {
        Some(F::SleepEarly) => millis / 2,
        Some(F::SleepNot) => 0,
        _ => millis,
    });
    match fault {
        Some(F::SleepTells) => Ran::After(time, payload.to_vec()),
        _ => Ran::After(time, Vec::new()),
    }
}

fn status(fault: Option<F>, payload: &[u8]) -> Ran {
    let number = decimal(fault, payload);
    let status = match number.and_then(|number| u16::try_from(number).ok()) {
        Some(401) if fault == Some(F::StatusNo401) => 501,
        Some(u16::MAX) if fault == Some(F::StatusNoMax) => 501,
        Some(status) => status,
        None => match (fault, number) {
            (Some(F::StatusMalformedIs200), _) => 200,
            (Some(F::StatusWraps), Some(number)) => number.to_le_bytes()[0].into(),
            _ => return Ran::Error,
        },
    };
    match fault {
        Some(F::StatusTells) => Ran::Answer(status, payload.to_vec()),
        _ => Ran::Answer(status, Vec::new()),
    }
}

/// Digits and nothing else.
fn decimal(fault: Option<F>, payload: &[u8]) -> Option<u64> {
    let mut text = std::str::from_utf8(payload).ok()?;
    if fault == Some(F::DecimalLenient) {
        text = text.trim().trim_start_matches('+');
    }
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}
