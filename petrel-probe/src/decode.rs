//! From packets to exchanges: who talks Petrel with whom, and what they say.

mod bounds;
mod candidate;
mod flows;
#[cfg(test)]
mod tests;
mod tracked;

use crate::{
    capture::{Dissector, INCOMPLETE_FRAGMENT, Packet, Segment},
    exchange::Event,
    tcp::Patience,
    totals::Totals,
    wire::FramerConfig,
};
use flows::Flows;
use std::collections::BTreeSet;

/// How a capture is decoded.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "what a user may set")]
pub struct DecoderConfig {
    /// How messages are read: keys, MACs, the longest payload.
    pub framer: FramerConfig,
    /// Ports that are taken for those of Petrel servers, whatever is said there. Defaults to none.
    pub ports: BTreeSet<u16>,
    /// How long connections wait for what is missing.
    pub patience: Patience,
}

/// Decodes a capture, packet by packet. The same packets give the same events.
#[derive(Debug)]
pub struct Decoder {
    dissector: Dissector,
    flows: Flows,
    totals: Totals,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(config: DecoderConfig) -> Self {
        Self {
            dissector: Dissector::new(),
            flows: Flows::new(config),
            totals: Totals::default(),
        }
    }

    /// Takes a packet and tells what it makes known.
    pub fn packet(&mut self, packet: &Packet<'_>, out: &mut dyn FnMut(Event)) {
        let Self {
            dissector,
            flows,
            totals,
        } = self;
        totals.packets += 1;
        totals.bytes += packet.data.len() as u64;
        let mut each = |segment: &Segment<'_>| flows.segment(segment, totals, out);
        if let Err(reason) = dissector.segments(packet, &mut each) {
            self.totals.skip_packet(reason);
        }
    }

    /// The input went quiet for now: what does not depend on more is told.
    pub fn settle(&mut self, out: &mut dyn FnMut(Event)) {
        self.flows.settle(&mut self.totals, out);
    }

    /// There are no more packets: everything that waits is told.
    pub fn finish(&mut self, out: &mut dyn FnMut(Event)) {
        let waiting = self.dissector.incomplete();
        if waiting > 0 {
            self.totals
                .skipped_packets
                .insert(INCOMPLETE_FRAGMENT, waiting);
        }
        self.flows.finish(&mut self.totals, out);
    }

    /// What was counted so far.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// To complete what was counted: how the file ends.
    pub const fn totals_mut(&mut self) -> &mut Totals {
        &mut self.totals
    }
}
