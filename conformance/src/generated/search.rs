//! The conversations with one variant of a server: the first that fails is made as short as it can be.

use super::{
    case_file::{Head, Script},
    conversation::{Conversation, Known},
    model,
    run::{CLAUSE, Conclusion, Failing, Generated},
    strategies::{LIMIT_MIN, conversations},
};
use crate::{
    corpus,
    judge::Judgement,
    patience::Patience,
    plan::Unit,
    run::{Bench, Found},
    segmentation::Segmentation,
    verdict::{Variant, Verdict},
};
use proptest::{
    strategy::{BoxedStrategy, Strategy, ValueTree},
    test_runner::TestRunner,
};

/// So many shorter conversations are tried in place of one that fails.
const SHRINKS_MAX: u32 = 300;

/// Makes up one conversation after another.
pub(super) struct Search<'a> {
    generated: Generated,
    variant: Variant,
    known: Known,
    strategy: BoxedStrategy<Conversation>,
    runner: TestRunner,
    /// The command that judges the same server again.
    command: &'a str,
}

/// A conversation and what it showed.
struct Judged {
    conversation: Conversation,
    script: Script,
    found: Found,
}

impl Judged {
    fn verdict(&self) -> Verdict {
        self.found.judgement.verdict
    }
}

impl<'a> Search<'a> {
    /// An error says what the server lacks.
    pub(super) fn new(
        generated: Generated,
        variant: Variant,
        known: Known,
        segmentations: &[Segmentation],
        command: &'a str,
    ) -> Result<Self, String> {
        if known.limit < LIMIT_MIN {
            return Err(format!("a payload limit of {LIMIT_MIN} bytes"));
        }
        Ok(Self {
            generated,
            variant,
            known,
            strategy: conversations(&known, segmentations).boxed(),
            runner: generated.runner(),
            command,
        })
    }

    /// Has the next conversation. Nothing is concluded from one that passes.
    pub(super) fn next(
        &mut self,
        number: u32,
        bench: &mut impl Bench,
        patience: &Patience,
        haste: &Patience,
    ) -> Option<Conclusion> {
        if let Some(why) = patience.over() {
            return Some(self.stopped(number, &why));
        }
        let mut tree = match self.strategy.new_tree(&mut self.runner) {
            Ok(tree) => tree,
            Err(reason) => return Some(self.stopped(number, reason.message())),
        };
        let first = self.judge(tree.current(), bench, patience);
        patience.note(first.verdict());
        match first.verdict() {
            Verdict::NotRun => {
                let why = first.found.judgement.reason.unwrap_or_default();
                Some(self.stopped(number, &why))
            }
            verdict if verdict.is_failure() => {
                let length = first.conversation.requests.len();
                let shortest = self.shrink(&mut tree, bench, patience, haste);
                Some(self.failed(number, length, shortest.unwrap_or(first)))
            }
            _ => None,
        }
    }

    fn stopped(&self, number: u32, why: &str) -> Conclusion {
        let (done, count) = (number - 1, self.generated.count);
        let reason = format!("{done} of {count} conversations passed: {why}");
        Conclusion::without_failure(Verdict::NotRun, reason)
    }

    /// The shortest conversation that still fails, or none if no other was found than the first one.
    fn shrink(
        &self,
        tree: &mut impl ValueTree<Value = Conversation>,
        bench: &mut impl Bench,
        patience: &Patience,
        haste: &Patience,
    ) -> Option<Judged> {
        let mut shortest: Option<Judged> = None;
        let mut goes_on = tree.simplify();
        for _ in 0..SHRINKS_MAX {
            if !goes_on || haste.over().is_some() {
                break;
            }
            let tried = self.judge(tree.current(), bench, haste);
            goes_on = if tried.verdict().is_failure() {
                shortest = Some(tried);
                tree.simplify()
            } else {
                tree.complicate()
            };
        }
        let shortest = shortest?;
        // In haste a slow answer looks like none.
        if shortest.verdict() != Verdict::Hang || patience.over().is_some() {
            return Some(shortest);
        }
        let again = self.judge(shortest.conversation, bench, patience);
        again.verdict().is_failure().then_some(again)
    }

    fn judge(
        &self,
        conversation: Conversation,
        bench: &mut impl Bench,
        patience: &Patience,
    ) -> Judged {
        let script = model::script(&conversation, &self.known);
        let head = Head {
            id: &self.generated.id(),
            title: "",
            clause: CLAUSE,
            remarks: &[],
        };
        let found = match corpus::parse(&script.text(head)).as_deref() {
            Ok([case]) => {
                let unit = Unit {
                    case,
                    case_at: 0,
                    variant: self.variant,
                    segmentation: conversation.segmentation,
                    missing: None,
                };
                bench.judge(&unit, patience)
            }
            // A fault of the model's own; a test keeps it from happening.
            Ok(_) => unreadable("it is not one case"),
            Err(error) => unreadable(error),
        };
        Judged {
            conversation,
            script,
            found,
        }
    }

    fn failed(&self, number: u32, length: usize, judged: Judged) -> Conclusion {
        let Generated { count, seed } = self.generated;
        let Judged {
            conversation,
            script,
            found,
        } = judged;
        let evidence = found.judgement.evidence.as_ref();
        let clause = evidence.and_then(|evidence| script.clause_of(evidence.step));
        let (id, segmentation) = (self.generated.id(), conversation.segmentation);
        let shrunk = match conversation.requests.len() {
            now if now < length => format!(", shrunk from {length} requests to {now}"),
            _ => String::new(),
        };
        let variant = self.variant.as_str();
        let (command, word) = (self.command, segmentation.as_str());
        let remarks = [
            format!("Conversation {number} of seed {seed} ({variant}){shrunk}. To run it again:"),
            format!("{command} --cases {id}.toml --segmentation {word}"),
        ];
        let head = Head {
            id: &id,
            title: &format!("Conversation {number} of seed {seed}"),
            clause: clause.unwrap_or(CLAUSE),
            remarks: &remarks,
        };
        let reason = found.judgement.reason.as_deref().unwrap_or_default();
        Conclusion {
            verdict: found.judgement.verdict,
            reason: format!("conversation {number} of {count}: {reason}"),
            failure: Some(Failing {
                segmentation,
                clause,
                case_file: script.text(head),
                found,
            }),
        }
    }
}

fn unreadable(error: impl std::fmt::Display) -> Found {
    let reason = format!("the case file that was made cannot be read: {error}");
    Judgement::without_conversation(Verdict::NotRun, reason).into()
}
