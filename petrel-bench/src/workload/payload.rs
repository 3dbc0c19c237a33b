//! Payloads: of one size, of sizes from a distribution, from files, or given in words.

use petrel::Unit;
use petrel_cli::{Failure, quantity};
use std::{fmt, fs, path::PathBuf, str::FromStr};

/// Payloads that are made of a distribution beforehand; requests choose among them.
const POOL: usize = 256;

/// Bytes that all payloads of one kind of request may take together.
const POOL_BYTES_MAX: u64 = 256 << 20;

/// Longest payload: what the length field of a frame can say is more than anybody takes.
const LEN_MAX: u64 = 64 << 20;

/// What payloads are made of, as `--payload` takes it.
///
/// | written | means |
/// |---|---|
/// | `64`, `4KiB` | so many bytes |
/// | `uniform:64..4KiB` | any length from the one to the other, each as often |
/// | `exp:256` | lengths that are exponential with this mean |
/// | `normal:1KiB,128` | lengths that are normal with this mean and standard deviation |
/// | `text:hello` | these bytes |
/// | `hex:00ff` | these bytes, in hexadecimal |
/// | `@FILE`, `@FOLDER` | a file, or each of the files of a folder in turn of chance |
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PayloadSpec {
    Fixed(u64),
    Uniform(u64, u64),
    Exponential(u64),
    Normal(u64, u64),
    Bytes(Vec<u8>),
    Files(PathBuf),
}

impl PayloadSpec {
    /// The payloads that requests choose among.
    ///
    /// # Errors
    /// If they are too large, or a file cannot be read.
    pub(crate) fn make(&self, random: &mut fastrand::Rng) -> Result<Vec<Vec<u8>>, Failure> {
        match self {
            Self::Bytes(bytes) => Ok(vec![bytes.clone()]),
            Self::Files(path) => files(path),
            Self::Fixed(len) => Ok(vec![filled(*len, random)]),
            Self::Uniform(from, to) => pool(*to, |random| random.u64(*from..=*to), random),
            Self::Exponential(mean) => {
                // Drawn by ranks: the pool as a whole has the distribution, not only in the long run.
                let lens = ranks().map(|rank| scaled(-(1.0 - rank).ln(), 0.0, *mean));
                of_lens(lens, random)
            }
            Self::Normal(mean, deviation) => {
                let lens = (0..POOL).map(|_| {
                    // The sum of twelve uniform ones less six is normal enough for lengths.
                    let sum: f64 = (0..12).map(|_| random.f64()).sum();
                    scaled(sum - 6.0, float(*mean), *deviation)
                });
                let lens: Vec<u64> = lens.collect();
                of_lens(lens.into_iter(), random)
            }
        }
    }
}

fn pool(
    longest: u64,
    mut len: impl FnMut(&mut fastrand::Rng) -> u64,
    random: &mut fastrand::Rng,
) -> Result<Vec<Vec<u8>>, Failure> {
    debug_assert!(longest <= LEN_MAX, "the parser refuses more");
    let lens: Vec<u64> = (0..POOL).map(|_| len(random)).collect();
    of_lens(lens.into_iter(), random)
}

fn of_lens(
    lens: impl Iterator<Item = u64>,
    random: &mut fastrand::Rng,
) -> Result<Vec<Vec<u8>>, Failure> {
    let lens: Vec<u64> = lens.map(|len| len.min(LEN_MAX)).collect();
    let total: u64 = lens.iter().sum();
    if total > POOL_BYTES_MAX {
        return Err(Failure::usage(format!(
            "{POOL} payloads of such lengths take {}, and at most {} are made beforehand: choose \
             shorter ones",
            quantity::show(Unit::Bytes, total),
            quantity::show(Unit::Bytes, POOL_BYTES_MAX),
        )));
    }
    Ok(lens.into_iter().map(|len| filled(len, random)).collect())
}

/// The middles of as many equal shares of 0 to 1 as there are payloads in a pool.
fn ranks() -> impl Iterator<Item = f64> {
    (0..POOL).map(|index| (index as f64 + 0.5) / POOL as f64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a length is cut at its bounds"
)]
fn scaled(value: f64, offset: f64, scale: u64) -> u64 {
    (offset + value * float(scale))
        .round()
        .clamp(0.0, float(LEN_MAX)) as u64
}

#[expect(clippy::cast_precision_loss, reason = "lengths lie far below 2^53")]
const fn float(len: u64) -> f64 {
    len as f64
}

/// Letters of chance, so that a payload taken for another one is noticed.
fn filled(len: u64, random: &mut fastrand::Rng) -> Vec<u8> {
    (0..len).map(|_| random.alphanumeric() as u8).collect()
}

fn files(path: &PathBuf) -> Result<Vec<Vec<u8>>, Failure> {
    let reading = |path: &PathBuf| {
        let failure = |error| Failure::reading(path, &error);
        let len = fs::metadata(path).map_err(failure)?.len();
        if len > LEN_MAX {
            return Err(Failure::usage(format!(
                "{} is longer than a payload may be, {}",
                path.display(),
                quantity::show(Unit::Bytes, LEN_MAX)
            )));
        }
        fs::read(path).map_err(failure)
    };
    if !path.is_dir() {
        return Ok(vec![reading(path)?]);
    }
    let entries = fs::read_dir(path).map_err(|error| Failure::reading(path, &error))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    // In the order of their names, so that a seed means the same on every machine.
    paths.sort_unstable();
    let payloads: Vec<Vec<u8>> = paths.iter().map(reading).collect::<Result<_, _>>()?;
    let total: u64 = payloads.iter().map(|payload| payload.len() as u64).sum();
    if payloads.is_empty() || total > POOL_BYTES_MAX {
        return Err(Failure::usage(format!(
            "the folder {} holds {} files of {} in all; at least one file and at most {} are taken",
            path.display(),
            payloads.len(),
            quantity::show(Unit::Bytes, total),
            quantity::show(Unit::Bytes, POOL_BYTES_MAX),
        )));
    }
    Ok(payloads)
}

impl FromStr for PayloadSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |problem: &str| {
            format!(
                "{text:?} is no payload: {problem}; write 64, 4KiB, uniform:64..4KiB, exp:256, \
                 normal:1KiB,128, text:hello, hex:00ff, @FILE or @FOLDER"
            )
        };
        let len = |text: &str| match quantity::parse(Unit::Bytes, text.trim()) {
            Ok(len) if len <= LEN_MAX => Ok(len),
            Ok(_) => Err(wrong("no payload may be longer than 64MiB")),
            Err(error) => Err(wrong(&error.to_string())),
        };
        if let Some(path) = text.strip_prefix('@') {
            return if path.is_empty() {
                Err(wrong("the path is missing"))
            } else {
                Ok(Self::Files(path.into()))
            };
        }
        match text.split_once(':') {
            None => len(text).map(Self::Fixed),
            Some(("text", text)) => Ok(Self::Bytes(text.as_bytes().to_vec())),
            Some(("hex", digits)) => unhex(digits)
                .map(Self::Bytes)
                .ok_or_else(|| wrong("pairs of hexadecimal digits were expected")),
            Some(("uniform", range)) => {
                let (from, to) = range
                    .split_once("..")
                    .ok_or_else(|| wrong("two lengths with .. between them were expected"))?;
                let (from, to) = (len(from)?, len(to)?);
                if from > to {
                    return Err(wrong("the first length is above the second"));
                }
                Ok(Self::Uniform(from, to))
            }
            Some(("exp", mean)) => len(mean).map(Self::Exponential),
            Some(("normal", both)) => {
                let (mean, deviation) = both
                    .split_once(',')
                    .ok_or_else(|| wrong("mean and standard deviation were expected"))?;
                Ok(Self::Normal(len(mean)?, len(deviation)?))
            }
            Some((kind, _)) => Err(wrong(&format!("there is no kind {kind:?}"))),
        }
    }
}

impl fmt::Display for PayloadSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |len: &u64| quantity::show(Unit::Bytes, *len);
        match self {
            Self::Fixed(len) => f.write_str(&show(len)),
            Self::Uniform(from, to) => write!(f, "uniform:{}..{}", show(from), show(to)),
            Self::Exponential(mean) => write!(f, "exp:{}", show(mean)),
            Self::Normal(mean, deviation) => write!(f, "normal:{},{}", show(mean), show(deviation)),
            Self::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "text:{text}"),
                Err(_) => {
                    f.write_str("hex:")?;
                    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
                }
            },
            Self::Files(path) => write!(f, "@{}", path.display()),
        }
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let text = std::str::from_utf8(pair).ok()?;
            // `from_str_radix` would take a sign.
            text.bytes()
                .all(|digit| digit.is_ascii_hexdigit())
                .then_some(())?;
            u8::from_str_radix(text, 16).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(spec: &str) -> Vec<Vec<u8>> {
        let spec: PayloadSpec = spec.parse().unwrap();
        spec.make(&mut fastrand::Rng::with_seed(5)).unwrap()
    }

    #[test]
    fn every_form_reads_and_shows_the_same() {
        for text in [
            "64B",
            "4KiB",
            "uniform:64B..4KiB",
            "exp:256B",
            "normal:1KiB,128B",
            "text:hello: you",
            "hex:00ff",
            "@some/file",
        ] {
            let spec: PayloadSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!("64".parse(), Ok(PayloadSpec::Fixed(64)));
    }

    #[test]
    fn what_is_no_payload_is_told_what_would_be_one() {
        for (text, problem) in [
            ("", "write 4194304"),
            ("-1", "whole number"),
            ("65MiB", "longer than 64MiB"),
            ("uniform:9", "two lengths"),
            ("uniform:9..3", "above the second"),
            ("normal:9", "standard deviation"),
            ("hex:0", "pairs"),
            ("hex:+1", "pairs"),
            ("zipf:3", "no kind \"zipf\""),
            ("@", "path is missing"),
        ] {
            let error = text.parse::<PayloadSpec>().unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
            assert!(error.contains("write 64, 4KiB"), "{text}: {error}");
        }
    }

    #[test]
    fn lengths_have_their_distribution() {
        let lens = |spec: &str| -> Vec<usize> { make(spec).iter().map(Vec::len).collect() };
        assert_eq!(lens("7"), [7]);
        let uniform = lens("uniform:10..20");
        assert!(uniform.len() == POOL && uniform.iter().all(|len| (10..=20).contains(len)));
        assert!((10..=20).all(|len| uniform.contains(&len)));
        let mean = |lens: &[usize]| lens.iter().sum::<usize>() as f64 / lens.len() as f64;
        assert!((mean(&lens("exp:1000")) - 1000.0).abs() < 10.0);
        assert!((mean(&lens("normal:1000,100")) - 1000.0).abs() < 25.0);
    }

    #[test]
    fn one_seed_makes_the_same_payloads() {
        assert_eq!(make("uniform:1..99"), make("uniform:1..99"));
        assert_eq!(make("text:5"), [b"5"]);
        assert_eq!(make("hex:00ff"), [[0, 255]]);
    }

    #[test]
    fn files_are_payloads_and_a_missing_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "two"), ("a", "one")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let at = |path: &std::path::Path| PayloadSpec::Files(path.into());
        let random = &mut fastrand::Rng::with_seed(1);
        let all = at(folder.path()).make(random).unwrap();
        assert_eq!(all, [b"one", b"two"]);
        let one = at(&folder.path().join("b")).make(random).unwrap();
        assert_eq!(one, [b"two"]);
        let failure = at(&folder.path().join("c")).make(random).unwrap_err();
        assert!(failure.to_string().contains("cannot read"), "{failure}");
    }

    #[test]
    fn a_pool_that_would_fill_the_memory_is_refused() {
        let spec: PayloadSpec = "uniform:8MiB..16MiB".parse().unwrap();
        let failure = spec.make(&mut fastrand::Rng::with_seed(1)).unwrap_err();
        assert!(failure.to_string().contains("256MiB"), "{failure}");
    }
}
