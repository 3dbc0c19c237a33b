//! Certificates for development: an authority, a server and a client that trust each other.

use crate::{Exit, Failure};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::ServerName;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// The names of a server on this machine.
pub const DEVELOPMENT_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How long the certificates are good, from now.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long before now they begin to be good: for machines whose clock is late.
const CLOCK_SLACK: Duration = Duration::from_secs(60 * 60);

/// An authority, and a server's and a client's certificate that it signed; all in PEM, good for a
/// year. They are for development and tests: nobody vouches for them.
///
/// The authority's private key is thrown away once it has signed, so nobody can sign more with it.
#[derive(Clone)]
#[non_exhaustive]
pub struct DevelopmentCerts {
    /// The authority's certificate: what both sides trust.
    pub ca: String,
    /// The server's certificate.
    pub server: String,
    /// The server's private key.
    pub server_key: Zeroizing<String>,
    /// The client's certificate, for servers that ask for one.
    pub client: String,
    /// The client's private key.
    pub client_key: Zeroizing<String>,
}

impl DevelopmentCerts {
    /// Makes new ones, the server's for these names: host names, `*.` before one included, or IP
    /// addresses.
    ///
    /// # Errors
    /// If there is no name, or one that is no name.
    pub fn new(server_names: &[String]) -> Result<Self, Failure> {
        check_names(server_names)?;
        let ca = authority().map_err(|error| cannot_make(&error))?;
        let (server, server_key) = leaf(
            &ca,
            "Petrel development server",
            server_names,
            ExtendedKeyUsagePurpose::ServerAuth,
        )
        .map_err(|error| cannot_make(&error))?;
        let (client, client_key) = leaf(
            &ca,
            "Petrel development client",
            &[],
            ExtendedKeyUsagePurpose::ClientAuth,
        )
        .map_err(|error| cannot_make(&error))?;
        Ok(Self {
            ca: ca.pem(),
            server,
            server_key,
            client,
            client_key,
        })
    }
}

impl std::fmt::Debug for DevelopmentCerts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DevelopmentCerts(..)")
    }
}

fn check_names(names: &[String]) -> Result<(), Failure> {
    if names.is_empty() {
        return Err(Failure::usage(
            "a server's certificate needs a name: a host name or an IP address",
        ));
    }
    for name in names {
        let host = name.strip_prefix("*.").unwrap_or(name);
        if ServerName::try_from(host).is_err() {
            return Err(Failure::usage(format!(
                "{name:?} is no name for a server; write a host name like example.org, or an IP \
                 address like 127.0.0.1 or ::1"
            )));
        }
    }
    Ok(())
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params("Petrel development authority", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// A certificate that cannot sign others, and its key.
fn leaf(
    ca: &CertifiedIssuer<'static, KeyPair>,
    title: &str,
    names: &[String],
    purpose: ExtendedKeyUsagePurpose,
) -> Result<(String, Zeroizing<String>), rcgen::Error> {
    let mut params = params(title, names)?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, ca)?;
    Ok((certificate.pem(), Zeroizing::new(key.serialize_pem())))
}

fn params(title: &str, names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, title);
    let now = SystemTime::now();
    params.not_before = (now - CLOCK_SLACK).into();
    params.not_after = (now + LIFETIME).into();
    Ok(params)
}

fn cannot_make(error: &rcgen::Error) -> Failure {
    Failure::new(
        Exit::Unreachable,
        format!("the certificates cannot be made: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel::{ClientTls, ServerTls};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn both_sides_can_use_them() {
        let certs = DevelopmentCerts::new(&names(&DEVELOPMENT_NAMES)).unwrap();
        let [ca, server, client] =
            [&certs.ca, &certs.server, &certs.client].map(|pem| pem.as_bytes());
        ServerTls::with_client_auth(server, certs.server_key.as_bytes(), ca).unwrap();
        ClientTls::with_client_auth(ca, client, certs.client_key.as_bytes()).unwrap();
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", "two words", "-", "*.", "a,b", "example.org\n"] {
            let failure = DevelopmentCerts::new(&names(&["localhost", name])).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{name:?}");
        }
        assert!(DevelopmentCerts::new(&[]).is_err());
        assert!(DevelopmentCerts::new(&names(&["*.example.org"])).is_ok());
    }
}
