//! The commands as a table in Markdown, which the documentation holds.

use super::{Command, Scope, table::available};

/// A table per scope.
pub(crate) fn markdown() -> String {
    const SCOPES: [Scope; 5] = [
        Scope::Everywhere,
        Scope::Moving,
        Scope::Traffic,
        Scope::Detail,
        Scope::Compose,
    ];
    let mut text = String::new();
    for scope in SCOPES {
        let scopes = [scope];
        let rows: String = available(&scopes).map(row).collect();
        if rows.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n### {}\n\n| Keys | Command | |\n|---|---|---|\n",
            scope.title()
        ));
        text.push_str(&rows);
    }
    text
}

fn row(command: &Command) -> String {
    let keys: Vec<String> = command
        .keys
        .iter()
        .map(|key| format!("`{}`", key.shown()))
        .collect();
    let keys = keys.join(" ");
    format!("| {keys} | `{}` | {} |\n", command.name, command.doc)
}
