//! The thread that serves, and its connections.

use super::stamp::Stamp;
use petrel::Endpoint;
use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::{TcpListener, TcpStream},
    runtime::{self, Runtime},
    sync::oneshot,
};

/// Read at once, at the most; also what a connection may owe to a peer that does not read.
const READ_MAX: usize = 64 << 10;

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// What a server does that does next to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing less to do")]
pub enum FloorKind {
    /// Finds where frames begin and answers each with itself and status 200, which is right for a
    /// protocol check and for `echo`.
    Null {
        /// Whether frames carry MACs. They are passed on, not checked.
        mac: bool,
    },
    /// Writes back what it reads and looks at nothing.
    Echo,
}

/// A server on a thread of its own. Dropping it ends it with its connections.
#[derive(Debug)]
pub struct FloorServer {
    endpoint: Endpoint,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FloorServer {
    /// Listens, on a free port of this machine if no address is given, and begins to serve.
    ///
    /// # Errors
    /// If it cannot listen there, or the system gives no thread.
    pub fn start(kind: FloorKind, listen: Option<SocketAddr>) -> io::Result<Self> {
        let listen = listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(listen))?;
        let endpoint = Endpoint::from(listener.local_addr()?);
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("floor".to_owned())
            .spawn(move || serve(&runtime, &listener, kind, ended))?;
        Ok(Self {
            endpoint,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for FloorServer {
    fn drop(&mut self) {
        // Dropping the sender tells the thread.
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // Had it panicked, there would be nothing left to end.
            let _ = thread.join();
        }
    }
}

fn serve(runtime: &Runtime, listener: &TcpListener, kind: FloorKind, ended: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            () = accept(listener, kind) => (),
            _ = ended => (),
        }
    });
}

async fn accept(listener: &TcpListener, kind: FloorKind) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it small answers may wait for others; a stream that is gone ends by itself.
                let _ = stream.set_nodelay(true);
                tokio::spawn(converse(stream, kind));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers a connection until it ends, in whatever way.
async fn converse(mut stream: TcpStream, kind: FloorKind) {
    let mut stamp = match kind {
        FloorKind::Null { mac } => Some(Stamp::new(mac)),
        FloorKind::Echo => None,
    };
    loop {
        match poll_fn(|cx| turn(&mut stream, stamp.as_mut(), cx)).await {
            Ok(Some(owed)) if owed.is_empty() => {}
            // Nothing more is read until the peer has taken what it has caused.
            Ok(Some(owed)) => {
                if write_all(&stream, &owed).await.is_err() {
                    return;
                }
            }
            Ok(None) | Err(_) => return,
        }
    }
}

/// Reads what is there and writes the answer; gives what could not be written, nothing at the end.
fn turn(
    stream: &mut TcpStream,
    stamp: Option<&mut Stamp>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Option<Vec<u8>>>> {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_MAX]);
    }
    BUFFER.with_borrow_mut(|buffer| {
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut read))?;
        let bytes = read.filled_mut();
        if bytes.is_empty() {
            return Poll::Ready(Ok(None));
        }
        if let Some(stamp) = stamp {
            stamp.pass(bytes);
        }
        let written = or_nothing(stream.try_write(bytes))?;
        Poll::Ready(Ok(Some(bytes[written..].to_vec())))
    })
}

async fn write_all(stream: &TcpStream, mut owed: &[u8]) -> io::Result<()> {
    while !owed.is_empty() {
        stream.writable().await?;
        owed = &owed[or_nothing(stream.try_write(owed))?..];
    }
    Ok(())
}

/// A count of bytes, none if the socket takes none at present.
fn or_nothing(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel::wire::{Header, Status};
    use std::{
        io::{Read, Write},
        net::{Shutdown, TcpStream},
    };

    fn connect(server: &FloorServer) -> TcpStream {
        TcpStream::connect(server.endpoint().socket_addr().unwrap()).unwrap()
    }

    fn frame(payload_len: usize) -> Vec<u8> {
        let header = Header {
            sequence: 1,
            name_len: 4,
            payload_len: u32::try_from(payload_len).unwrap(),
            ..Header::default()
        };
        let mut frame = header.to_bytes().to_vec();
        frame.extend(b"echo");
        frame.resize(frame.len() + payload_len, b'x');
        frame
    }

    /// Sends everything before it reads, so that the server is owed a reader for long.
    fn exchange(server: &FloorServer, bytes: &[u8]) -> Vec<u8> {
        let mut stream = connect(server);
        let mut writer = stream.try_clone().unwrap();
        let mut answer = Vec::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                writer.write_all(bytes).unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            stream.read_to_end(&mut answer).unwrap();
        });
        answer
    }

    #[test]
    fn null_answers_frames_of_any_size_with_status_200() {
        let server = FloorServer::start(FloorKind::Null { mac: false }, None).unwrap();
        let requests = [frame(1), frame(0), frame(4 << 20), frame(64)].concat();
        let mut expected = requests.clone();
        Stamp::new(false).pass(&mut expected);
        assert!(exchange(&server, &requests) == expected);
        let first = expected.first_chunk().unwrap();
        assert_eq!(Header::parse(first).status, Status::OK);
    }

    #[test]
    fn echo_looks_at_nothing() {
        let server = FloorServer::start(FloorKind::Echo, None).unwrap();
        assert_eq!(exchange(&server, b"no frame at all"), b"no frame at all");
    }

    #[test]
    fn a_peer_that_does_not_read_is_read_from_no_more() {
        let server = FloorServer::start(FloorKind::Echo, None).unwrap();
        let mut silent = connect(&server);
        silent.set_nonblocking(true).unwrap();
        let mut stuck = connect(&server);
        let piece = vec![1; 1 << 20];
        let mut sent = 0;
        // Another connection's answer in between is the sign that the server had its turn.
        let mut turns_without = 0;
        while turns_without < 20 {
            match silent.write(&piece) {
                Ok(count) => (sent, turns_without) = (sent + count, 0),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    turns_without += 1;
                }
            }
            stuck.write_all(b"x").unwrap();
            stuck.read_exact(&mut [0]).unwrap();
            assert!(sent < 256 << 20, "the server takes whatever comes");
        }
        silent.set_nonblocking(false).unwrap();
        silent.shutdown(Shutdown::Write).unwrap();
        let mut back = Vec::new();
        silent.read_to_end(&mut back).unwrap();
        assert_eq!(back.len(), sent, "and all of it comes back once it is read");
    }

    #[test]
    fn when_dropped_it_is_gone_with_its_connections() {
        let server = FloorServer::start(FloorKind::Echo, None).unwrap();
        let address = server.endpoint().socket_addr().unwrap();
        let mut stream = connect(&server);
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        drop(server);
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
        assert!(TcpStream::connect(address).is_err());
    }
}
