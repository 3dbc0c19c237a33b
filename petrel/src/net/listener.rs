//! Sockets that take connections.

use super::{Endpoint, PeerAddr, Plain, endpoint::Address};
use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll},
};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
#[cfg(unix)]
use {
    std::path::{Path, PathBuf},
    tokio::net::UnixListener,
};

/// How many connections may wait to be accepted. The system's own limit, 4096 on Linux, holds too.
const BACKLOG: u32 = 4096;

/// A socket that takes connections. A Unix socket's file goes away with it.
#[derive(Debug)]
pub(crate) struct Listener {
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
        /// Which file it is, so that no other server's is removed.
        file: Option<(u64, u64)>,
    },
}

impl Listener {
    /// Listens at `endpoint`. Of a host name with several addresses the first that works is taken.
    pub(crate) async fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        match &endpoint.address {
            Address::Tcp { host, port } => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for addr in lookup_host((host.as_str(), *port)).await? {
                    match bind_tcp(addr) {
                        Ok(listener) => {
                            let local = Endpoint::from(listener.local_addr()?);
                            let local = local.with_tls(endpoint.is_tls());
                            return Ok(Self {
                                kind: Kind::Tcp(listener),
                                local,
                            });
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let listener = bind_unix(path)?;
                let kind = Kind::Unix {
                    listener,
                    path: path.clone(),
                    file: identity(path),
                };
                Ok(Self {
                    kind,
                    local: endpoint.clone(),
                })
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no Unix sockets for us",
            )),
        }
    }

    /// Where it listens, with the port that was given if it asked for any.
    pub(crate) fn local(&self) -> &Endpoint {
        &self.local
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Plain, PeerAddr)>> {
        match &self.kind {
            Kind::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, addr)| (Plain::Tcp(stream), PeerAddr::Tcp(addr))),
            #[cfg(unix)]
            Kind::Unix { listener, .. } => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| (Plain::Unix(stream), PeerAddr::Unix)),
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
    // A server that starts again takes its port though old connections linger. Elsewhere than on
    // Unix the option would let two servers share one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Takes the place of a socket file that nobody listens at any more; one that is in use, or a file
/// of another kind, stays as it is.
#[cfg(unix)]
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt;
    let in_use = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => error,
        other => return other,
    };
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if !(is_socket && is_deserted(path)?) {
        return Err(in_use);
    }
    std::fs::remove_file(path)?;
    UnixListener::bind(path)
}

/// Whether nobody listens at a socket file. A listener that is too busy to take us is one.
#[cfg(unix)]
fn is_deserted(path: &Path) -> io::Result<bool> {
    use socket2::{Domain, SockAddr, Socket, Type};
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
