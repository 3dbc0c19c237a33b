//! From packets to the segments of TCP in them.

use super::{
    Packet, Segment,
    fragments::{Datagram, Fragment, Fragments},
    link,
};
use etherparse::{IpNumber, Ipv6ExtensionSlice, LaxIpSlice, TcpSlice};
use std::net::{IpAddr, SocketAddr};

/// Takes packets apart. It remembers nothing but fragments whose datagrams are not whole yet.
#[derive(Debug, Default)]
pub struct Dissector {
    fragments: Fragments,
}

/// What IP says of its payload.
struct Network<'a> {
    from: IpAddr,
    to: IpAddr,
    payload: &'a [u8],
    /// Where the payload begins in the file.
    source: u64,
    /// Bytes that follow the payload and were not captured.
    missing: usize,
}

impl Dissector {
    /// A dissector that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fragments that wait for the rest of their datagrams.
    pub fn waiting_fragments(&self) -> usize {
        self.fragments.len()
    }

    /// Gives the segments in a packet: usually one, several for a datagram that this fragment makes
    /// whole.
    ///
    /// # Errors
    /// Why there is none.
    pub fn segments(
        &mut self,
        packet: &Packet<'_>,
        each: &mut dyn FnMut(&Segment<'_>),
    ) -> Result<(), &'static str> {
        let offset = link::ip_offset(packet.link_type, packet.data)?;
        let bytes = packet.data.get(offset..).unwrap_or_default();
        let (ip, _) = LaxIpSlice::from_slice(bytes).map_err(|_| "malformed IP header")?;
        let body = ip.payload();
        let header_len = body.payload.as_ptr().addr() - bytes.as_ptr().addr();
        let claimed = match &ip {
            LaxIpSlice::Ipv4(ip) => usize::from(ip.header().total_len()),
            LaxIpSlice::Ipv6(ip) => usize::from(ip.header().payload_length()) + 40,
        };
        let network = Network {
            from: ip.source_addr(),
            to: ip.destination_addr(),
            payload: body.payload,
            source: packet.source + (offset + header_len) as u64,
            missing: claimed.saturating_sub(header_len + body.payload.len()),
        };
        if body.fragmented {
            return self.fragment(&ip, &network, packet.time_ns, each);
        }
        match body.ip_number {
            IpNumber::TCP => network.tcp(packet.time_ns, each),
            other => Err(protocol(other)),
        }
    }

    fn fragment(
        &mut self,
        ip: &LaxIpSlice<'_>,
        network: &Network<'_>,
        time_ns: u64,
        each: &mut dyn FnMut(&Segment<'_>),
    ) -> Result<(), &'static str> {
        let protocol_number = ip.payload().ip_number;
        if protocol_number != IpNumber::TCP {
            return Err(protocol(protocol_number));
        }
        if network.missing > 0 {
            return Err("fragment cut short");
        }
        let (identification, at, more) = match ip {
            LaxIpSlice::Ipv4(ip) => {
                let header = ip.header();
                let at = header.fragments_offset().byte_offset();
                (
                    u32::from(header.identification()),
                    at,
                    header.more_fragments(),
                )
            }
            LaxIpSlice::Ipv6(ip) => {
                let mut extensions = ip.extensions().clone().into_iter();
                let header = extensions.find_map(|extension| match extension {
                    Ipv6ExtensionSlice::Fragment(header) => Some(header),
                    _ => None,
                });
                let header = header.ok_or("malformed IP header")?;
                let at = header.fragment_offset().byte_offset();
                (header.identification(), at, header.more_fragments())
            }
        };
        let fragment = Fragment {
            from: network.from,
            to: network.to,
            identification,
            at,
            is_last: !more,
            bytes: network.payload,
            source: network.source,
        };
        match self.fragments.add(&fragment)? {
            Some(datagram) => datagram_segments(&datagram, network, time_ns, each),
            None => Ok(()),
        }
    }
}

impl Network<'_> {
    fn tcp(&self, time_ns: u64, each: &mut dyn FnMut(&Segment<'_>)) -> Result<(), &'static str> {
        let segment = self.segment(self.payload, time_ns)?;
        each(&segment);
        Ok(())
    }

    /// The segment that begins with these bytes.
    fn segment<'a>(&self, bytes: &'a [u8], time_ns: u64) -> Result<Segment<'a>, &'static str> {
        let tcp = TcpSlice::from_slice(bytes).map_err(|_| "malformed or cut TCP header")?;
        let payload = tcp.payload();
        let header_len = bytes.len() - payload.len();
        Ok(Segment {
            from: SocketAddr::new(self.from, tcp.source_port()),
            to: SocketAddr::new(self.to, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            reset: tcp.rst(),
            payload,
            missing: u32::try_from(self.missing).unwrap_or(0),
            source: self.source + header_len as u64,
            time_ns,
        })
    }
}

/// The segments of a datagram that came in fragments: one for each run of bytes in the file.
fn datagram_segments(
    datagram: &Datagram,
    network: &Network<'_>,
    time_ns: u64,
    each: &mut dyn FnMut(&Segment<'_>),
) -> Result<(), &'static str> {
    let whole = network.segment(&datagram.bytes, time_ns)?;
    let header_len = datagram.bytes.len() - whole.payload.len();
    let last = datagram.runs.len().saturating_sub(1);
    let mut has_begun = false;
    for (index, &(at, source)) in datagram.runs.iter().enumerate() {
        let next = datagram.runs.get(index + 1);
        let end = next.map_or(datagram.bytes.len(), |&(at, _)| at);
        let from = at.max(header_len);
        if from >= end && index < last {
            continue;
        }
        let payload = datagram.bytes.get(from.min(end)..end).unwrap_or_default();
        let offset = u32::try_from(from - header_len).unwrap_or(0);
        let offset = if has_begun {
            offset + u32::from(whole.syn)
        } else {
            offset
        };
        each(&Segment {
            sequence: whole.sequence.wrapping_add(offset),
            syn: whole.syn && !has_begun,
            fin: whole.fin && index == last,
            reset: whole.reset && index == last,
            payload,
            source: source + (from - at) as u64,
            ..whole
        });
        has_begun = true;
    }
    Ok(())
}

fn protocol(number: IpNumber) -> &'static str {
    match number {
        IpNumber::UDP => "UDP",
        IpNumber::ICMP | IpNumber::IPV6_ICMP => "ICMP",
        _ => "another protocol over IP",
    }
}
