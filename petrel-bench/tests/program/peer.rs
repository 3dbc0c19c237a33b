//! A server whose manners a test decides: right about the protocol check, otherwise as it is told.

use petrel::wire::{Codec, Decoded, Frame, MacKey, Status};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

/// What a server does with a request.
pub(crate) enum Manner {
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Says nothing.
    Nothing,
    /// Sends these bytes and closes.
    Close(Vec<u8>),
}

/// A request as the server sees it.
pub(crate) struct Seen {
    pub(crate) sequence: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    /// How many requests came before it, on all connections, protocol checks not counted.
    pub(crate) number: u64,
}

impl Seen {
    /// The right answer.
    pub(crate) fn echo(&self) -> Vec<u8> {
        self.answer(200, self.sequence, &self.name, &self.payload)
    }

    pub(crate) fn answer(
        &self,
        status: u16,
        sequence: u32,
        name: &[u8],
        payload: &[u8],
    ) -> Vec<u8> {
        answer(&Codec::new(), status, sequence, name, payload)
    }
}

/// A server on a free port of this machine; it ends when it is dropped.
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Serves every connection on a thread of its own, as `manner` says.
    pub(crate) fn start(manner: impl Fn(&Seen) -> Manner + Send + Sync + 'static) -> Self {
        Self::with_key(None, manner)
    }

    pub(crate) fn with_key(
        key: Option<MacKey>,
        manner: impl Fn(&Seen) -> Manner + Send + Sync + 'static,
    ) -> Self {
        Self::serving(key, || (), manner)
    }

    /// Tells `checked` of every protocol check before it is answered.
    pub(crate) fn watching_checks(
        checked: impl Fn() + Send + Sync + 'static,
        manner: impl Fn(&Seen) -> Manner + Send + Sync + 'static,
    ) -> Self {
        Self::serving(None, checked, manner)
    }

    fn serving(
        key: Option<MacKey>,
        checked: impl Fn() + Send + Sync + 'static,
        manner: impl Fn(&Seen) -> Manner + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let manner = Arc::new((checked, manner));
        let counter = Arc::new(AtomicU64::new(0));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (counter, manner, key) =
                    (Arc::clone(&counter), Arc::clone(&manner), key.clone());
                // Each ends with its connection.
                thread::spawn(move || serve(stream.unwrap(), &counter, key, &manner.0, &manner.1));
            }
        });
        Self {
            addr,
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the one that accepts.
        drop(TcpStream::connect(self.addr));
        self.thread.take().map(JoinHandle::join);
    }
}

fn serve(
    mut stream: TcpStream,
    counter: &AtomicU64,
    key: Option<MacKey>,
    checked: &impl Fn(),
    manner: &impl Fn(&Seen) -> Manner,
) {
    let codec = key.map_or_else(Codec::new, |key| Codec::new().mac_key(key));
    let (mut bytes, mut chunk) = (Vec::new(), [0; 65_536]);
    loop {
        while let Ok(Decoded::Frame { frame, len }) = codec.decode(&bytes) {
            let mut seen = Seen {
                sequence: frame.sequence,
                name: frame.name.to_vec(),
                payload: frame.payload.to_vec(),
                number: 0,
            };
            let is_check = frame.is_protocol_check();
            bytes.drain(..len);
            let said = if is_check {
                checked();
                Manner::Say(answer(&codec, 200, seen.sequence, &seen.name, &[0]))
            } else {
                seen.number = counter.fetch_add(1, Ordering::SeqCst);
                manner(&seen)
            };
            let (bytes, closes) = match said {
                Manner::Say(bytes) => (bytes, false),
                Manner::Nothing => (Vec::new(), false),
                Manner::Close(bytes) => (bytes, true),
            };
            if stream.write_all(&bytes).is_err() || closes {
                return;
            }
        }
        match stream.read(&mut chunk) {
            Ok(len) if len > 0 => bytes.extend_from_slice(&chunk[..len]),
            _ => return,
        }
    }
}

fn answer(codec: &Codec, status: u16, sequence: u32, name: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let status = Status(status);
    let frame = Frame {
        status,
        sequence,
        name,
        payload,
    };
    codec.encode(&frame, &mut bytes).unwrap();
    bytes
}
