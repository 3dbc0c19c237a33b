//! Packets of TCP for bytes that went over streams: what a capture beside the proxy's client would
//! show, had it lost nothing and cut nothing. Pure: packets are appended to a buffer.
//!
//! Sequence numbers follow the bytes. Bytes that were forwarded and not kept leave a hole in them, which
//! every reader takes for what it is: bytes that the capture lost.

use super::pcapng;
use crate::exchange::Side;
use etherparse::{IpNumber, Ipv4Header, Ipv6Header, TcpHeader, TcpOptionElement};
use std::net::{IpAddr, SocketAddr};

/// Most bytes of a segment.
const SEGMENT_MAX: usize = 32 << 10;

/// A receiver that has nothing to say acknowledges so many bytes at the latest, which is well within
/// the window.
const ACKNOWLEDGE_EVERY: u32 = 1 << 20;

/// The window in its units of 2^[`WINDOW_SCALE`] bytes: 16 MiB.
const WINDOW: u16 = u16::MAX;
const WINDOW_SCALE: u8 = 8;

/// Segment size that both sides announce. Nobody is held to it.
const SEGMENT_SIZE: u16 = 32 << 10;

/// Readers compare sequence numbers over less than half of their range. So a larger hole is walked
/// through in steps of this.
const STEP_MAX: u64 = 1 << 30;

const HOP_LIMIT: u8 = 64;

/// One connection as packets.
#[derive(Debug)]
pub(super) struct Synthetic {
    client: Direction,
    server: Direction,
    last_ns: u64,
    /// What is said about the next packet.
    comment: Option<String>,
}

/// What one side sends.
#[derive(Debug)]
struct Direction {
    addr: SocketAddr,
    /// Sequence number of its next byte.
    next: u32,
    /// Up to where the other side acknowledged.
    acknowledged: u32,
    /// How many packets it sent, which tells them apart.
    packets: u16,
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    syn: bool,
    ack: bool,
    push: bool,
    fin: bool,
    reset: bool,
}

impl Synthetic {
    /// A connection between these addresses, of one family, that is to begin at these sequence numbers.
    pub(super) const fn new(client: SocketAddr, server: SocketAddr, initial: [u32; 2]) -> Self {
        let [of_client, of_server] = initial;
        Self {
            client: Direction::new(client, of_client),
            server: Direction::new(server, of_server),
            last_ns: 0,
            comment: None,
        }
    }

    /// Adds a comment to the next packet.
    pub(super) fn comment(&mut self, text: &str) {
        match &mut self.comment {
            Some(comment) => {
                comment.push_str("; ");
                comment.push_str(text);
            }
            none => *none = Some(text.to_owned()),
        }
    }

    /// The handshake.
    pub(super) fn open(&mut self, time_ns: u64, to: &mut Vec<u8>) {
        let syn = Flags {
            syn: true,
            ..Flags::default()
        };
        self.packet(Side::Client, syn, &[], time_ns, to);
        let syn_ack = Flags { ack: true, ..syn };
        self.packet(Side::Server, syn_ack, &[], time_ns, to);
        self.packet(Side::Client, Flags::ACK, &[], time_ns, to);
    }

    /// Bytes that `side` sent.
    pub(super) fn data(&mut self, side: Side, bytes: &[u8], time_ns: u64, to: &mut Vec<u8>) {
        for segment in bytes.chunks(SEGMENT_MAX) {
            self.packet(side, Flags::DATA, segment, time_ns, to);
            if self.direction(side).unacknowledged() >= ACKNOWLEDGE_EVERY {
                self.packet(side.other(), Flags::ACK, &[], time_ns, to);
            }
        }
    }

    /// Bytes that `side` sent and that are not in the file. They arrived, so they are acknowledged.
    pub(super) fn hole(&mut self, side: Side, len: u64, time_ns: u64, to: &mut Vec<u8>) {
        let mut left = len;
        while left > 0 {
            let step = u32::try_from(left.min(STEP_MAX)).unwrap_or(u32::MAX);
            let direction = self.direction_mut(side);
            direction.next = direction.next.wrapping_add(step);
            left -= u64::from(step);
            self.packet(side, Flags::ACK, &[], time_ns, to);
            self.packet(side.other(), Flags::ACK, &[], time_ns, to);
        }
    }

    /// `side` sends no more.
    pub(super) fn fin(&mut self, side: Side, time_ns: u64, to: &mut Vec<u8>) {
        self.packet(side, Flags::FIN, &[], time_ns, to);
        self.packet(side.other(), Flags::ACK, &[], time_ns, to);
    }

    /// `side` gave the connection up.
    pub(super) fn reset(&mut self, side: Side, time_ns: u64, to: &mut Vec<u8>) {
        let reset = Flags {
            reset: true,
            ..Flags::ACK
        };
        self.packet(side, reset, &[], time_ns, to);
    }

    const fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    const fn direction_mut(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn packet(&mut self, side: Side, flags: Flags, payload: &[u8], time_ns: u64, to: &mut Vec<u8>) {
        // A clock that is set back would make answers precede their requests.
        self.last_ns = self.last_ns.max(time_ns);
        let comment = self.comment.take();
        let peer = self.direction_mut(side.other());
        let (destination, next_of_peer) = (peer.addr, peer.next);
        if flags.ack {
            peer.acknowledged = next_of_peer;
        }
        let time_ns = self.last_ns;
        let from = self.direction_mut(side);
        let header = tcp_header(from, destination.port(), flags, next_of_peer);
        pcapng::append_packet(to, time_ns, comment.as_deref(), |body| {
            append_ip(from, destination.ip(), header, payload, body);
        });
        let taken = length(payload) + u32::from(flags.syn) + u32::from(flags.fin);
        from.next = from.next.wrapping_add(taken);
        from.packets = from.packets.wrapping_add(1);
    }
}

impl Direction {
    const fn new(addr: SocketAddr, initial: u32) -> Self {
        Self {
            addr,
            next: initial,
            acknowledged: initial,
            packets: 0,
        }
    }

    const fn unacknowledged(&self) -> u32 {
        self.next.wrapping_sub(self.acknowledged)
    }
}

impl Flags {
    const NONE: Self = Self {
        syn: false,
        ack: false,
        push: false,
        fin: false,
        reset: false,
    };
    const ACK: Self = Self {
        ack: true,
        ..Self::NONE
    };
    const DATA: Self = Self {
        push: true,
        ..Self::ACK
    };
    const FIN: Self = Self {
        fin: true,
        ..Self::ACK
    };
}

fn tcp_header(from: &Direction, to_port: u16, flags: Flags, next_of_peer: u32) -> TcpHeader {
    let mut header = TcpHeader::new(from.addr.port(), to_port, from.next, WINDOW);
    header.syn = flags.syn;
    header.psh = flags.push;
    header.fin = flags.fin;
    header.rst = flags.reset;
    header.ack = flags.ack;
    if flags.ack {
        header.acknowledgment_number = next_of_peer;
    }
    if flags.syn {
        use TcpOptionElement::{MaximumSegmentSize, Noop, WindowScale};
        let options = [
            MaximumSegmentSize(SEGMENT_SIZE),
            WindowScale(WINDOW_SCALE),
            Noop,
        ];
        // It fails for more than forty bytes; these are eight.
        let _ = header.set_options(&options);
    }
    header
}

/// A whole packet. Its length and checksums are refused for packets that are too long, and none is.
fn append_ip(
    from: &Direction,
    destination: IpAddr,
    mut tcp: TcpHeader,
    payload: &[u8],
    to: &mut Vec<u8>,
) {
    let len = u16::try_from(tcp.header_len() + payload.len()).unwrap_or(u16::MAX);
    match (from.addr.ip(), destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let (source, destination) = (source.octets(), destination.octets());
            let checksum = tcp.calc_checksum_ipv4_raw(source, destination, payload);
            tcp.checksum = checksum.unwrap_or_default();
            let ip = Ipv4Header::new(len, HOP_LIMIT, IpNumber::TCP, source, destination);
            let mut ip = ip.unwrap_or_default();
            ip.identification = from.packets;
            ip.header_checksum = ip.calc_header_checksum();
            to.extend(ip.to_bytes());
        }
        (source, destination) => {
            let ip = Ipv6Header {
                payload_length: len,
                next_header: IpNumber::TCP,
                hop_limit: HOP_LIMIT,
                source: octets(source),
                destination: octets(destination),
                ..Ipv6Header::default()
            };
            let checksum = tcp.calc_checksum_ipv6(&ip, payload);
            tcp.checksum = checksum.unwrap_or_default();
            to.extend(ip.to_bytes());
        }
    }
    to.extend(tcp.to_bytes());
    to.extend(payload);
}

fn octets(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
        IpAddr::V6(addr) => addr.octets(),
    }
}

/// Segments are bounded, so their length always fits.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{SlicedPacket, TcpSlice, TransportSlice};
    use pcap_parser::{Block, parse_block_le};

    fn tcp(data: &[u8]) -> TcpSlice<'_> {
        match SlicedPacket::from_ip(data).unwrap().transport {
            Some(TransportSlice::Tcp(tcp)) => tcp,
            other => panic!("{other:?}"),
        }
    }

    /// From the client or not, sequence number and acknowledgment relative to the beginning, flags,
    /// length.
    fn packets(mut blocks: &[u8]) -> Vec<(bool, u32, u32, String, usize)> {
        let mut packets = Vec::new();
        while !blocks.is_empty() {
            let (rest, block) = parse_block_le(blocks).unwrap();
            let Block::EnhancedPacket(packet) = block else {
                panic!("{block:?}");
            };
            let tcp = tcp(&packet.data[..packet.caplen as usize]);
            let is_client = tcp.source_port() == 1;
            let initial = [ISN_SERVER, ISN_CLIENT].map(|isn| isn.wrapping_add(1));
            let (own, other) = (
                initial[usize::from(is_client)],
                initial[usize::from(!is_client)],
            );
            let flags = [
                ('S', tcp.syn()),
                ('F', tcp.fin()),
                ('R', tcp.rst()),
                ('A', tcp.ack()),
            ];
            packets.push((
                is_client,
                tcp.sequence_number().wrapping_sub(own),
                if tcp.ack() {
                    tcp.acknowledgment_number().wrapping_sub(other)
                } else {
                    0
                },
                flags
                    .into_iter()
                    .filter(|(_, is_set)| *is_set)
                    .map(|(flag, _)| flag)
                    .collect(),
                tcp.payload().len(),
            ));
            blocks = rest;
        }
        packets
    }

    const ISN_CLIENT: u32 = u32::MAX - 2;
    const ISN_SERVER: u32 = 7;

    fn opened() -> Synthetic {
        let addr = |port| SocketAddr::from(([10, 0, 0, 1], port));
        let mut tcp = Synthetic::new(addr(1), addr(2), [ISN_CLIENT, ISN_SERVER]);
        tcp.open(0, &mut Vec::new());
        tcp
    }

    fn row(
        is_client: bool,
        seq: u32,
        ack: u32,
        flags: &str,
        len: usize,
    ) -> (bool, u32, u32, String, usize) {
        (is_client, seq, ack, flags.to_owned(), len)
    }

    #[test]
    fn numbers_follow_the_bytes_across_the_end_of_their_range() {
        let (mut tcp, mut blocks) = (opened(), Vec::new());
        tcp.data(Side::Client, &[1; 10], 0, &mut blocks);
        tcp.data(Side::Server, &[2; 20], 0, &mut blocks);
        tcp.fin(Side::Client, 0, &mut blocks);
        tcp.data(Side::Server, &[3; 5], 0, &mut blocks);
        tcp.fin(Side::Server, 0, &mut blocks);
        let expected = [
            row(true, 0, 0, "A", 10),
            row(false, 0, 10, "A", 20),
            row(true, 10, 20, "FA", 0),
            row(false, 20, 11, "A", 0),
            row(false, 20, 11, "A", 5),
            row(false, 25, 11, "FA", 0),
            row(true, 11, 26, "A", 0),
        ];
        assert_eq!(packets(&blocks), expected);
    }

    #[test]
    fn what_was_not_kept_is_a_hole_that_was_acknowledged() {
        let (mut tcp, mut blocks) = (opened(), Vec::new());
        tcp.data(Side::Client, &[1; 10], 0, &mut blocks);
        tcp.hole(Side::Client, 1000, 0, &mut blocks);
        tcp.data(Side::Client, &[1; 10], 0, &mut blocks);
        let expected = [
            row(true, 0, 0, "A", 10),
            row(true, 1010, 0, "A", 0),
            row(false, 0, 1010, "A", 0),
            row(true, 1010, 0, "A", 10),
        ];
        assert_eq!(packets(&blocks), expected);
        blocks.clear();
        // No reader could tell how often the numbers went round.
        tcp.hole(Side::Client, 5 << 30, 0, &mut blocks);
        assert_eq!(packets(&blocks).len(), 10);
    }

    #[test]
    fn who_only_listens_acknowledges_within_the_window() {
        let (mut tcp, mut blocks) = (opened(), Vec::new());
        for _ in 0..40 {
            tcp.data(Side::Server, &[0; 64 << 10], 0, &mut blocks);
        }
        let packets = packets(&blocks);
        let acknowledgments = packets.iter().filter(|packet| packet.0).count();
        assert_eq!((packets.len(), acknowledgments), (80 + 2, 2));
        assert!(packets.iter().all(|packet| packet.4 <= SEGMENT_MAX));
    }

    #[test]
    fn time_does_not_run_backwards_within_a_connection() {
        let (mut tcp, mut blocks) = (opened(), Vec::new());
        tcp.data(Side::Client, b"x", 9, &mut blocks);
        tcp.data(Side::Server, b"x", 5, &mut blocks);
        let (rest, _) = parse_block_le(&blocks).unwrap();
        let (_, Block::EnhancedPacket(second)) = parse_block_le(rest).unwrap() else {
            panic!();
        };
        assert_eq!((second.ts_high, second.ts_low), (0, 9));
    }
}
