//! Whether a peer on this machine has read what was written to it, by the kernel's tables.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
};

/// Bytes that wait in the socket of `owner` whose peer is `other`; `None` where the kernel's table
/// does not show that socket.
pub(super) fn receive_queue(owner: SocketAddr, other: SocketAddr) -> Option<u64> {
    #[cfg(target_os = "linux")]
    if let Some(queue) = super::diag::receive_queue(owner, other) {
        return Some(queue);
    }
    // A dual-stack server shows IPv4 peers in the IPv6 table.
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|path| {
        // Line by line: the kernel writes no more of a long table than is read.
        let table = BufReader::new(File::open(path).ok()?);
        table
            .lines()
            .map_while(Result::ok)
            .find_map(|line| queue_of_line(&line, owner, other))
    })
}

fn queue_of_line(line: &str, owner: SocketAddr, other: SocketAddr) -> Option<u64> {
    let mut fields = line.split_whitespace().skip(1);
    let local = fields.next()?;
    // Ports differ between most rows: compare them before any address is decoded.
    if !local.ends_with(&format!(":{:04X}", owner.port())) {
        return None;
    }
    let remote = fields.next()?;
    let is_ours =
        table_address(local)? == canonical(owner) && table_address(remote)? == canonical(other);
    let queues = fields.nth(1).filter(|_| is_ours)?;
    u64::from_str_radix(queues.split_once(':')?.1, 16).ok()
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Reads an address of the kernel's table: 32-bit words in the machine's own byte order.
fn table_address(text: &str) -> Option<SocketAddr> {
    let (words, port) = text.split_once(':')?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..words.len()).step_by(8) {
        let word = u32::from_str_radix(words.get(at..at + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let port = u16::from_str_radix(port, 16).ok()?;
    let ip: std::net::IpAddr = match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok()?.into(),
        _ => <[u8; 16]>::try_from(bytes).ok()?.into(),
    };
    Some(canonical(SocketAddr::new(ip, port)))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_table() {
        let line = "   3: 0100007F:1F90 0100007F:C001 01 00000000:0000002A 00:00000000 00000000  0";
        let owner = "127.0.0.1:8080".parse().expect("an address");
        let other = "127.0.0.1:49153".parse().expect("an address");
        assert_eq!(queue_of_line(line, owner, other), Some(42));
        assert_eq!(queue_of_line(line, other, owner), None);
    }

    #[test]
    fn reads_mapped_addresses() {
        let mapped = table_address("0000000000000000FFFF00000100007F:0050");
        assert_eq!(mapped, "127.0.0.1:80".parse().ok());
    }
}
