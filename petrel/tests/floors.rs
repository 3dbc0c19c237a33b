//! Who may use whom: the floors of the house, read from the sources and the manifests.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All sources below a folder, with their paths.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "{} holds no sources", folder.display());
    found
}

/// The first words behind `crate::` in a source: the rooms, and what the root re-exports.
fn rooms_used(source: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join(" ");
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => {
                used.insert(word(rest));
            }
            // A group: the words at its top level.
            Some(group) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in group.chars() {
                    match c {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            used.insert(word(item.trim()));
                            item.clear();
                            continue;
                        }
                        _ => {}
                    }
                    item.push(c);
                }
                used.insert(word(item.trim()));
            }
        }
    }
    used.remove("");
    used
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// What the crate's root re-exports from a room.
fn exported_from(room: &str) -> BTreeSet<String> {
    let lib = fs::read_to_string(root().join("petrel/src/lib.rs")).unwrap();
    let code: String = lib
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let mut names = BTreeSet::new();
    for rest in code.split(&format!("pub use {room}::")).skip(1) {
        let list = rest.split(';').next().unwrap_or_default();
        names.extend(list.split(['{', '}', ',']).map(|name| word(name.trim())));
    }
    names.remove("");
    names
}

#[test]
fn rooms_of_the_library_use_only_floors_below() {
    let net = exported_from("net");
    assert!(
        net.contains("Endpoint") && net.contains("CloseReason"),
        "{net:?}"
    );
    for (room, below) in [
        ("wire", &[][..]),
        ("net", &["net"]),
        ("server", &["wire", "net"]),
        ("client", &["wire", "net"]),
    ] {
        for (path, source) in sources(&root().join("petrel/src").join(room)) {
            for used in rooms_used(&source) {
                let own = used == room || exported_from(room).contains(&used);
                let allowed = own
                    || below.contains(&used.as_str())
                    || (below.contains(&"net") && net.contains(&used));
                assert!(
                    allowed,
                    "{} uses crate::{used}, which lies not below it",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_wire_knows_no_runtime_no_socket_and_no_clock() {
    for (path, source) in sources(&root().join("petrel/src/wire")) {
        for foreign in [
            "tokio",
            "std::net",
            "std::io",
            "std::time",
            "async ",
            "std::thread",
        ] {
            let code = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let found = code.into_iter().any(|line| line.contains(foreign));
            assert!(!found, "{} uses {foreign}", path.display());
        }
    }
}

#[test]
fn packages_depend_only_on_floors_below() {
    let allowed: [(&str, &[&str]); 5] = [
        ("petrel", &[]),
        ("petrel/cli", &["petrel"]),
        ("conformance", &["petrel", "petrel-cli"]),
        ("petrel-bench", &["petrel", "petrel-cli"]),
        ("petrel-probe", &["petrel", "petrel-cli"]),
    ];
    for (folder, below) in allowed {
        let Ok(manifest) = fs::read_to_string(root().join(folder).join("Cargo.toml")) else {
            continue;
        };
        let manifest: toml::Table = toml::from_str(&manifest).unwrap();
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for name in dependencies.into_iter().flat_map(toml::Table::keys) {
            if name.starts_with("petrel") {
                assert!(below.contains(&name.as_str()), "{folder} depends on {name}");
            }
        }
        assert_eq!(
            manifest["lints"]["workspace"],
            toml::Value::Boolean(true),
            "{folder} takes the lints of the workspace, unsafe_code = forbid among them"
        );
    }
}

#[test]
fn a_source_that_climbs_is_caught() {
    let used = rooms_used(
        "use crate::{\n    net::{Hub, Order},\n    wire::Codec, server,\n};\n// crate::client\ncrate::run::go()",
    );
    assert_eq!(
        used.into_iter().collect::<Vec<_>>(),
        ["net", "run", "server", "wire"]
    );
}
