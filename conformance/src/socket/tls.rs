//! TLS from the first byte, over rustls without a runtime: one side writes, another thread reads.

use super::stream::Stream;
use petrel::{ClientTls, ServerTls};
use rustls::{ClientConnection, Connection, ServerConnection, pki_types::ServerName};
use std::{
    io::{self, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How the suite speaks TLS to a server: whom it trusts, and which name it expects.
#[derive(Clone, Debug)]
pub(crate) struct ClientSide {
    tls: ClientTls,
    name: ServerName<'static>,
}

impl ClientSide {
    /// `host` is the host of the target; over a Unix socket there is none.
    pub(crate) fn new(tls: ClientTls, host: Option<&str>) -> Result<Self, String> {
        let name = tls.expected_name().or(host).unwrap_or("localhost");
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("`{name}` is no name that a certificate can carry"))?;
        Ok(Self { tls, name })
    }

    /// Of a peer that is in this process: nothing is ever said under it.
    pub(crate) fn nowhere() -> Self {
        let roots = Arc::new(rustls::RootCertStore::empty());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows the versions of its own library")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: Arc::new(config).into(),
            name: ServerName::try_from("localhost").expect("a name"),
        }
    }

    pub(super) fn connect(&self, stream: &mut Stream) -> io::Result<Session> {
        let connection = ClientConnection::new(self.tls.config(), self.name.clone());
        Session::establish(connection.map_err(io::Error::other)?.into(), stream)
    }
}

/// How the suite speaks TLS to a client.
#[derive(Clone, Debug)]
pub(crate) struct ServerSide(pub(crate) ServerTls);

impl ServerSide {
    pub(super) fn accept(&self, stream: &mut Stream) -> io::Result<Session> {
        let connection = ServerConnection::new(self.0.config());
        Session::establish(connection.map_err(io::Error::other)?.into(), stream)
    }
}

/// The state of one TLS connection, shared by the side that writes and the thread that reads.
///
/// No lock is held while a socket is read or written, so neither side can make the other wait for
/// the peer.
#[derive(Clone, Debug)]
pub(super) struct Session(Arc<Mutex<Connection>>);

impl Session {
    fn establish(mut connection: Connection, stream: &mut Stream) -> io::Result<Self> {
        connection.set_buffer_limit(None);
        while connection.is_handshaking() {
            connection.complete_io(stream)?;
        }
        // What the handshake left to be said, session tickets for instance.
        while connection.wants_write() {
            connection.write_tls(stream)?;
        }
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// The records that carry these bytes.
    pub(super) fn seal(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut connection = self.lock();
        connection.writer().write_all(bytes)?;
        drain(&mut connection)
    }

    /// The record that says that nothing more comes.
    pub(super) fn close_notify(&self) -> io::Result<Vec<u8>> {
        let mut connection = self.lock();
        connection.send_close_notify();
        drain(&mut connection)
    }

    /// What the records carry that came; the flag says that the peer has ended its side. Without
    /// records: what came along with the handshake.
    pub(super) fn open(&self, mut records: &[u8]) -> io::Result<(Vec<u8>, bool)> {
        let mut connection = self.lock();
        let mut plain = Vec::new();
        loop {
            let state = connection.process_new_packets().map_err(io::Error::other)?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            connection.reader().read_exact(&mut plain[start..])?;
            let is_closed = state.peer_has_closed();
            if is_closed || records.is_empty() || connection.read_tls(&mut records)? == 0 {
                return Ok((plain, is_closed));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drain(connection: &mut Connection) -> io::Result<Vec<u8>> {
    let mut records = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut records)?;
    }
    Ok(records)
}
