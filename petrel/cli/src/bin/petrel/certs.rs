//! `petrel certs`: certificates for development.

use petrel_cli::{
    DEVELOPMENT_NAMES, DevelopmentCerts, Exit, Failure,
    files::{self, Readers},
    output::{self, Format, FormatArgs},
};
use serde::Serialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Make certificates for development: an authority, a server's and a client's
///
/// They are good for a year, and nobody vouches for them. The authority's key is thrown away once it
/// has signed. Existing files are never overwritten.
#[derive(Debug, clap::Args)]
pub(crate) struct CertsArgs {
    /// The folder to write to; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A name or IP address of the server; may be given several times
    #[arg(long, value_name = "NAME", default_values = DEVELOPMENT_NAMES)]
    name: Vec<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// One file that is made.
struct Part<'a> {
    name: &'static str,
    pem: &'a str,
    readers: Readers,
    about: &'static str,
}

#[derive(Serialize)]
struct Made {
    schema: &'static str,
    files: Vec<String>,
    serve: String,
}

/// Makes the certificates.
pub(crate) fn certs(args: &CertsArgs) -> Result<Exit, Failure> {
    let certs = DevelopmentCerts::new(&args.name)?;
    let parts = parts(&certs);
    write(&args.out, &parts)?;
    let at = |name: &str| args.out.join(name).to_string_lossy().into_owned();
    let serve = format!(
        "petrel serve --listen tls://127.0.0.1:60606 --tls-cert {} --tls-key {} --tls-client-ca {}",
        output::shell_word(&at("server.pem")),
        output::shell_word(&at("server-key.pem")),
        output::shell_word(&at("ca.pem"))
    );
    if args.format.format == Format::Json {
        let files = parts.iter().map(|part| at(part.name)).collect();
        let schema = "petrel-certs/1";
        output::print_json(&Made {
            schema,
            files,
            serve,
        })?;
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "For development only, good for a year; the server is {}.\n",
        args.name.join(", ")
    );
    for part in &parts {
        text.push_str(&format!(
            "  {}: {}\n",
            output::one_line(&at(part.name)),
            part.about
        ));
    }
    text.push_str(&format!(
        "To use them (without --tls-client-ca no client needs a certificate):\n  {serve}\n"
    ));
    output::print(&text)?;
    Ok(Exit::Done)
}

fn parts(certs: &DevelopmentCerts) -> [Part<'_>; 5] {
    let part = |name, pem, readers, about| Part {
        name,
        pem,
        readers,
        about,
    };
    [
        part(
            "ca.pem",
            &certs.ca,
            Readers::Everyone,
            "the authority, which both sides trust",
        ),
        part(
            "server.pem",
            &certs.server,
            Readers::Everyone,
            "the server's certificate",
        ),
        part(
            "server-key.pem",
            &certs.server_key,
            Readers::Owner,
            "its private key",
        ),
        part(
            "client.pem",
            &certs.client,
            Readers::Everyone,
            "the client's certificate",
        ),
        part(
            "client-key.pem",
            &certs.client_key,
            Readers::Owner,
            "its private key",
        ),
    ]
}

/// Writes all of them or, if one cannot be written, none.
fn write(folder: &Path, parts: &[Part<'_>]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
    for (made, part) in parts.iter().enumerate() {
        let created = files::create(&folder.join(part.name), part.pem.as_bytes(), part.readers);
        if let Err(failure) = created {
            for part in parts.iter().take(made) {
                // They were made a moment ago; one that is gone already is what we want.
                let _: io::Result<()> = fs::remove_file(folder.join(part.name));
            }
            return Err(failure);
        }
    }
    Ok(())
}
