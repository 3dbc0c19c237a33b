//! How fast captures are decoded, and in how much memory.
//!
//! `cargo bench -p petrel-probe --bench decode [-- MEBIBYTES]` makes captures of 1024 MiB (or as many as
//! are asked for) in the folder for temporary files, decodes each in several ways, three times in turn,
//! and prints the median rate and the peak of resident memory. The captures are removed afterwards.

use petrel::wire::{Codec, Frame, Status};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a capture holds: payloads of these lengths in turn.
const SHAPES: &[(&str, &[usize])] = &[
    ("payloads of 64 bytes", &[64]),
    (
        "payloads of 16 B to 16 KiB",
        &[16, 64, 256, 1024, 4096, 16384],
    ),
];

/// How each is decoded, and the rate that is to be reached, in MiB/s.
const WAYS: &[(&[&str], f64)] = &[
    (&["--stats"], 200.0),
    (&["--format", "jsonl", "--payload", "none"], 100.0),
];

const ROUNDS: usize = 3;
const CONNECTIONS: u16 = 64;
/// Payload of a segment on an Ethernet.
const SEGMENT: usize = 1448;
const SERVER: u16 = 60606;

fn main() {
    // Cargo adds `--bench` to the words.
    let mebibytes = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let size = mebibytes.unwrap_or(1024_u64) << 20;
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    for (shape, lengths) in SHAPES {
        let capture = folder.path().join("capture.pcap");
        write_capture(&capture, size, lengths).expect("the capture can be written");
        let size = fs::metadata(&capture).map_or(0, |data| data.len());
        println!("{} MiB, {shape}:", size >> 20);
        for (words, target) in WAYS {
            let mut runs: Vec<_> = (0..ROUNDS).map(|_| decode(&capture, words)).collect();
            runs.sort_by_key(|(took, _)| *took);
            let (took, _) = runs[ROUNDS / 2];
            let peak_kib = runs.iter().map(|(_, peak)| *peak).max().unwrap_or(0);
            let rate = size as f64 / took.as_secs_f64() / f64::from(1 << 20);
            println!(
                "  decode {:<32} {rate:>6.0} MiB/s (to reach: {target}), {} MiB resident at the most",
                words.join(" "),
                peak_kib >> 10
            );
        }
    }
}

/// Runs the program and gives how long it took and its peak of resident memory in KiB.
fn decode(capture: &Path, words: &[&str]) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
        .arg("decode")
        .args(words)
        .arg(capture)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let high_water = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = high_water.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = kib.unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().expect("the program is our child") {
            assert!(status.success(), "decoding failed: {status}");
            return (start.elapsed(), peak);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// One way of a connection: who speaks, and how far it came.
struct Way {
    from: u16,
    to: u16,
    sequence: u32,
}

/// Conversations on 64 connections in turn, requests and answers of these lengths, as Ethernet shows
/// them, until the file has its size.
fn write_capture(path: &Path, size: u64, lengths: &[usize]) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
    file.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0])?;
    let mut ways: Vec<[Way; 2]> = (0..CONNECTIONS)
        .map(|number| {
            let client = 20_000 + number;
            let way = |from, to| Way {
                from,
                to,
                sequence: 1000,
            };
            [way(client, SERVER), way(SERVER, client)]
        })
        .collect();
    let (mut written, mut time_us) = (24, 1_700_000_000_000_000);
    for pair in &mut ways {
        for (way, flags) in pair.iter_mut().zip([0x02, 0x12]) {
            written += packet(&mut file, way, 1000, flags, &[], &mut time_us)?;
            way.sequence += 1;
        }
    }
    let codec = Codec::new();
    let payload = vec![b'x'; lengths.iter().copied().max().unwrap_or(0)];
    let (mut bytes, mut sequence, mut turn) = (Vec::new(), 0, 0);
    while written < size {
        sequence += 1;
        for pair in &mut ways {
            let length = lengths[turn % lengths.len()];
            turn += 1;
            for side in 0..2 {
                let (name, payload): (&[u8], _) = match sequence {
                    1 => (b"PROTOCHECK", &[0][..]),
                    _ => (b"echo", &payload[..length]),
                };
                let status = if side == 0 { Status::NONE } else { Status::OK };
                let frame = Frame {
                    status,
                    sequence,
                    name,
                    payload,
                };
                bytes.clear();
                codec.encode(&frame, &mut bytes).map_err(io::Error::other)?;
                let acknowledged = pair[1 - side].sequence;
                for segment in bytes.chunks(SEGMENT) {
                    let way = &mut pair[side];
                    written += packet(&mut file, way, acknowledged, 0x18, segment, &mut time_us)?;
                    way.sequence = way
                        .sequence
                        .wrapping_add(u32::try_from(segment.len()).map_err(io::Error::other)?);
                }
            }
        }
    }
    file.flush()
}

/// Writes a packet with its header and gives how many bytes that were.
fn packet(
    file: &mut impl Write,
    way: &Way,
    acknowledged: u32,
    flags: u8,
    payload: &[u8],
    time_us: &mut u64,
) -> io::Result<u64> {
    *time_us += 7;
    let mut bytes = [0; 16 + 54];
    let length = u32::try_from(payload.len() + 54).map_err(io::Error::other)?;
    let seconds = u32::try_from(*time_us / 1_000_000).map_err(io::Error::other)?;
    let rest = u32::try_from(*time_us % 1_000_000).map_err(io::Error::other)?;
    for (at, field) in [seconds, rest, length, length].into_iter().enumerate() {
        bytes[at * 4..at * 4 + 4].copy_from_slice(&field.to_le_bytes());
    }
    bytes[28..30].copy_from_slice(&[8, 0]);
    let total = u16::try_from(length - 14).map_err(io::Error::other)?;
    bytes[30..50].copy_from_slice(&[
        0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1,
    ]);
    bytes[32..34].copy_from_slice(&total.to_be_bytes());
    bytes[50..52].copy_from_slice(&way.from.to_be_bytes());
    bytes[52..54].copy_from_slice(&way.to.to_be_bytes());
    bytes[54..58].copy_from_slice(&way.sequence.to_be_bytes());
    bytes[58..62].copy_from_slice(&acknowledged.to_be_bytes());
    bytes[62..70].copy_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    file.write_all(&bytes)?;
    file.write_all(payload)?;
    Ok((bytes.len() + payload.len()) as u64)
}
