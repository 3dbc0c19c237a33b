//! How much waits in the receive queue of a socket of this machine, asked of the kernel by
//! `NETLINK_SOCK_DIAG` (sock_diag(7)): it answers for one socket in microseconds, however long its
//! tables are.

use socket2::{Domain, Protocol, Socket, Type};
use std::{
    cell::OnceCell,
    io::{Read, Write},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

const AF_NETLINK: i32 = 16;
const NETLINK_SOCK_DIAG: i32 = 4;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
/// Header of netlink, request, socket id.
const REQUEST_LEN: u32 = 16 + 8 + 48;
/// Of the answer's field `idiag_rqueue`: behind header, four bytes, socket id and a timer.
const QUEUE_AT: usize = 16 + 4 + 48 + 4;

thread_local! {
    static KERNEL: OnceCell<Option<Socket>> = const { OnceCell::new() };
}

/// Bytes that wait in the socket of `owner` whose peer is `other`; `None` where the kernel does not
/// say.
pub(super) fn receive_queue(owner: SocketAddr, other: SocketAddr) -> Option<u64> {
    KERNEL.with(|kernel| {
        let mut socket = kernel.get_or_init(open).as_ref()?;
        socket.write_all(&request(owner, other)?).ok()?;
        let mut answer = [0; 1024];
        let count = socket.read(&mut answer).ok()?;
        queue_of(&answer[..count])
    })
}

fn open() -> Option<Socket> {
    let protocol = Some(Protocol::from(NETLINK_SOCK_DIAG));
    let socket = Socket::new(Domain::from(AF_NETLINK), Type::DGRAM, protocol).ok()?;
    // It answers at once; should it ever not, nothing hangs.
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .ok()?;
    Some(socket)
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`: numbers in the machine's order, ports and
/// addresses in that of the network.
fn request(owner: SocketAddr, other: SocketAddr) -> Option<Vec<u8>> {
    let (owner_ip, other_ip) = (owner.ip().to_canonical(), other.ip().to_canonical());
    let family = match (owner_ip, other_ip) {
        (IpAddr::V4(_), IpAddr::V4(_)) => AF_INET,
        (IpAddr::V6(_), IpAddr::V6(_)) => AF_INET6,
        _ => return None,
    };
    let mut bytes = Vec::with_capacity(REQUEST_LEN as usize);
    bytes.extend(REQUEST_LEN.to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([family, IPPROTO_TCP, 0, 0]);
    // In whatever state it is.
    bytes.extend([0xff; 4]);
    bytes.extend(owner.port().to_be_bytes());
    bytes.extend(other.port().to_be_bytes());
    bytes.extend(sixteen(owner_ip));
    bytes.extend(sixteen(other_ip));
    // On any interface, whatever its cookie is.
    bytes.extend([0; 4]);
    bytes.extend([0xff; 8]);
    Some(bytes)
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

fn queue_of(answer: &[u8]) -> Option<u64> {
    let kind: &[u8; 2] = answer.get(4..)?.first_chunk()?;
    if u16::from_ne_bytes(*kind) != SOCK_DIAG_BY_FAMILY {
        return None;
    }
    let queue: &[u8; 4] = answer.get(QUEUE_AT..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*queue).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_kernel_says_how_much_waits() {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(host) else {
                eprintln!("SKIPPED: {host} cannot be listened at");
                continue;
            };
            let mut ours = TcpStream::connect(listener.local_addr().expect("an address"))
                .expect("a connection");
            let (mut theirs, _) = listener.accept().expect("a connection");
            let queue = || {
                receive_queue(
                    ours.peer_addr().expect("an address"),
                    ours.local_addr().expect("an address"),
                )
            };
            if queue().is_none() {
                eprintln!("SKIPPED: this kernel does not say");
                return;
            }
            assert_eq!(queue(), Some(0));
            (&ours).write_all(b"seven b").expect("it is written");
            assert_eq!(queue(), Some(7));
            theirs.read_exact(&mut [0; 7]).expect("it came");
            assert_eq!(queue(), Some(0));
            drop(theirs);
            ours.read_to_end(&mut Vec::new()).expect("the end");
        }
    }
}
