//! TLS on the client's side: the handshake, and what its errors mean.

use super::{ClientErrorKind, TlsFault};
use crate::{
    net::{ClientTls, Endpoint, Plain, Stream},
    wire::Escaped,
};
use rustls::{AlertDescription, CertificateError, Error, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio_rustls::TlsConnector;

pub(super) async fn handshake(
    tls: &ClientTls,
    endpoint: &Endpoint,
    stream: Plain,
) -> Result<Stream, ClientErrorKind> {
    let host = tls.server_name.as_deref().or_else(|| endpoint.host());
    let name = host.unwrap_or("localhost");
    let server_name = ServerName::try_from(name.to_owned()).map_err(|_| {
        let text = format!("{name:?} is no name that a certificate can carry");
        new(TlsFault::BadServerName, text)
    })?;
    match TlsConnector::from(Arc::clone(&tls.config))
        .connect(server_name, stream)
        .await
    {
        Ok(stream) => Ok(Stream::Tls(Box::new(stream.into()))),
        Err(error) => Err(fault_of(&error).unwrap_or_else(|| other(&error))),
    }
}

/// What an error of the stream says about TLS; nothing if the peer or the network just ended it.
pub(super) fn fault_of(error: &io::Error) -> Option<ClientErrorKind> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(problem) => certificate(problem, error),
        Error::AlertReceived(AlertDescription::CertificateRequired) => new(
            TlsFault::ClientCertificate,
            "the server wants a certificate of the client and was shown none",
        ),
        Error::AlertReceived(alert) if is_about_certificate(*alert) => new(
            TlsFault::ClientCertificate,
            format!("the server does not accept the client's certificate ({alert:?})"),
        ),
        Error::AlertReceived(_) => return None,
        Error::InvalidMessage(_) => new(
            TlsFault::NotTls,
            "what the server sent is not TLS: is the endpoint under TLS at all?",
        ),
        _ => other(error),
    })
}

fn certificate(problem: &CertificateError, error: &Error) -> ClientErrorKind {
    match problem {
        // A bad signature is what an authority leaves that was made anew under its old name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => new(
            TlsFault::UnknownIssuer,
            "the server's certificate was signed by nobody whom the client trusts",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => new(
            TlsFault::WrongName,
            "the server's certificate carries another name than the one that was asked for",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            new(TlsFault::Expired, "the server's certificate is out of date")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => new(
            TlsFault::Expired,
            "the server's certificate is not valid yet",
        ),
        _ => other(error),
    }
}

/// Whether an alert is what a server sends that does not accept a certificate.
fn is_about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            // Signed by an authority of the right name with another key.
            | AlertDescription::DecryptError
    )
}

/// The text may quote what the server sent.
fn other(error: &impl ToString) -> ClientErrorKind {
    let text = error.to_string();
    new(
        TlsFault::Other,
        format!("TLS failed: {}", Escaped(text.as_bytes())),
    )
}

fn new(fault: TlsFault, text: impl Into<String>) -> ClientErrorKind {
    ClientErrorKind::Tls {
        fault,
        text: text.into(),
    }
}
