//! A conversation as the text of a case file.

use crate::{case::Offers, spec};

/// One step: its verb as a case file writes it.
#[derive(Clone, Debug)]
pub(super) struct StepText {
    pub(super) verb: String,
    /// The clause that is broken if the step fails.
    pub(super) clause: &'static str,
}

/// The steps of a case, and what it needs of a server.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) steps: Vec<StepText>,
    pub(super) offers: Offers,
    pub(super) ours: bool,
    pub(super) signed: bool,
}

/// What the head of a case file says beside its steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// By its id in SPEC.md.
    pub(super) clause: &'a str,
    /// Lines for people.
    pub(super) remarks: &'a [String],
}

impl Script {
    /// The clause behind a step, counted from 1.
    pub(super) fn clause_of(&self, step: usize) -> Option<&'static str> {
        let step = self.steps.get(step.checked_sub(1)?)?;
        Some(step.clause)
    }

    /// A whole file with this one case.
    pub(super) fn text(&self, head: Head<'_>) -> String {
        let clauses = spec::clauses();
        let clause = clauses.iter().find(|clause| clause.id == head.clause);
        let (level, quote) = clause.map_or(("", ""), |clause| (clause.level, clause.text));
        let mut text = String::new();
        for remark in head.remarks {
            text += &format!("# {remark}\n");
        }
        text += &format!(
            "[[case]]\nid = {}\ngroup = {}\ntitle = {}\nrole = \"server\"\n",
            string(head.id),
            string(super::run::GROUP),
            string(head.title),
        );
        text += &format!(
            "clause = {{ id = {}, level = {}, quote = \"\"\"\n{}\"\"\" }}\n",
            string(head.clause),
            string(level),
            escaped(quote.trim_end()),
        );
        text += &format!("offers = {}\n", string(self.offers.as_str()));
        if self.ours {
            text += "ours = true\n";
        }
        // Only the kind of server that it was made up for.
        text += &format!("mac = \"{}\"\n", if self.signed { "on" } else { "never" });
        for step in &self.steps {
            text += &format!("[[case.step]]\n{}\n", step.verb);
        }
        text
    }
}

/// Bytes of a name or payload, in the plainest form that is certain to be read as the same bytes.
pub(super) fn content(bytes: &[u8]) -> String {
    const REPEATED_MIN: usize = 24;
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if let Some((first, rest)) = bytes.split_first()
        && bytes.len() >= REPEATED_MIN
        && rest.iter().all(|byte| byte == first)
    {
        let count = bytes.len();
        return format!("{{ repeat = {{ byte = {first}, count = {count} }} }}");
    }
    match std::str::from_utf8(bytes) {
        // Words that begin so have a meaning of their own.
        Ok(text) if bytes.iter().all(is_plain) && !text.starts_with('$') => string(text),
        _ => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{{ hex = \"{digits}\" }}")
        }
    }
}

fn string(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Texts of ours and plain bytes hold no control characters.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"")
}
