//! From the link layer to the IP packet.

/// Link types by their numbers at tcpdump.org.
mod types {
    pub(super) const NULL: u32 = 0;
    pub(super) const ETHERNET: u32 = 1;
    pub(super) const RAW_BSD: [u32; 2] = [12, 14];
    pub(super) const RAW: u32 = 101;
    pub(super) const LOOP: u32 = 108;
    pub(super) const LINUX_SLL: u32 = 113;
    pub(super) const IPV4: u32 = 228;
    pub(super) const IPV6: u32 = 229;
    pub(super) const LINUX_SLL2: u32 = 276;
}

/// Tags of VLANs that may be stacked; more of them are no network anybody runs.
const TAGS_MAX: usize = 8;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// Where the IP packet begins in a frame, or why there is none.
pub(super) fn ip_offset(link_type: u32, frame: &[u8]) -> Result<usize, &'static str> {
    match link_type {
        types::ETHERNET => of_ethertype(frame, 12),
        types::LINUX_SLL => of_ethertype(frame, 14),
        types::LINUX_SLL2 => of_sll2(frame),
        types::NULL | types::LOOP => of_family(frame),
        types::RAW | types::IPV4 | types::IPV6 => Ok(0),
        other if types::RAW_BSD.contains(&other) => Ok(0),
        _ => Err("unknown link type"),
    }
}

/// The type of the payload stands at `at`, tags of VLANs perhaps before it.
fn of_ethertype(frame: &[u8], mut at: usize) -> Result<usize, &'static str> {
    for _ in 0..TAGS_MAX {
        match number(frame, at)? {
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => return Ok(at + 2),
            // 802.1Q, 802.1ad, and what was in use before: a tag of two bytes, and a type again.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => at += 4,
            0x0806 => return Err("ARP"),
            _ => return Err("not IP"),
        }
    }
    Err("too many VLAN tags")
}

/// The type stands in front of 18 other bytes; tags, where there are any, behind all of them.
fn of_sll2(frame: &[u8]) -> Result<usize, &'static str> {
    match number(frame, 0)? {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Ok(20),
        0x8100 | 0x88a8 => of_ethertype(frame, 22),
        0x0806 => Err("ARP"),
        _ => Err("not IP"),
    }
}

/// The address family of the machine that captured, in its byte order, in four bytes.
fn of_family(frame: &[u8]) -> Result<usize, &'static str> {
    let head = frame.first_chunk::<4>().ok_or("frame cut short")?;
    let family = match u32::from_le_bytes(*head) {
        small @ 0..=0xffff => small,
        _ => u32::from_be_bytes(*head),
    };
    match family {
        // IPv4; IPv6 on NetBSD and OpenBSD, FreeBSD, macOS.
        2 | 24 | 28 | 30 => Ok(4),
        _ => Err("not IP"),
    }
}

fn number(frame: &[u8], at: usize) -> Result<u16, &'static str> {
    let bytes = frame.get(at..).and_then(|rest| rest.first_chunk::<2>());
    bytes
        .map(|bytes| u16::from_be_bytes(*bytes))
        .ok_or("frame cut short")
}
