//! Files that a program reads whole, and files that it makes anew.

use crate::{Failure, output};
use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::Path,
};
use zeroize::Zeroizing;

/// Longest key or certificate file that is read, in bytes.
const LEN_MAX: usize = 1 << 20;

/// Who may read a file that a program makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a file either holds a secret or does not"
)]
pub enum Readers {
    /// Whoever the system lets by default.
    Everyone,
    /// The owner only: mode 0600. On Windows the folder decides.
    Owner,
}

/// Reads a file that holds no secret.
///
/// # Errors
/// If it cannot be read, or is longer than 1 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut file = File::open(path).map_err(|error| Failure::reading(path, &error))?;
    let mut bytes = Vec::new();
    fill(&mut file, path, &mut bytes)?;
    Ok(bytes)
}

/// Reads a file that holds a secret, into memory that is wiped when it is dropped. Warns if every
/// user of the machine may read or write the file.
///
/// # Errors
/// As [`read`].
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut file = File::open(path).map_err(|error| Failure::reading(path, &error))?;
    warn_if_open_to_others(&file, path);
    // With the room reserved, the buffer does not move and leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LEN_MAX + 1));
    fill(&mut file, path, &mut bytes)?;
    Ok(bytes)
}

/// Makes a file that did not exist before. Nothing of it stays if it cannot be written whole.
///
/// # Errors
/// If there is a file of that name, or it cannot be written.
pub fn create(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = options
        .open(path)
        .map_err(|error| Failure::writing(path, &error))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            // What is wrong is the writing; that half a file stays behind would only come on top.
            let _ = fs::remove_file(path);
            Failure::writing(path, &error)
        })
}

fn fill(file: &mut File, path: &Path, bytes: &mut Vec<u8>) -> Result<(), Failure> {
    file.take(LEN_MAX as u64 + 1)
        .read_to_end(bytes)
        .map_err(|error| Failure::reading(path, &error))?;
    if bytes.len() > LEN_MAX {
        let message = format!(
            "{} is longer than 1 MiB; a key or a certificate was expected",
            path.display()
        );
        return Err(Failure::usage(message));
    }
    Ok(())
}

#[cfg(unix)]
fn warn_if_open_to_others(file: &File, path: &Path) {
    use std::os::unix::fs::MetadataExt;
    // Of the file that was opened: another one may stand at the path by now. A pipe has no readers
    // but us.
    let open = |meta: fs::Metadata| meta.is_file() && meta.mode() & 0o006 != 0;
    if file.metadata().is_ok_and(open) {
        let path = path.display();
        output::warn(&format!(
            "the key file {path} is open to others; `chmod 600 {path}` closes it"
        ));
    }
}

#[cfg(not(unix))]
fn warn_if_open_to_others(_file: &File, _path: &Path) {}
