//! Filters on rows: only what is asked of payloads needs the bytes.

use super::RowView;
use crate::{
    exchange::{Gap, Note, Side},
    filter::{Part, Payload, Subject},
};
use std::net::SocketAddr;

impl Subject for RowView<'_> {
    fn connection(&self) -> u32 {
        self.connection
    }

    fn sequence(&self) -> u32 {
        self.sequence
    }

    fn client(&self) -> SocketAddr {
        self.client
    }

    fn server(&self) -> SocketAddr {
        self.server
    }

    fn name(&self) -> &[u8] {
        self.name
    }

    fn rtt_ns(&self) -> Option<u64> {
        u64::try_from(self.rtt?.as_nanos()).ok()
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn part(&self, side: Side) -> Option<Part<'_>> {
        let message = self.message(side)?;
        Some(Part {
            status: message.status,
            name: message.name,
            payload_len: message.payload_len,
            mac: message.mac,
            time_ns: message.time_ns,
        })
    }

    fn notes(&self) -> &[Note] {
        self.notes()
    }

    fn each_gap(&self, see: &mut dyn FnMut(Side, Gap)) {
        for side in [Side::Client, Side::Server] {
            let gaps = self.message(side).map_or(&[][..], |message| message.gaps);
            gaps.iter().for_each(|gap| see(side, *gap));
        }
    }

    fn payload(&self, _side: Side) -> Option<Payload<'_>> {
        None
    }
}
