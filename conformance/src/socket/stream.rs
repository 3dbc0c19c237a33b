//! TCP or a Unix socket, connected or accepted.

use super::taken;
use crate::target::{Address, Socket};
use socket2::SockRef;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

/// Enough for a peer that is not busy to read what was written.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// The buffer of a socket that is not read; the system raises it to its own least.
const RECEIVE_LITTLE: usize = 4 << 10;

/// How often a listener looks for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_micros(200);

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
                        Ok(stream) => return Self::of_tcp(stream),
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            #[cfg(unix)]
            Socket::Unix(path) => UnixStream::connect(path).map(Self::Unix),
            #[cfg(not(unix))]
            Socket::Unix(_) => Err(no_unix_sockets()),
        }
    }

    fn of_tcp(stream: TcpStream) -> io::Result<Self> {
        // Pieces are to leave as separate segments, at once.
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
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

    /// From now on its end is a reset, where there are resets.
    pub(crate) fn end_with_reset(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }

    /// From now on the system holds no more for it than it must, and does not make that more by itself.
    pub(crate) fn receive_little(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).set_recv_buffer_size(RECEIVE_LITTLE),
            // What waits in a Unix socket counts against the buffer of the sender.
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }

    pub(crate) fn set_timeouts(
        &self,
        read: Option<Duration>,
        write: Option<Duration>,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(read)?;
                stream.set_write_timeout(write)
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                stream.set_read_timeout(read)?;
                stream.set_write_timeout(write)
            }
        }
    }

    /// Waits until the peer has read what was written, so that the next write reaches it alone; no
    /// longer than `at_most`, but at least for a moment.
    ///
    /// For a TCP peer of this machine the kernel says so; for others a pause is the only means. It can
    /// only weaken a case, never fail a right peer.
    pub(crate) fn await_taken(&self, round_trip: Duration, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        if let Self::Tcp(stream) = self
            && let (Ok(here), Ok(there)) = (stream.local_addr(), stream.peer_addr())
            && there.ip().to_canonical().is_loopback()
        {
            // The table is no snapshot: a row can be missed while others come and go.
            let mut lookups_left = 5;
            while lookups_left > 0 && Instant::now() < deadline {
                match taken::receive_queue(there, here) {
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

/// Where the suite waits for a client under judgement.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) fn tcp() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self::Tcp(listener))
    }

    /// Listens on a Unix socket at a path where nothing is yet.
    #[cfg(unix)]
    pub(crate) fn unix(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Self::Unix(listener))
    }

    #[cfg(not(unix))]
    pub(crate) fn unix(_: &Path) -> io::Result<Self> {
        Err(no_unix_sockets())
    }

    /// The port, for TCP.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// The next connection, or `None` if there is none for so long.
    pub(crate) fn accept(&self, wait: Duration) -> io::Result<Option<Stream>> {
        let deadline = Instant::now() + wait;
        loop {
            let accepted = match self {
                Self::Tcp(listener) => listener.accept().and_then(|(stream, _)| {
                    // Inherited from the listener on some systems.
                    stream.set_nonblocking(false)?;
                    Stream::of_tcp(stream)
                }),
                #[cfg(unix)]
                Self::Unix(listener) => listener.accept().and_then(|(stream, _)| {
                    stream.set_nonblocking(false)?;
                    Ok(Stream::Unix(stream))
                }),
            };
            match accepted {
                Ok(stream) => return Ok(Some(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= deadline {
                        return Ok(None);
                    }
                    std::thread::sleep(ACCEPT_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(not(unix))]
fn no_unix_sockets() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no Unix sockets",
    )
}
