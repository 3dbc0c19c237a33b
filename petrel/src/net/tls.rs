//! TLS for both ends, by rustls with the ring provider.

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{fmt, sync::Arc};

/// What a server needs for TLS: its certificate and, if it asks its clients for one, whom it trusts.
#[derive(Clone)]
pub struct ServerTls(pub(crate) Arc<ServerConfig>);

/// What a client needs for TLS: whom it trusts and, if it is asked for one, its certificate.
#[derive(Clone)]
pub struct ClientTls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) server_name: Option<String>,
}

/// Why certificates or keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct TlsError {
    what: &'static str,
    problem: String,
}

impl TlsError {
    fn new(what: &'static str, problem: impl fmt::Display) -> Self {
        Self {
            what,
            problem: problem.to_string(),
        }
    }
}

impl ServerTls {
    /// A server that shows this certificate chain (PEM, its own first) and holds this key (PEM).
    ///
    /// # Errors
    /// If the PEM cannot be read, or the key does not belong to the certificate.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let builder = server_builder()?.with_no_client_auth();
        Self::finish(builder.with_single_cert(read_chain(certificates)?, read_key(key)?))
    }

    /// The same, and every client must show a certificate that one of `client_roots` (PEM) signed.
    ///
    /// # Errors
    /// As [`ServerTls::new`], or if there is no root among `client_roots`.
    pub fn with_client_auth(
        certificates: &[u8],
        key: &[u8],
        client_roots: &[u8],
    ) -> Result<Self, TlsError> {
        let roots = Arc::new(read_roots(client_roots)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|error| TlsError::new("the authorities for clients cannot be used", error))?;
        let builder = server_builder()?.with_client_cert_verifier(verifier);
        Self::finish(builder.with_single_cert(read_chain(certificates)?, read_key(key)?))
    }

    /// The configuration of rustls, for programs that read and write without this library.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0)
    }

    fn finish(config: Result<ServerConfig, rustls::Error>) -> Result<Self, TlsError> {
        let config =
            config.map_err(|error| TlsError::new("the certificate cannot be used", error))?;
        Ok(Self(Arc::new(config)))
    }
}

impl From<Arc<ServerConfig>> for ServerTls {
    /// For what [`ServerTls`] does not offer, bring a configuration of rustls.
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }
}

impl ClientTls {
    /// A client that trusts servers whose certificate one of `roots` (PEM) signed.
    ///
    /// # Errors
    /// If the PEM cannot be read or holds no certificate.
    pub fn new(roots: &[u8]) -> Result<Self, TlsError> {
        let config = client_builder()?.with_root_certificates(read_roots(roots)?);
        Ok(Self {
            config: Arc::new(config.with_no_client_auth()),
            server_name: None,
        })
    }

    /// The same, showing this certificate chain (PEM) of this key (PEM) to a server that asks.
    ///
    /// # Errors
    /// As [`ClientTls::new`], or if the key does not belong to the certificate.
    pub fn with_client_auth(
        roots: &[u8],
        certificates: &[u8],
        key: &[u8],
    ) -> Result<Self, TlsError> {
        let config = client_builder()?
            .with_root_certificates(read_roots(roots)?)
            .with_client_auth_cert(read_chain(certificates)?, read_key(key)?)
            .map_err(|error| TlsError::new("the client's certificate cannot be used", error))?;
        Ok(Self {
            config: Arc::new(config),
            server_name: None,
        })
    }

    /// The name that the server's certificate must carry. Defaults to the host of the endpoint, and
    /// to `localhost` over a Unix socket.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// The configuration of rustls, for programs that read and write without this library.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The name that was set with [`ClientTls::server_name`].
    pub fn expected_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }
}

impl From<Arc<ClientConfig>> for ClientTls {
    /// For what [`ClientTls`] does not offer, bring a configuration of rustls.
    fn from(config: Arc<ClientConfig>) -> Self {
        Self {
            config,
            server_name: None,
        }
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls(..)")
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

/// Always named: with two providers compiled in, a default one would make rustls panic.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn server_builder() -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError>
{
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new("TLS cannot be set up", error))
}

fn client_builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError>
{
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new("TLS cannot be set up", error))
}

fn read_chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::new("a certificate is not readable PEM", error))?;
    if chain.is_empty() {
        return Err(TlsError::new(
            "there is no certificate",
            "PEM with a CERTIFICATE block was expected",
        ));
    }
    Ok(chain)
}

fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| TlsError::new("there is no readable private key in PEM", error))
}

fn read_roots(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_chain(pem)? {
        roots.add(certificate).map_err(|error| {
            TlsError::new("a certificate of an authority cannot be used", error)
        })?;
    }
    Ok(roots)
}
