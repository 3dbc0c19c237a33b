//! A client made of raw bytes, and servers to try it on.

use petrel::{
    ConnectionEnd, InlineRequest, Reply, Request, Server, ServerBuilder, ServerHandle,
    wire::{Codec, Decoded, Frame, MacKey, Response, Status},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

/// A server with an inline `echo`, an async `echo-async`, and `status`, inline and async.
pub(crate) fn fixtures() -> ServerBuilder {
    Server::builder()
        .register_inline("echo", |request, reply| reply.write(request.payload()))
        .register("echo-async", async |request: Request| {
            tokio::task::yield_now().await;
            request.into_payload()
        })
        .register_inline("status", |request, _| status_of(request.payload()))
        .register("status-async", |request: Request| async move {
            status_of(request.payload())
        })
}

/// An inline handler that must not run.
pub(crate) fn never(_: &InlineRequest<'_>, _: &mut Reply<'_>) {
    panic!("executed what must not be executed");
}

fn status_of(payload: &[u8]) -> Result<Status, String> {
    let text = String::from_utf8_lossy(payload);
    text.parse()
        .map(Status)
        .map_err(|error| format!("{text:?} is no status: {error}"))
}

/// The raw end of a connection.
pub(crate) struct Peer<S = DuplexStream> {
    pub(crate) stream: S,
    pub(crate) codec: Codec,
    input: Vec<u8>,
}

/// A connection in memory, and the task that serves it.
pub(crate) fn connect(server: &Server) -> (Peer, JoinHandle<ConnectionEnd>) {
    connect_with(server, 1 << 20)
}

/// The same with a pipe of so many bytes each way.
pub(crate) fn connect_with(server: &Server, pipe: usize) -> (Peer, JoinHandle<ConnectionEnd>) {
    let (near, far) = duplex(pipe);
    (Peer::new(near), tokio::spawn(server.serve_connection(far)))
}

/// Builds the server and connects to it.
pub(crate) fn start(builder: ServerBuilder) -> (Peer, ServerHandle, JoinHandle<ConnectionEnd>) {
    let server = builder.build().unwrap();
    let (peer, end) = connect(&server);
    (peer, keep(server), end)
}

/// Lets a server live on for its handle; dropping it would cut its connections.
pub(crate) fn keep(server: Server) -> ServerHandle {
    let handle = server.handle();
    tokio::spawn(server.run());
    handle
}

pub(crate) fn request<'a>(sequence: u32, name: &'a str, payload: &'a [u8]) -> Frame<'a> {
    Frame {
        status: Status::NONE,
        sequence,
        name: name.as_bytes(),
        payload,
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        let codec = Codec::new().payload_max(u32::MAX);
        Self {
            stream,
            codec,
            input: Vec::new(),
        }
    }

    pub(crate) fn with_key(mut self, key: &[u8]) -> Self {
        self.codec = self.codec.mac_key(MacKey::new(key).unwrap());
        self
    }

    pub(crate) fn bytes(&self, frames: &[Frame<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        frames
            .iter()
            .for_each(|frame| self.codec.encode(frame, &mut out).unwrap());
        out
    }

    /// Sends the frames in one write.
    pub(crate) async fn send(&mut self, frames: &[Frame<'_>]) {
        let bytes = self.bytes(frames);
        self.send_bytes(&bytes).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next answer: sequence number, name, status and payload.
    pub(crate) async fn answer(&mut self) -> (u32, Vec<u8>, Response) {
        self.next().await.expect("an answer, not the end")
    }

    /// The next answer must have this sequence number; gives status and payload.
    pub(crate) async fn answer_to(&mut self, sequence: u32) -> (u16, Vec<u8>) {
        let (got, _, response) = self.answer().await;
        assert_eq!(got, sequence);
        (response.status.0, response.payload.to_vec())
    }

    pub(crate) async fn call(
        &mut self,
        sequence: u32,
        name: &str,
        payload: &[u8],
    ) -> (u16, Vec<u8>) {
        self.send(&[request(sequence, name, payload)]).await;
        self.answer_to(sequence).await
    }

    /// The connection must end here, between two frames.
    pub(crate) async fn end(&mut self) {
        let next = self.next().await;
        assert_eq!(next, None, "an end, not an answer");
    }

    async fn next(&mut self) -> Option<(u32, Vec<u8>, Response)> {
        loop {
            if let Decoded::Frame { frame, len } = self.codec.decode(&self.input).unwrap() {
                let response = Response::new(frame.status, frame.payload.to_vec());
                let answer = (frame.sequence, frame.name.to_vec(), response);
                self.input.drain(..len);
                return Some(answer);
            }
            if self.stream.read_buf(&mut self.input).await.unwrap_or(0) == 0 {
                assert_eq!(self.input, b"", "the connection ended inside a frame");
                return None;
            }
        }
    }
}
