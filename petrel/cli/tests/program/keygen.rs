//! `petrel keygen`.

use crate::process::{Folder, petrel};
use std::fs;

#[test]
fn a_key_is_44_characters_and_a_newline_for_its_owner_only() {
    let folder = Folder::new();
    let (one, two) = (folder.path("one"), folder.path("two"));
    for path in [&one, &two] {
        let made = petrel(&["keygen", path]);
        assert_eq!((made.code, &*made.stderr), (Some(0), ""));
        assert!(made.stdout.contains(path.as_str()) && made.stdout.contains("--hmac-key-file"));
        let text = fs::read_to_string(path).unwrap();
        let key = text.strip_suffix('\n').unwrap();
        assert_eq!(key.len(), 44);
        let base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        assert!(key.strip_suffix('=').unwrap().chars().all(base64), "{key}");
        assert!(!made.stdout.contains(key), "a key appears in no output");
        #[cfg(unix)]
        assert_eq!(crate::process::mode_of(path), 0o600);
    }
    assert_ne!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
}

#[test]
fn an_existing_file_stays_as_it_is() {
    let folder = Folder::new();
    let path = folder.file("key", b"precious");
    petrel(&["keygen", &path]).failed(3, &[&path, "never overwritten", "another name"]);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let path = Folder::new().path("gone/key");
    petrel(&["keygen", &path]).failed(3, &[&path, "check the path"]);
}

#[test]
fn json_names_the_file() {
    let folder = Folder::new();
    let path = folder.path("key");
    let made = petrel(&["keygen", &path, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(json["schema"], "petrel-keygen/1");
    assert_eq!(json["file"], path);
}
