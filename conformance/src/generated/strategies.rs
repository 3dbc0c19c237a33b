//! How conversations are made up.
//!
//! The strategies make only what SPEC.md lets a client do to this server, so whatever is wrong with
//! the answers is wrong with the server. The order of alternatives matters: what fails is shrunk
//! towards the first.

use super::conversation::{
    Ask, Conversation, Decimal, End, Junk, Known, Name, Pace, Payload, Refusal, Request,
};
use crate::{case::Offers, segmentation::Segmentation};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
    strategy::{BoxedStrategy, Union},
};
use std::ops::RangeInclusive;

/// So many requests in one conversation at most.
const REQUESTS_MAX: usize = 40;
/// The longest payload; only a few are as long.
const PAYLOAD_MAX: u32 = 70_000;
/// The largest answer that `size` is asked for: any server that has it gives so much.
const ANSWER_MAX: u32 = 50_000;
/// No honest limit for payloads is above it.
const CLAIM_MIN: u32 = 1 << 31;
/// A server needs this limit for the shortest of the fixtures and checks to fit.
pub(super) const LIMIT_MIN: u32 = 64;

/// The names that a careless comparison takes for others.
const CLOSE: [&[u8]; 10] = [
    b"protocheck",
    b"PROTOCHECK ",
    b"PROTOCHECK\0",
    b"PROTOCHEC",
    b" PROTOCHECK",
    b"PROTOCHECKPROTOCHECK",
    b"PROTOCHECK\xff",
    b"\0PROTOCHECK",
    b"echo\0",
    b"\0",
];

/// All conversations with a server of which so much is known, cut in one of these ways.
pub(super) fn conversations(
    known: &Known,
    segmentations: &[Segmentation],
) -> impl Strategy<Value = Conversation> + use<> {
    let greets = if known.ours {
        any::<bool>().boxed()
    } else {
        Just(true).boxed()
    };
    // What costs the least to simplify stands first.
    (
        select(segmentations.to_vec()),
        ends(known),
        greets,
        vec(requests(known), 1..=REQUESTS_MAX),
    )
        .prop_map(|(segmentation, end, greets, requests)| Conversation {
            segmentation,
            end,
            greets,
            requests,
        })
}

fn requests(known: &Known) -> impl Strategy<Value = Request> + use<> {
    let pace = prop_oneof![
        1 => Just(Pace::Answered),
        1 => Just(Pace::Apart),
        2 => Just(Pace::Together),
    ];
    (pace, asks(known), sequences(), any::<u16>()).prop_map(|(pace, ask, sequence, status)| {
        Request {
            pace,
            ask,
            sequence,
            status,
        }
    })
}

/// Any number, the edges of its bytes and signs more often than luck would have it.
fn sequences() -> impl Strategy<Value = u32> {
    const EDGES: [u32; 8] = [
        0,
        1,
        0xff,
        0xffff,
        0x1_0000,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX,
    ];
    prop_oneof![4 => any::<u32>(), 1 => select(&EDGES[..])]
}

fn asks(known: &Known) -> BoxedStrategy<Ask> {
    let max = known.limit.min(PAYLOAD_MAX);
    let blind = prop_oneof![
        6 => (names(), payloads(max)).prop_map(|(name, payload)| Ask::Unknown(name, payload)),
        1 => payloads(max).prop_map(Ask::Nameless),
        1 => vec(any::<u8>(), 0..=3).prop_map(Ask::Check),
    ];
    let echo = payloads(max).prop_map(Ask::Echo);
    match known.offers {
        Offers::Blind => blind.boxed(),
        Offers::Echo => prop_oneof![1 => blind, 1 => echo].boxed(),
        Offers::Fixtures => prop_oneof![3 => blind, 3 => echo, 4 => fixtures(max)].boxed(),
    }
}

fn fixtures(max: u32) -> impl Strategy<Value = Ask> {
    const STATUSES: [u32; 5] = [200, 400, 401, 500, 501];
    const NO_DECIMALS: [&str; 9] = [
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "0x10",
        "1_000",
        "1.5",
        "99999999999999999999999",
    ];
    let size_max = max.min(ANSWER_MAX);
    let size = prop_oneof![20 => 0..=size_max.min(2_000), 1 => 0..=size_max];
    let status = prop_oneof![1 => select(&STATUSES[..]), 1 => 1025..=65_535_u32];
    let wants_decimal = select(&["size", "status", "sleep"][..]);
    prop_oneof![
        3 => payloads(max).prop_map(Ask::Null),
        3 => decimals(size).prop_map(Ask::Size),
        3 => decimals(status).prop_map(Ask::Status),
        1 => decimals(0..=3_u32).prop_map(Ask::Sleep),
        2 => payloads(max).prop_map(Ask::Fail),
        2 => (wants_decimal, select(&NO_DECIMALS[..]))
            .prop_map(|(name, text)| Ask::Malformed(name, text)),
    ]
}

fn decimals(numbers: impl Strategy<Value = u32>) -> impl Strategy<Value = Decimal> {
    (numbers, 0..=3_usize).prop_map(|(number, zeros)| Decimal { number, zeros })
}

fn names() -> impl Strategy<Value = Name> {
    const MIXED_MAX: usize = 16;
    prop_oneof![
        2 => Just(Name::Usual),
        3 => (any::<u8>(), 1..=u8::MAX).prop_map(|(byte, count)| Name::Same(byte, count)),
        2 => vec(any::<u8>(), 1..=MIXED_MAX).prop_map(Name::Mixed),
        1 => select(&CLOSE[..]).prop_map(Name::Close),
    ]
}

fn payloads(max: u32) -> impl Strategy<Value = Payload> {
    const BYTES_MAX: usize = 24;
    let counts: RangeInclusive<u32> = 0..=max;
    prop_oneof![
        60 => vec(any::<u8>(), 0..=BYTES_MAX).prop_map(Payload::Bytes),
        30 => (any::<u8>(), 0..=max.min(1_000)).prop_map(|(first, count)| Payload::Counted(first, count)),
        1 => (any::<u8>(), counts.clone()).prop_map(|(byte, count)| Payload::Same(byte, count)),
        1 => (any::<u8>(), counts).prop_map(|(first, count)| Payload::Counted(first, count)),
    ]
}

fn ends(known: &Known) -> BoxedStrategy<End> {
    let mut ends = vec![(2, Just(End::Open).boxed())];
    if known.half_closes {
        ends.push((3, Just(End::HalfClosed).boxed()));
    }
    let refused = |refusals: BoxedStrategy<Refusal>, junk: BoxedStrategy<Junk>| {
        let parts = (refusals, sequences(), junk);
        parts
            .prop_map(|(refusal, sequence, junk)| End::Refused {
                refusal,
                sequence,
                junk,
            })
            .boxed()
    };
    if known.hostile {
        if let Some(over) = known.limit.checked_add(1) {
            let claims = (over.max(CLAIM_MIN)..=u32::MAX).prop_map(Refusal::TooLong);
            ends.push((1, refused(claims.boxed(), junk().boxed())));
        }
        if known.signed {
            ends.push((1, refused(bad_macs().boxed(), junk().boxed())));
        }
    }
    // Nobody has to close after 497; the half-close ends the connection in any event.
    if known.half_closes {
        ends.push((1, refused(versions().boxed(), whole_junk().boxed())));
    }
    Union::new_weighted(ends).boxed()
}

fn bad_macs() -> impl Strategy<Value = Refusal> {
    const KINDS: [&str; 5] = [
        "wrong_key",
        "other_payload",
        "not_base64",
        "unpadded",
        "non_canonical",
    ];
    select(&KINDS[..]).prop_map(Refusal::BadMac)
}

fn versions() -> impl Strategy<Value = Refusal> {
    let version = (1..=u8::MAX, vec(any::<u8>(), 0..=2));
    prop_oneof![
        1 => Just(Refusal::Version(Vec::new())),
        4 => version.prop_map(|(version, rest)| {
            Refusal::Version([&[version], rest.as_slice()].concat())
        }),
    ]
}

fn whole_junk() -> impl Strategy<Value = Junk> {
    prop_oneof![Just(Junk::Nothing), (1..=3_u32).prop_map(Junk::Requests)]
}

fn junk() -> impl Strategy<Value = Junk> {
    prop_oneof![
        2 => whole_junk(),
        1 => vec(any::<u8>(), 1..=64).prop_map(Junk::Bytes),
    ]
}
