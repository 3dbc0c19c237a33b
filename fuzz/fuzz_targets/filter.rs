//! Any text as a filter: no panic, errors lie within the text, and what reads is shown so that it reads
//! the same.
//!
//! Input: the text; what is not UTF-8 in it is replaced.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel::wire::{Header, Status};
use petrel_probe::{
    exchange::{Exchange, Gap, GapCause, MacState, Message, Note},
    filter::Filter,
};
use std::net::{Ipv4Addr, SocketAddr};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match Filter::parse(&text) {
        Ok(filter) => {
            let shown = filter.to_string();
            // The canonical form may be longer than what was written, and longer than is read.
            if let Ok(again) = Filter::parse(&shown) {
                assert_eq!(again, filter, "{shown}");
            }
            let exchange = exchange();
            assert_eq!(filter.judge(&exchange), Some(filter.matches(&exchange)));
        }
        Err(error) => {
            assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
            assert_eq!(error.pointed(&text).lines().count(), 3);
            assert_eq!(error.to_string().lines().count(), 1);
        }
    }
});

/// A request with a gap in its payload, and no answer.
fn exchange() -> Exchange {
    let header = Header {
        status: Status::NONE,
        sequence: 7,
        name_len: 3,
        payload_len: 10,
    };
    let address = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    let request = Message {
        header,
        bytes: [&header.to_bytes()[..], b"put", b"0123789"].concat(),
        gaps: vec![Gap {
            at: 18,
            len: 3,
            cause: GapCause::Lost,
        }],
        extents: Vec::new(),
        mac: MacState::None,
        first_ns: 1,
        time_ns: 2,
    };
    Exchange {
        connection: 1,
        client: address(40000),
        server: address(60606),
        request: Some(request),
        response: None,
        notes: vec![Note::Unanswered],
    }
}
