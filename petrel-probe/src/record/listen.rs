//! Sockets that take the connections which are forwarded.

use super::stream::Idle;
use petrel::Endpoint;
use std::{io, net::SocketAddr};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
#[cfg(unix)]
use {
    std::{
        net::Ipv4Addr,
        path::{Path, PathBuf},
    },
    tokio::net::UnixListener,
};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// Ports of addresses that are made up: the server's, the first of the clients', and how many of those.
#[cfg(unix)]
const MADE_UP_SERVER_PORT: u16 = 60_606;
#[cfg(unix)]
const MADE_UP_FIRST: u32 = 1024;
#[cfg(unix)]
const MADE_UP_PORTS: u32 = 59_000;

/// A socket that takes connections. A Unix socket's file goes away with it.
#[derive(Debug)]
pub(super) struct Listener {
    kind: Kind,
    local: Endpoint,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        path: PathBuf,
        /// Connections so far: each gets an address of its own.
        count: u32,
        /// Which file it is, so that no other program's is removed.
        file: Option<(u64, u64)>,
    },
}

/// A connection that was accepted, before anything was read from it.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: Idle,
    /// Where it comes from, and where it came to; of one family. Made up for Unix sockets.
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
}

impl Listener {
    /// Listens at `endpoint`. Of a host name with several addresses the first that works is taken.
    pub(super) async fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        if let (Some(host), Some(port)) = (endpoint.host(), endpoint.port()) {
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
            for addr in lookup_host((host, port)).await? {
                match bind_tcp(addr) {
                    Ok(listener) => {
                        let local = Endpoint::from(listener.local_addr()?);
                        return Ok(Self {
                            kind: Kind::Tcp(listener),
                            local: local.with_tls(endpoint.is_tls()),
                        });
                    }
                    Err(error) => last = error,
                }
            }
            return Err(last);
        }
        #[cfg(unix)]
        if let Some(path) = endpoint.path() {
            let kind = Kind::Unix {
                listener: bind_unix(path)?,
                path: path.to_owned(),
                count: 0,
                file: identity(path),
            };
            let local = endpoint.clone();
            return Ok(Self { kind, local });
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Where it listens, with the port that was given if it asked for any.
    pub(super) const fn local(&self) -> &Endpoint {
        &self.local
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&mut self) -> io::Result<Accepted> {
        match &mut self.kind {
            Kind::Tcp(listener) => {
                let (stream, client) = listener.accept().await?;
                let server = stream.local_addr()?;
                Ok(Accepted {
                    stream: Idle::of_tcp(stream)?,
                    client: canonical(client),
                    server: canonical(server),
                })
            }
            #[cfg(unix)]
            Kind::Unix {
                listener, count, ..
            } => {
                let (stream, _) = listener.accept().await?;
                let number = *count;
                *count = number.wrapping_add(1);
                Ok(Accepted {
                    stream: Idle::Unix(stream.into_std()?),
                    client: made_up(number),
                    server: SocketAddr::from((Ipv4Addr::LOCALHOST, MADE_UP_SERVER_PORT)),
                })
            }
        }
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Kind::Unix { path, file, .. } = &self.kind
            && file.is_some()
            && identity(path) == *file
        {
            // Nothing can be done about it if it is gone already.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn bind_tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A recorder that starts again takes its port though old connections linger. Elsewhere than on
    // Unix the option would let two programs share one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Takes the place of a socket file that nobody listens at any more; one that is in use, or a file
/// of another kind, stays as it is.
#[cfg(unix)]
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(in_use) if in_use.kind() == io::ErrorKind::AddrInUse => {
            if !is_deserted(path)? {
                return Err(in_use);
            }
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// Whether a file is a socket at which nobody listens. A listener that is too busy to take us is one.
#[cfg(unix)]
fn is_deserted(path: &Path) -> io::Result<bool> {
    use socket2::{Domain, SockAddr, Socket, Type};
    use std::os::unix::fs::FileTypeExt;
    if !std::fs::symlink_metadata(path)?.file_type().is_socket() {
        return Ok(false);
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let connected = socket.connect(&SockAddr::unix(path)?);
    Ok(connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}

/// Device and number of a file.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::symlink_metadata(path).ok()?;
    Some((meta.dev(), meta.ino()))
}

/// An address as IPv4 if that is what it stands for.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// An address on this machine that differs from those of so many connections before it.
#[cfg(unix)]
fn made_up(number: u32) -> SocketAddr {
    let (round, offset) = (number / MADE_UP_PORTS, number % MADE_UP_PORTS);
    let host = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + round);
    let port = u16::try_from(MADE_UP_FIRST + offset).unwrap_or_default();
    SocketAddr::from((host, port))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn made_up_addresses_differ_and_none_is_the_servers() {
        let all: HashSet<_> = (0..150_000).map(made_up).collect();
        assert_eq!(all.len(), 150_000);
        assert!(all.iter().all(|addr| addr.port() != MADE_UP_SERVER_PORT));
        assert!(made_up(u32::MAX).ip().is_loopback());
    }
}
