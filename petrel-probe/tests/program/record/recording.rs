//! Reads a recording by means of its own: blocks by one library, packets by another, and the few lines
//! that order asks for here.

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_parser::{Block, parse_pcapng};
use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

/// What a file holds of one connection.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// The bytes of the client and of the server.
    pub(crate) bytes: [Vec<u8>; 2],
    /// Bytes that are missing.
    pub(crate) missing: [u64; 2],
    pub(crate) fins: [bool; 2],
    pub(crate) resets: [bool; 2],
    pub(crate) comments: Vec<String>,
    next: [Option<u32>; 2],
}

/// All connections of a file by their clients. Every checksum, sequence number and acknowledgment is
/// checked on the way.
pub(crate) fn read(path: &Path) -> BTreeMap<SocketAddr, Recorded> {
    let bytes = fs::read(path).unwrap();
    let (rest, file) = parse_pcapng(&bytes).unwrap();
    assert_eq!((rest.len(), file.sections.len()), (0, 1));
    let mut connections: BTreeMap<SocketAddr, Recorded> = BTreeMap::new();
    for block in &file.sections[0].blocks {
        let Block::EnhancedPacket(block) = block else {
            continue;
        };
        assert_eq!(block.caplen, block.origlen);
        let data = &block.data[..block.caplen.try_into().unwrap()];
        let (from, to, packet) = parse(data);
        let (client, side) = if connections.contains_key(&to) && !connections.contains_key(&from) {
            (to, 1)
        } else {
            (from, 0)
        };
        let connection = connections.entry(client).or_default();
        for option in &block.options {
            if option.code.0 == 1 {
                let comment = option.as_str().unwrap().to_owned();
                connection.comments.push(comment);
            }
        }
        connection.take(side, &packet);
    }
    connections
}

/// The only connection of a file.
pub(crate) fn read_one(path: &Path) -> Recorded {
    let mut all = read(path);
    assert_eq!(all.len(), 1, "{all:?}");
    all.pop_first().unwrap().1
}

struct Segment<'a> {
    sequence: u32,
    acknowledged: Option<u32>,
    syn: bool,
    fin: bool,
    reset: bool,
    payload: &'a [u8],
}

fn parse(data: &[u8]) -> (SocketAddr, SocketAddr, Segment<'_>) {
    let packet = SlicedPacket::from_ip(data).unwrap();
    let Some(TransportSlice::Tcp(tcp)) = packet.transport else {
        panic!("{packet:?}");
    };
    let (source, destination) = match packet.net.unwrap() {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            assert_eq!(
                header.to_header().calc_header_checksum(),
                header.header_checksum()
            );
            let checksum = tcp.calc_checksum_ipv4(header.source(), header.destination());
            assert_eq!(checksum.unwrap(), tcp.checksum());
            (
                header.source_addr().into(),
                header.destination_addr().into(),
            )
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            let checksum = tcp.calc_checksum_ipv6(header.source(), header.destination());
            assert_eq!(checksum.unwrap(), tcp.checksum());
            (
                header.source_addr().into(),
                header.destination_addr().into(),
            )
        }
        other => panic!("{other:?}"),
    };
    let segment = Segment {
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        fin: tcp.fin(),
        reset: tcp.rst(),
        payload: tcp.payload(),
    };
    let from = SocketAddr::new(source, tcp.source_port());
    (
        from,
        SocketAddr::new(destination, tcp.destination_port()),
        segment,
    )
}

impl Recorded {
    fn take(&mut self, side: usize, segment: &Segment<'_>) {
        assert_ne!(self.is_over(), Some(side), "nothing comes behind a reset");
        match self.next[side] {
            None => self.next[side] = Some(segment.sequence),
            Some(next) => {
                self.missing[side] += u64::from(segment.sequence.wrapping_sub(next));
            }
        }
        if let Some(acknowledged) = segment.acknowledged {
            let next = self.next[1 - side].unwrap_or(acknowledged);
            assert_eq!(acknowledged, next, "it acknowledges all that there was");
        }
        assert!(
            segment.payload.is_empty() || !self.fins[side],
            "nothing comes behind a FIN"
        );
        let len = u32::try_from(segment.payload.len()).unwrap();
        let taken = len + u32::from(segment.syn) + u32::from(segment.fin);
        self.next[side] = Some(segment.sequence.wrapping_add(taken));
        self.bytes[side].extend_from_slice(segment.payload);
        self.fins[side] |= segment.fin;
        self.resets[side] |= segment.reset;
    }

    fn is_over(&self) -> Option<usize> {
        self.resets.iter().position(|reset| *reset)
    }
}
