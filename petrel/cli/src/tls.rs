//! Certificates and keys of TLS, by the files that hold them.

use crate::{Failure, files, output};
use petrel::{ClientTls, Endpoint, ServerTls, TlsError};
use std::path::{Path, PathBuf};

/// The arguments that give a server its certificate.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ServerTlsArgs {
    /// Show this certificate (PEM, with its chain) to clients of endpoints under TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key (PEM) of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Ask clients for a certificate that one of these authorities (PEM) signed
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
}

/// The arguments that tell a client whom to trust under TLS, and what to show.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ClientTlsArgs {
    /// Trust servers whose certificate one of these authorities (PEM) signed
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Show this certificate (PEM, with its chain) to a server that asks for one
    #[arg(long, value_name = "FILE", requires_all = ["tls_client_key", "tls_ca"])]
    tls_client_cert: Option<PathBuf>,
    /// The private key (PEM) of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_client_cert")]
    tls_client_key: Option<PathBuf>,
    /// The name that the server's certificate must carry, if it is not the host of the target
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    tls_server_name: Option<String>,
}

impl ServerTlsArgs {
    /// What a server needs that listens at `endpoints`: nothing if none is under TLS.
    ///
    /// # Errors
    /// If there is a certificate and no endpoint under TLS, or the reverse; if a file cannot be read;
    /// if what it holds cannot be used.
    pub fn read_for(&self, endpoints: &[Endpoint]) -> Result<Option<ServerTls>, Failure> {
        let under_tls = endpoints.iter().find(|endpoint| endpoint.is_tls());
        let (cert, key) = match (under_tls, &self.tls_cert, &self.tls_key) {
            (Some(_), Some(cert), Some(key)) => (cert, key),
            (None, None, None) => return Ok(None),
            (Some(endpoint), ..) => {
                return Err(Failure::usage(format!(
                    "{endpoint} is under TLS, and there is no certificate: give --tls-cert and \
                     --tls-key; `petrel certs` makes them for development"
                )));
            }
            (None, ..) => {
                return Err(Failure::usage(
                    "--tls-cert is given, but no endpoint is under TLS: write \
                     tls://host:port or tls+unix:/path after --listen",
                ));
            }
        };
        let (cert_pem, key_pem) = (files::read(cert)?, files::read_secret(key)?);
        let tls = match &self.tls_client_ca {
            Some(roots) => ServerTls::with_client_auth(&cert_pem, &key_pem, &files::read(roots)?),
            None => ServerTls::new(&cert_pem, &key_pem),
        };
        let paths = [Some(cert), Some(key), self.tls_client_ca.as_ref()];
        tls.map(Some).map_err(|error| unusable(paths, &error))
    }
}

impl ClientTlsArgs {
    /// What a client needs for `endpoint`: nothing if it is not under TLS.
    ///
    /// # Errors
    /// If there is an authority to trust and the endpoint is not under TLS, or the reverse; if a file
    /// cannot be read; if what it holds cannot be used.
    pub fn read_for(&self, endpoint: &Endpoint) -> Result<Option<ClientTls>, Failure> {
        let roots = match (endpoint.is_tls(), &self.tls_ca) {
            (true, Some(roots)) => roots,
            (false, None) => return Ok(None),
            (true, None) => {
                return Err(Failure::usage(format!(
                    "{endpoint} is under TLS: give the authority to trust with --tls-ca"
                )));
            }
            (false, Some(_)) => {
                return Err(Failure::usage(format!(
                    "--tls-ca is given, but {endpoint} is not under TLS: write tls://host:port or \
                     tls+unix:/path"
                )));
            }
        };
        let roots_pem = files::read(roots)?;
        let tls = match (&self.tls_client_cert, &self.tls_client_key) {
            (Some(cert), Some(key)) => {
                let (cert_pem, key_pem) = (files::read(cert)?, files::read_secret(key)?);
                ClientTls::with_client_auth(&roots_pem, &cert_pem, &key_pem)
            }
            _ => ClientTls::new(&roots_pem),
        };
        let paths = [
            Some(roots),
            self.tls_client_cert.as_ref(),
            self.tls_client_key.as_ref(),
        ];
        let tls = tls.map_err(|error| unusable(paths, &error))?;
        Ok(Some(match &self.tls_server_name {
            Some(name) => tls.server_name(name),
            None => tls,
        }))
    }
}

impl ClientTlsArgs {
    /// The arguments again, as words for a shell.
    pub fn to_words(&self) -> Vec<String> {
        let file = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into());
        let given: [(&str, Option<String>); 4] = [
            ("--tls-ca", file(&self.tls_ca)),
            ("--tls-client-cert", file(&self.tls_client_cert)),
            ("--tls-client-key", file(&self.tls_client_key)),
            ("--tls-server-name", self.tls_server_name.clone()),
        ];
        given
            .into_iter()
            .filter_map(|(flag, value)| Some([flag.to_owned(), output::shell_word(&value?)]))
            .flatten()
            .collect()
    }
}

/// The files could be read, but what they hold does not do.
fn unusable(paths: [Option<&PathBuf>; 3], error: &TlsError) -> Failure {
    let paths = paths.into_iter().flatten().map(|path| Path::display(path));
    let names: Vec<String> = paths.map(|path| path.to_string()).collect();
    Failure::usage(format!("{}: {error}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DevelopmentCerts, Exit};
    use clap::Parser;
    use std::fs;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        tls: ClientTlsArgs,
    }

    fn read(endpoint: &str, args: &[&str]) -> Result<bool, Failure> {
        let program = Program::try_parse_from(["program"].iter().chain(args))?;
        let tls = program.tls.read_for(&endpoint.parse().unwrap())?;
        Ok(tls.is_some())
    }

    #[test]
    fn a_client_reads_what_its_endpoint_needs_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let certs = DevelopmentCerts::new(&["localhost".to_owned()]).unwrap();
        let file = |name: &str, pem: &str| {
            let path = folder.path().join(name);
            fs::write(&path, pem).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (ca, cert) = (&file("ca", &certs.ca), &file("cert", &certs.client));
        let (key, other) = (
            &file("key", &certs.client_key),
            &file("other", &certs.server_key),
        );
        let tls = "tls://localhost:1";
        assert_eq!(read("localhost:1", &[]), Ok(false));
        assert_eq!(read(tls, &["--tls-ca", ca]), Ok(true));
        let both = [
            "--tls-ca",
            ca,
            "--tls-client-cert",
            cert,
            "--tls-client-key",
        ];
        let named = ["--tls-server-name", "petrel"];
        assert_eq!(read(tls, &[&both[..], &[key], &named].concat()), Ok(true));
        for (endpoint, args, exit) in [
            (tls, &[][..], Exit::Usage),
            ("localhost:1", &["--tls-ca", ca], Exit::Usage),
            (tls, &["--tls-ca", "/nowhere"], Exit::Unreachable),
            (tls, &["--tls-ca", key], Exit::Usage),
            (tls, &[&both[..], &[other]].concat(), Exit::Usage),
            (
                tls,
                &["--tls-ca", ca, "--tls-client-cert", cert],
                Exit::Usage,
            ),
            (
                tls,
                &["--tls-client-cert", cert, "--tls-client-key", key],
                Exit::Usage,
            ),
            (tls, &named, Exit::Usage),
        ] {
            let failure = read(endpoint, args).unwrap_err();
            assert_eq!(failure.exit(), exit, "{endpoint} {args:?}: {failure}");
        }
    }
}
