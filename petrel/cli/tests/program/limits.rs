//! `petrel limits`.

use crate::process::petrel;
use petrel::{ClientLimits, CloseReason, Limit, ServerLimits};
use petrel_cli::quantity;

#[test]
fn the_listing_is_complete_and_fits_a_terminal() {
    let listing = petrel(&["limits"]);
    assert_eq!((listing.code, &*listing.stderr), (Some(0), ""));
    for line in listing.stdout.lines() {
        assert!(line.len() <= 80, "{line}");
    }
    // Wrapping breaks lines only.
    let words: Vec<&str> = listing.stdout.split_whitespace().collect();
    let text = words.join(" ");
    for row in ServerLimits::TABLE.iter().chain(ClientLimits::TABLE) {
        let default = quantity::show(row.unit, row.default);
        let mut parts = vec![format!("{}: {default} --", row.name), row.about.to_owned()];
        parts.extend(row.zero.map(|zero| format!("0: {zero}.")));
        parts.extend(row.closes.map(|reason| format!("closes with {reason}.")));
        for part in parts {
            assert!(text.contains(&part), "{part}");
        }
    }
}

#[test]
fn json_holds_every_row_of_the_tables() {
    let listing = petrel(&["limits", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&listing.stdout).unwrap();
    assert_eq!(json["schema"], "petrel-limits/1");
    for (side, table) in [
        ("server", ServerLimits::TABLE),
        ("client", ClientLimits::TABLE),
    ] {
        let rows = json[side].as_array().unwrap();
        assert_eq!(rows.len(), table.len());
        for (shown, row) in rows.iter().zip(table) {
            assert_row(shown, row);
        }
    }
}

fn assert_row(shown: &serde_json::Value, row: &Limit) {
    assert_eq!(shown["name"], row.name);
    assert_eq!(shown["flag"], format!("--{}", row.name.replace('_', "-")));
    assert_eq!(shown["default"], row.default);
    assert_eq!(shown["min"], row.min);
    assert_eq!(shown["max"], row.max);
    assert_eq!(shown["zero"].as_str(), row.zero);
    assert_eq!(
        shown["closes"].as_str(),
        row.closes.map(CloseReason::as_str)
    );
    assert_eq!(shown["about"], row.about);
    let text = shown["default_text"].as_str().unwrap();
    assert_eq!(quantity::parse(row.unit, text), Ok(row.default));
    assert!(shown["unit"].is_string());
}
