//! TCP or a Unix socket, and when the peer has taken what was written.

use crate::target::{Address, Socket};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// Enough for a peer that is not busy to read what was written.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// A connected byte stream.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    pub(crate) fn connect(address: &Address, timeout: Duration) -> io::Result<Self> {
        match &address.socket {
            Socket::Tcp(addresses) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for address in addresses {
                    match TcpStream::connect_timeout(address, timeout) {
                        Ok(stream) => {
                            // Pieces are to leave as separate segments, at once.
                            stream.set_nodelay(true)?;
                            return Ok(Self::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            #[cfg(unix)]
            Socket::Unix(path) => UnixStream::connect(path).map(Self::Unix),
            #[cfg(not(unix))]
            Socket::Unix(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no Unix sockets",
            )),
        }
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(how),
        }
    }

    pub(crate) fn set_write_timeout(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_write_timeout(Some(timeout)),
            #[cfg(unix)]
            Self::Unix(stream) => stream.set_write_timeout(Some(timeout)),
        }
    }

    /// Waits until the peer has read what was written, so that the next write reaches it alone; no
    /// longer than `at_most`, but at least for a moment.
    ///
    /// For a TCP peer of this machine the kernel says so; for others a pause is the only means.
    pub(crate) fn await_taken(&self, round_trip: Duration, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        if let Self::Tcp(stream) = self
            && let (Ok(here), Ok(there)) = (stream.local_addr(), stream.peer_addr())
            && there.ip().to_canonical().is_loopback()
        {
            // The table is no snapshot: a row can be missed while others come and go.
            let mut lookups_left = 5;
            while lookups_left > 0 && Instant::now() < deadline {
                match receive_queue(there, here) {
                    Some(0) => return,
                    Some(_) => std::thread::yield_now(),
                    None => lookups_left -= 1,
                }
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep((round_trip * 2).min(left).max(PAUSE_MIN));
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that wait in the socket of `owner` whose peer is `other`; `None` where the kernel's table
/// does not show that socket.
fn receive_queue(owner: SocketAddr, other: SocketAddr) -> Option<u64> {
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
