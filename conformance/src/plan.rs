//! Which cases are run against which server, cut in which way; and what is missing for the others.

use crate::{
    case::{Case, Fill, MacAxis, Offers, Role},
    frame::ANSWER_LEN_MAX,
    run::Options,
    segmentation::Segmentation,
    target::{Server, Target},
    verdict::Variant,
};

/// One thing to find out.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) case: &'a Case,
    /// Of the case, among those that are selected.
    pub(crate) case_at: usize,
    pub(crate) variant: Variant,
    pub(crate) segmentation: Segmentation,
    /// Why it cannot be found out.
    pub(crate) missing: Option<String>,
}

impl Unit<'_> {
    /// Unique in a run, and a pattern that selects it.
    pub(crate) fn name(&self) -> String {
        let (variant, segmentation) = (self.variant.as_str(), self.segmentation.as_str());
        format!("{}@{variant}/{segmentation}", self.case.id)
    }
}

/// What a peer is like that a case might be run against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) offers: Offers,
    pub(crate) echo: &'a str,
    /// It is the reference implementation.
    pub(crate) ours: bool,
    /// Hostile cases may be sent to it.
    pub(crate) hostile: bool,
    /// The limit that the cases reckon with.
    pub(crate) limit: u32,
    /// Somebody said so.
    pub(crate) is_declared: bool,
    pub(crate) tls: bool,
}

/// All units of the selected cases, in their order. What is not applicable is said once for each
/// variant.
pub(crate) fn units<'a>(
    cases: &[&'a Case],
    options: &Options,
    variants: impl Fn(&Case) -> Vec<(Variant, Option<String>)>,
) -> Vec<Unit<'a>> {
    let mut units = Vec::new();
    for (case_at, case) in cases.iter().enumerate() {
        for (variant, missing) in variants(case) {
            let unit = |segmentation: Segmentation, missing: Option<String>| Unit {
                case,
                case_at,
                variant,
                segmentation,
                missing,
            };
            let mut segmentations = segmentations(case, &options.segmentations)
                .filter(|each| options.selection.selects_result(case, variant, *each));
            if missing.is_some() {
                let first = segmentations.next();
                units.extend(first.map(|_| unit(Segmentation::Whole, missing)));
                continue;
            }
            units.extend(segmentations.map(|each| unit(each, None)));
        }
    }
    units
}

/// The segmentations under which a case sends different pieces.
pub(crate) fn segmentations<'s>(
    case: &Case,
    wanted: &'s [Segmentation],
) -> impl Iterator<Item = Segmentation> + use<'s> {
    let can_join = case.can_join();
    // Megabytes, a thousand connections and silence take their time, and show little more.
    let once = case.is_large() || case.is_long() || case.stops_reading() || case.waits();
    wanted.iter().copied().filter(move |each| match each {
        Segmentation::Whole => true,
        _ if once => false,
        Segmentation::Joined => can_join,
        _ => true,
    })
}

/// The variants of a server that a case is run against; in place of one that is not there, what is
/// missing.
pub(crate) fn of_server(case: &Case, target: &Target) -> Vec<(Variant, Option<String>)> {
    chosen(case, target)
        .into_iter()
        .map(|(variant, server)| {
            // A clause that does not bind the peer is the better reason than a server that is missing.
            let missing = if case.ours && !target.ours {
                let reason = "to be the reference implementation: the clause binds no other";
                Some(reason.to_owned())
            } else {
                match server {
                    Err(missing) => Some(missing.to_owned()),
                    Ok(server) => missing(case, target.facts(server)),
                }
            };
            (variant, missing)
        })
        .collect()
}

fn chosen<'t>(case: &Case, target: &'t Target) -> Vec<(Variant, Result<&'t Server, &'static str>)> {
    let there = |server: Option<&'t Server>, missing: &'static str| server.ok_or(missing);
    let main = &target.plain;
    let signed = target
        .mac
        .as_ref()
        .or(Some(main))
        .filter(|it| it.key.is_some());
    let mac = (
        Variant::Mac,
        there(
            signed,
            "a server with MACs (--hmac-key-file, --hmac-target)",
        ),
    );
    let unsigned = Some(main).filter(|main| main.key.is_none());
    let plain = (Variant::Plain, there(unsigned, "a server without MACs"));
    if case.checked {
        let missing = "a server that requires the protocol check";
        return vec![(Variant::Checked, there(target.checked.as_ref(), missing))];
    }
    if case.tls {
        let under_tls = target
            .tls
            .as_ref()
            .or(Some(main))
            .filter(|it| it.tls.is_some());
        let missing = "a server under TLS (tls://host:port, --tls-ca)";
        return vec![(Variant::Tls, there(under_tls, missing))];
    }
    let mut chosen = match case.mac {
        MacAxis::Never => vec![plain],
        MacAxis::Off if unsigned.is_some() => vec![plain],
        MacAxis::Off | MacAxis::On => vec![mac],
        MacAxis::Both if unsigned.is_some() => vec![plain, mac],
        MacAxis::Both => vec![mac],
    };
    if let Some(small) = target.small.as_ref().filter(|_| case.small) {
        chosen.push((Variant::Small, Ok(small)));
    }
    chosen
}

/// What a client is judged with.
pub(crate) const CLIENT_VARIANTS: [Variant; 3] = [Variant::Plain, Variant::Mac, Variant::Tls];

/// The variants of a client that a case is run against.
pub(crate) fn of_client(case: &Case, ours: bool) -> Vec<(Variant, Option<String>)> {
    let variants: &[Variant] = match case.mac {
        _ if case.tls => &[Variant::Tls],
        MacAxis::Off | MacAxis::Never => &[Variant::Plain],
        MacAxis::On => &[Variant::Mac],
        MacAxis::Both => &[Variant::Plain, Variant::Mac],
    };
    let reason = "to be the reference implementation: the clause binds no other";
    let missing = (case.ours && !ours).then(|| reason.to_owned());
    let each = |variant: &Variant| (*variant, missing.clone());
    variants.iter().map(each).collect()
}

/// What a peer lacks for the case.
pub(crate) fn missing(case: &Case, facts: Facts<'_>) -> Option<String> {
    if case.ours && !facts.ours {
        return Some("to be the reference implementation: the clause binds no other".into());
    }
    if case.role == Role::Client {
        return None;
    }
    if case.offers > facts.offers {
        return Some(match case.offers {
            Offers::Echo => "a request that echoes (--echo NAME)".into(),
            _ => "the fixtures (--fixtures)".into(),
        });
    }
    if case.is_hostile() && !facts.hostile {
        return Some("to be asked for: what no honest client sends goes only with --hostile to a target that is not on this machine".into());
    }
    if facts.tls && !facts.ours && case.awaits_answers_half_closed() {
        return Some("half-closed connections, which not every library for TLS knows".into());
    }
    let limit = facts.limit;
    if case.claim_max().is_some_and(|claim| claim <= limit) {
        return Some(format!(
            "a payload limit below the {limit} bytes that were declared"
        ));
    }
    let fill = Fill {
        limit,
        echo: facts.echo,
        key: None,
        request: None,
    };
    let payload_len = case.payload_len_max(fill);
    // The default is a matter of advice, and shows where nothing was declared.
    if !facts.is_declared && case.proves().any(|id| id == "P-039") {
        return None;
    }
    if payload_len > ANSWER_LEN_MAX {
        return Some(format!("a payload limit of at most {ANSWER_LEN_MAX} bytes"));
    }
    (payload_len as u64 > u64::from(limit))
        .then(|| format!("a payload limit of {payload_len} bytes"))
}
