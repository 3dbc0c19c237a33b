//! The clauses of SPEC.md, embedded in the program.

/// The text itself.
pub const TEXT: &str = include_str!("../SPEC.md");

/// One clause of SPEC.md.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecClause {
    /// `P-001` and so on, permanent.
    pub id: &'static str,
    /// `MUST`, `MUST NOT`, `SHOULD`, `SHOULD NOT` or `MAY`.
    pub level: &'static str,
    /// Whom it binds: `any` or `ours`, and what kind of program.
    pub role: &'static str,
    /// How it is proved: `wire`, `library test` or `document`.
    pub proof: &'static str,
    /// The chapter it stands in.
    pub chapter: &'static str,
    /// Its words.
    pub text: &'static str,
}

impl SpecClause {
    /// Whether missing it is a failure.
    pub fn is_must(&self) -> bool {
        self.level.starts_with("MUST")
    }

    /// Whether it binds the reference implementation only.
    pub fn is_ours(&self) -> bool {
        self.role.starts_with("ours ")
    }

    /// The kind of program it binds: `sender`, `receiver`, `peer`, `server`, `client`, `tool` or
    /// `fixture`.
    pub fn binds(&self) -> &'static str {
        self.role.rsplit(' ').next().unwrap_or(self.role)
    }
}

/// Reads the clauses by the pattern that SPEC.md states: a line with id, level, role and proof, then
/// the text up to the next empty line.
pub fn clauses() -> Vec<SpecClause> {
    let mut chapter = "";
    let mut clauses = Vec::new();
    for paragraph in TEXT.split("\n\n") {
        let paragraph = paragraph.trim();
        if let Some(title) = paragraph.strip_prefix("## ") {
            chapter = title;
            continue;
        }
        let Some((head, text)) = paragraph.split_once("\\\n") else {
            continue;
        };
        let fields: Vec<&str> = head.split(" · ").collect();
        let [id, level, role, proof] = fields[..] else {
            continue;
        };
        let Some(id) = id.strip_prefix("**").and_then(|id| id.strip_suffix("**")) else {
            continue;
        };
        clauses.push(SpecClause {
            id,
            level,
            role,
            proof,
            chapter,
            text,
        });
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_is_read() {
        let clauses = clauses();
        assert_eq!(clauses.len(), TEXT.matches("\n**P-").count());
        assert_eq!(clauses[0].id, "P-001");
        assert_eq!(clauses[0].chapter, "Frame");
        assert_eq!(clauses[0].binds(), "sender");
        assert!(clauses[0].is_must() && !clauses[0].is_ours());
    }
}
