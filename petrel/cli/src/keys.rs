//! Keys of MACs: from a file or the environment, never from an argument, and made anew.

use crate::{
    Exit, Failure,
    files::{self, Readers},
    output,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use petrel::wire::MacKey;
use ring::rand::{SecureRandom, SystemRandom};
use std::{
    env, fmt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Below so many bytes a key is warned about: it can be guessed by trying.
const LEN_SAFE: usize = 16;

/// Random bytes of a key that [`keygen`] makes: as many as HMAC-SHA256 gives.
const RANDOM_LEN: usize = 32;

/// Length of such a key in its file: padded base64 and a newline.
const FILE_LEN: usize = RANDOM_LEN.div_ceil(3) * 4 + 1;

/// The arguments that give a program the key of its MACs.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KeyArgs {
    /// Sign and verify payloads with the key in this file
    ///
    /// The bytes of the file are the key, less one final newline. `petrel keygen` makes one.
    #[arg(long, value_name = "FILE", conflicts_with = "hmac_key_env")]
    hmac_key_file: Option<PathBuf>,
    /// Sign and verify payloads with the key in this environment variable
    ///
    /// The bytes of its value are the key, all of them.
    #[arg(long, value_name = "VAR")]
    hmac_key_env: Option<String>,
}

/// The arguments that give a program several keys, to see which of them fits.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KeysArgs {
    /// Check MACs with the key in this file; may be given several times
    ///
    /// The bytes of the file are the key, less one final newline. Reports name a key by this path.
    #[arg(long, value_name = "FILE")]
    hmac_key_file: Vec<PathBuf>,
    /// Check MACs with the key in this environment variable; may be given several times
    ///
    /// The bytes of its value are the key, all of them. Reports name a key by its variable.
    #[arg(long, value_name = "VAR")]
    hmac_key_env: Vec<String>,
}

/// The key of MACs, in memory that is wiped when it is dropped. `Debug` prints nothing of it.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<Vec<u8>>,
    mac_key: MacKey,
}

impl KeyArgs {
    /// The key, if the arguments name one. Warns on standard error of a key that is shorter than 16
    /// bytes, that ends in a carriage return, or whose file is open to others.
    ///
    /// # Errors
    /// If the file cannot be read, the variable is not set, or the key is empty.
    pub fn read(&self) -> Result<Option<Key>, Failure> {
        if let Some(path) = &self.hmac_key_file {
            Key::of_file(path).map(Some)
        } else if let Some(name) = &self.hmac_key_env {
            Key::of_env(name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// What the key is called in reports, if the arguments name one: its path or its variable.
    pub fn label(&self) -> Option<String> {
        let file = self.hmac_key_file.as_ref();
        let file = file.map(|path| path.display().to_string());
        file.or_else(|| self.hmac_key_env.clone())
    }

    /// Whether the arguments name a key.
    pub const fn is_given(&self) -> bool {
        self.hmac_key_file.is_some() || self.hmac_key_env.is_some()
    }

    /// The arguments again, as words for a shell: where the key is, never the key.
    pub fn to_words(&self) -> Vec<String> {
        let file = self.hmac_key_file.as_ref();
        let file = file.map(|path| ("--hmac-key-file", path.to_string_lossy()));
        let variable = self.hmac_key_env.as_ref();
        let variable = variable.map(|name| ("--hmac-key-env", name.into()));
        let given = file.into_iter().chain(variable);
        given
            .flat_map(|(flag, value)| [flag.to_owned(), output::shell_word(&value)])
            .collect()
    }
}

impl KeysArgs {
    /// The keys with what they are called: their paths and variables as they were given, those of files
    /// first. Warns like [`KeyArgs::read`].
    ///
    /// # Errors
    /// As [`KeyArgs::read`].
    pub fn read(&self) -> Result<Vec<(String, Key)>, Failure> {
        let files = self.hmac_key_file.iter();
        let files = files.map(|path| Ok((path.display().to_string(), Key::of_file(path)?)));
        let variables = self.hmac_key_env.iter();
        let variables = variables.map(|name| Ok((name.clone(), Key::of_env(name)?)));
        files.chain(variables).collect()
    }

    /// For each key, in the order in which they are read, the arguments that name it, as words for a
    /// shell.
    pub fn to_words(&self) -> Vec<Vec<String>> {
        let word = |flag: &str, value: &str| vec![flag.to_owned(), output::shell_word(value)];
        let files = self.hmac_key_file.iter();
        let files = files.map(|path| word("--hmac-key-file", &path.to_string_lossy()));
        let variables = self.hmac_key_env.iter();
        let variables = variables.map(|name| word("--hmac-key-env", name));
        files.chain(variables).collect()
    }
}

impl Key {
    fn of_file(path: &Path) -> Result<Self, Failure> {
        let source = format!("the key file {}", path.display());
        Self::new(&source, key_of_file(path)?)
    }

    fn of_env(name: &str) -> Result<Self, Failure> {
        let source = format!("the environment variable {name}");
        Self::new(&source, key_of_env(name)?)
    }

    fn new(source: &str, bytes: Zeroizing<Vec<u8>>) -> Result<Self, Failure> {
        let mac_key = MacKey::new(&bytes).map_err(|_| {
            Failure::usage(format!(
                "{source} is empty, and an empty key authenticates anybody; \
                 `petrel keygen` makes a good one"
            ))
        })?;
        warn_of_weakness(source, &bytes);
        Ok(Self { bytes, mac_key })
    }

    /// The key for signing and verifying.
    pub fn mac_key(&self) -> MacKey {
        self.mac_key.clone()
    }

    /// The bytes of the key, for a program that signs by other means than the library's.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Makes a key file: 32 random bytes as 44 base64 characters, and a newline. The 44 characters are
/// the key. Only the owner may read the file.
///
/// # Errors
/// If there is a file of that name already, or it cannot be written.
pub fn keygen(path: &Path) -> Result<(), Failure> {
    let mut random = Zeroizing::new([0; RANDOM_LEN]);
    SystemRandom::new().fill(&mut *random).map_err(|_| {
        Failure::new(
            Exit::Unreachable,
            "the system gives no random bytes, and without them there is no key",
        )
    })?;
    let mut text = Zeroizing::new([b'\n'; FILE_LEN]);
    let encoded = STANDARD.encode_slice(*random, &mut *text);
    debug_assert_eq!(encoded, Ok(FILE_LEN - 1), "the newline stays the last byte");
    files::create(path, &*text, Readers::Owner)
}

fn key_of_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = files::read_secret(path)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}

fn key_of_env(name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // The system panics on names that no variable can have.
    let possible = !name.is_empty() && !name.contains(['=', '\0']);
    let value = possible.then(|| env::var_os(name)).flatten();
    let value = value.ok_or_else(|| {
        Failure::usage(format!(
            "the environment variable {name:?} is not set; set it to the key, or name another with \
             --hmac-key-env"
        ))
    })?;
    Ok(Zeroizing::new(value.into_encoded_bytes()))
}

fn warn_of_weakness(source: &str, key: &[u8]) {
    if key.len() < LEN_SAFE {
        output::warn(&format!(
            "the key in {source} has {} bytes, and fewer than {LEN_SAFE} can be guessed; \
             `petrel keygen` makes a good one",
            key.len()
        ));
    }
    if key.last() == Some(&b'\r') {
        output::warn(&format!(
            "the key in {source} ends in a carriage return, which is a part of the key"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Key>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        files::create(&path, bytes, Readers::Owner).unwrap();
        let args = KeyArgs {
            hmac_key_file: Some(path),
            ..KeyArgs::default()
        };
        args.read()
    }

    #[test]
    fn of_a_key_file_one_final_newline_is_not_key() {
        for (file, key) in [
            (&b"secret\n"[..], &b"secret"[..]),
            (b"secret", b"secret"),
            (b"secret\n\n", b"secret\n"),
            (b"secret\r\n", b"secret\r"),
            (b"\nsecret\xff\0", b"\nsecret\xff\0"),
        ] {
            let read = read(file).unwrap().unwrap();
            assert_eq!(read.bytes(), key);
            assert_eq!(
                read.mac_key().sign(b"x"),
                MacKey::new(key).unwrap().sign(b"x")
            );
            assert_eq!(format!("{read:?}"), "Key(..)");
        }
    }

    #[test]
    fn the_arguments_can_be_given_again() {
        let args = KeyArgs {
            hmac_key_file: Some("my key".into()),
            ..KeyArgs::default()
        };
        assert_eq!(args.to_words(), ["--hmac-key-file", "'my key'"]);
        assert_eq!(KeyArgs::default().to_words(), [""; 0]);
    }

    #[test]
    fn an_empty_key_is_wrong_configuration() {
        for file in [&b""[..], b"\n"] {
            assert_eq!(read(file).unwrap_err().exit(), Exit::Usage);
        }
        assert!(KeyArgs::default().read().unwrap().is_none());
    }

    #[test]
    fn several_keys_keep_the_names_they_were_given_by() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b"].map(|name| folder.path().join(name));
        for path in &paths {
            files::create(path, b"sixteen bytes or more\n", Readers::Owner).unwrap();
        }
        let args = KeysArgs {
            hmac_key_file: paths.to_vec(),
            hmac_key_env: Vec::new(),
        };
        let keys = args.read().unwrap();
        let names: Vec<PathBuf> = keys.iter().map(|(name, _)| name.into()).collect();
        assert_eq!(names, paths);
        assert_eq!(keys[1].1.bytes(), b"sixteen bytes or more");

        let args = KeysArgs {
            hmac_key_file: vec![paths[0].clone(), folder.path().join("none")],
            hmac_key_env: Vec::new(),
        };
        assert_eq!(args.read().unwrap_err().exit(), Exit::Unreachable);
        assert!(KeysArgs::default().read().unwrap().is_empty());
        let args = KeysArgs {
            hmac_key_file: vec!["my key".into()],
            hmac_key_env: vec!["KEY".to_owned()],
        };
        let words = [["--hmac-key-file", "'my key'"], ["--hmac-key-env", "KEY"]];
        assert_eq!(args.to_words(), words);
    }

    #[test]
    fn names_that_no_variable_can_have_are_not_set() {
        for name in ["", "A=B", "A\0B"] {
            assert_eq!(key_of_env(name).unwrap_err().exit(), Exit::Usage);
        }
    }
}
