//! From an endpoint to a client that is ready.

#[cfg(feature = "tls")]
use super::tls;
use super::{
    Client, ClientBuilder, ClientError, ClientErrorKind, ConnectPhase, Executed, call::Deadline,
    client::Shared, driver::Driver, stream::Took,
};
use crate::{
    net::{Address, Endpoint, Plain, SocketOptions, Stream},
    wire::{Codec, PROTOCOL_CHECK, Status},
};
use bytes::Bytes;
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::mpsc,
    time::{Instant, timeout_at},
};

impl ClientBuilder {
    pub(super) async fn connect_to(self, endpoint: &Endpoint) -> Result<Client, ClientError> {
        let deadline = Deadline::within(self.limits.connect_timeout);
        let (stream, _) = self.open_by(endpoint, deadline).await?;
        self.start(stream, deadline).await
    }

    /// Opens the stream of an endpoint, TLS included, and says nothing on it. Tells how long it took.
    pub(super) async fn open_by(
        &self,
        endpoint: &Endpoint,
        deadline: Deadline,
    ) -> Result<(Stream, Took), ClientError> {
        self.limits.check().map_err(ClientErrorKind::Limit)?;
        self.check_tls(endpoint.is_tls())?;
        let start = Instant::now();
        let plain = match timeout_at(deadline.at, self.dial(endpoint)).await {
            Ok(dialled) => dialled.map_err(|error| ClientErrorKind::Connect {
                endpoint: endpoint.to_string(),
                kind: error.kind(),
                text: error.to_string(),
            })?,
            Err(_) => return Err(self.late(ConnectPhase::Connecting, deadline).into()),
        };
        let connect = start.elapsed();
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let start = Instant::now();
            let own = Deadline::within(self.limits.tls_timeout);
            let first = if own.at < deadline.at { own } else { deadline };
            let shaken = timeout_at(first.at, tls::handshake(tls, endpoint, plain)).await;
            let stream = shaken.map_err(|_| self.late(ConnectPhase::TlsHandshake, first))??;
            let tls = Some(start.elapsed());
            return Ok((stream, Took { connect, tls }));
        }
        Ok((Stream::Plain(plain), Took { connect, tls: None }))
    }

    /// Sets the driver going on a stream, and does the protocol check.
    pub(super) async fn start<S>(self, stream: S, deadline: Deadline) -> Result<Client, ClientError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shared = Arc::new(Shared::new(&self));
        let (sender, calls) = mpsc::unbounded_channel();
        tokio::spawn(Driver::new(stream, calls, Arc::clone(&shared), &self));
        let mut client = Client::new(sender, shared);
        if self.protocol_check {
            client.server_version = Some(self.check_protocol(&client, deadline).await?);
        }
        Ok(client)
    }

    /// Asks the server for the protocol version; gives it if it is ours.
    async fn check_protocol(&self, client: &Client, deadline: Deadline) -> Result<u8, ClientError> {
        let asked = self.protocol_version;
        let payload = Bytes::copy_from_slice(&[asked]);
        let response = client
            .call(PROTOCOL_CHECK.as_bytes().into(), payload, deadline)
            .await
            .map_err(|error| match error.kind() {
                ClientErrorKind::Timeout { .. } => {
                    self.late(ConnectPhase::ProtocolCheck, deadline).into()
                }
                // Nothing of the caller's was sent yet.
                _ => error.with_executed(Executed::No),
            })?;
        let server = response.payload.first().copied();
        if response.status == Status::OK && server == Some(asked) {
            return Ok(asked);
        }
        Err(ClientErrorKind::ProtocolMismatch {
            status: response.status,
            server,
            client: asked,
        }
        .into())
    }

    async fn dial(&self, endpoint: &Endpoint) -> io::Result<Plain> {
        match &endpoint.address {
            #[cfg(unix)]
            Address::Unix(path) => tokio::net::UnixStream::connect(path).await.map(Plain::Unix),
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                let limits = &self.limits;
                let options = SocketOptions::new(
                    limits.nodelay,
                    limits.keepalive_idle,
                    limits.keepalive_interval,
                    limits.keepalive_probes,
                );
                options.apply(&stream)?;
                Ok(Plain::Tcp(stream))
            }
        }
    }

    fn late(&self, phase: ConnectPhase, deadline: Deadline) -> ClientErrorKind {
        ClientErrorKind::ConnectTimeout {
            phase,
            after: deadline.after,
            has_key: self.key.is_some(),
        }
    }

    pub(super) fn codec(&self) -> Codec {
        let answer_max = u32::try_from(self.limits.answer_max).unwrap_or(u32::MAX);
        let codec = Codec::new().payload_max(answer_max);
        match &self.key {
            Some(key) => codec.mac_key(key.clone()),
            None => codec,
        }
    }
}
