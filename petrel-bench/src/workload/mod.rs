//! What is asked for: names, payloads and how often, made into frames before the run begins.

mod payload;
mod scenario;

pub(crate) use payload::PayloadSpec;
pub(crate) use scenario::read as read_scenario;

use crate::{
    plan::{Plan, RequestPlan},
    wire::{self, Template},
};
use petrel::wire::{Codec, MacKey, PAYLOAD_MAX_DEFAULT, PROTOCOL_CHECK};
use petrel_cli::Failure;

/// All requests of a run, encoded, and how they are chosen.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) codec: Codec,
    templates: Vec<Template>,
    /// Of each kind, where its weight ends and which templates are its own.
    kinds: Vec<Kind>,
    weight: u32,
}

#[derive(Debug)]
struct Kind {
    weight_until: u32,
    first: u32,
    count: u32,
}

impl Workload {
    /// Encodes what a plan asks for.
    ///
    /// # Errors
    /// If a name or payload does not fit, a file of payloads cannot be read, or there is nothing to
    /// ask for.
    pub(crate) fn new(plan: &Plan, key: Option<MacKey>) -> Result<Self, Failure> {
        let codec = wire::codec(key);
        let mut workload = Self {
            codec,
            templates: Vec::new(),
            kinds: Vec::new(),
            weight: 0,
        };
        for (index, request) in plan.requests.iter().enumerate() {
            let seed = plan.seed.wrapping_add(index as u64);
            workload.add(request, seed)?;
        }
        // What is sent may come back, however long it is.
        let longest = workload.templates.iter().map(Template::payload_len).max();
        let longest = longest.and_then(|len| u32::try_from(len).ok()).unwrap_or(0);
        workload.codec = workload.codec.payload_max(longest.max(PAYLOAD_MAX_DEFAULT));
        if workload.weight == 0 {
            return Err(Failure::usage(
                "there is nothing to ask for: give at least one request a weight above 0",
            ));
        }
        Ok(workload)
    }

    /// The request at this place.
    #[inline]
    pub(crate) fn template(&self, index: u32) -> &Template {
        &self.templates[index as usize]
    }

    /// Chooses the next request.
    #[inline]
    pub(crate) fn choose(&self, random: &mut fastrand::Rng) -> u32 {
        if self.templates.len() == 1 {
            return 0;
        }
        let weight = random.u32(..self.weight);
        let kind = self.kinds.iter().find(|kind| weight < kind.weight_until);
        kind.map_or(0, |kind| kind.first + random.u32(..kind.count))
    }

    /// The protocol check of a connection.
    pub(crate) fn protocol_check(&self, plan: &Plan) -> Template {
        let expected: Vec<u16> = plan
            .requests
            .iter()
            .flat_map(|request| request.expect_status.iter().copied())
            .collect();
        Template::protocol_check(&self.codec, &expected)
    }

    fn add(&mut self, request: &RequestPlan, seed: u64) -> Result<(), Failure> {
        if request.name == PROTOCOL_CHECK {
            return Err(Failure::usage(format!(
                "a request cannot be named {PROTOCOL_CHECK}: that is the protocol check itself"
            )));
        }
        let spec: PayloadSpec = request.payload.parse().map_err(Failure::usage)?;
        let payloads = spec.make(&mut fastrand::Rng::with_seed(seed))?;
        let first = self.templates.len();
        for payload in &payloads {
            let template = Template::new(
                &self.codec,
                request.name.as_bytes(),
                payload,
                request.verify,
                &request.expect_status,
            );
            let template = template.map_err(|error| {
                Failure::usage(format!("the request {:?}: {error}", request.name))
            })?;
            self.templates.push(template);
        }
        if request.weight > 0 {
            let fits = self.weight.checked_add(request.weight);
            self.weight = fits.ok_or_else(|| {
                Failure::usage("the weights together are too large: their sum must fit 32 bits")
            })?;
            self.kinds.push(Kind {
                weight_until: self.weight,
                first: u32::try_from(first).unwrap_or(u32::MAX),
                count: u32::try_from(payloads.len()).unwrap_or(u32::MAX),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fault::Fault,
        plan::{Verify, Warmup},
        wire::Answer,
    };
    use petrel::wire::Header;

    fn plan(requests: Vec<RequestPlan>) -> Plan {
        Plan {
            target: "embedded".to_owned(),
            connections: 1,
            pipeline: 1,
            threads: 1,
            rate_per_s: None,
            arrivals: None,
            duration_s: 1.0,
            warmup: Warmup::Seconds(0.0),
            timeout_s: 1.0,
            seed: 1,
            protocol_check: true,
            tls: false,
            mac: false,
            requests,
        }
    }

    fn request(name: &str, payload: &str, weight: u32) -> RequestPlan {
        RequestPlan {
            name: name.to_owned(),
            payload: payload.to_owned(),
            weight,
            verify: Verify::None,
            expect_status: vec![200],
        }
    }

    #[test]
    fn requests_are_chosen_by_their_weights() {
        let plan = plan(vec![
            request("a", "1", 3),
            request("never", "99", 0),
            request("b", "uniform:3..9", 1),
        ]);
        let workload = Workload::new(&plan, None).unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        let mut of_a = 0;
        for _ in 0..10_000 {
            let template = workload.template(workload.choose(&mut random));
            assert!(template.len() < 99);
            of_a += u32::from(template.len() == 11 + 1 + 1);
        }
        // 7 500 are expected, with a standard deviation of 43.
        assert!((7_300..7_700).contains(&of_a), "{of_a}");
    }

    #[test]
    fn an_answer_may_be_as_long_as_what_was_sent_and_as_the_usual_limit() {
        let workload =
            |payload| Workload::new(&plan(vec![request("a", payload, 1)]), None).unwrap();
        let header = |workload: &Workload, payload_len: u32| {
            let header = Header {
                name_len: 1,
                payload_len,
                ..Header::default()
            };
            let bytes = [&header.to_bytes()[..], b"a"].concat();
            workload.template(0).judge(&workload.codec, 0, &bytes)
        };
        let (usual, large) = (4 << 20, 5 << 20);
        for (payload, limit) in [("64", usual), ("5MiB", large)] {
            let workload = workload(payload);
            let whole = Answer::NeedMore {
                at_least: limit as usize,
            };
            assert_eq!(header(&workload, limit), whole, "{payload}");
            let lost = Answer::Lost(Fault::TooLong);
            assert_eq!(header(&workload, limit + 1), lost, "{payload}");
        }
    }

    #[test]
    fn what_cannot_be_asked_for_is_named() {
        let failure = |requests| {
            Workload::new(&plan(requests), None)
                .unwrap_err()
                .to_string()
        };
        assert!(failure(vec![]).contains("nothing to ask for"));
        assert!(failure(vec![request("a", "1", 0)]).contains("weight above 0"));
        assert!(failure(vec![request("PROTOCHECK", "1", 1)]).contains("protocol check itself"));
        assert!(failure(vec![request(&"n".repeat(256), "1", 1)]).contains("255"));
        assert!(failure(vec![request("a", "many", 1)]).contains("\"many\""));
    }
}
