//! `--generated` and `--cases`: a right stranger passes, a wrong one is found, and what is printed
//! finds it again.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    thread,
};

/// Longer payloads are refused.
const LIMIT: usize = 4 << 20;

/// A request, or the answer to one.
#[derive(Clone, Debug)]
struct Frame {
    status: u16,
    sequence: u32,
    name: Vec<u8>,
    payload: Vec<u8>,
}

/// What a server makes of an answer that would be right.
type Fault = fn(Frame) -> Frame;

/// A small server with one handler, `echo`. As far as SPEC.md leaves a choice it takes the less polite
/// one: 400 for an empty name, and refusals without an answer. Its threads end with the test program.
fn stranger(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                // The suite may end a connection whenever it likes.
                let _ = serve(stream, fault);
            });
        }
    });
    address
}

fn serve(mut stream: TcpStream, fault: Fault) -> io::Result<()> {
    stream.set_nodelay(true)?;
    while let Some(request) = read(&mut stream)? {
        let (status, payload) = match request.name.as_slice() {
            b"PROTOCHECK" if request.payload.first() == Some(&0) => (200, vec![0]),
            b"PROTOCHECK" => (497, vec![0]),
            b"echo" => (200, request.payload.clone()),
            _ => (400, Vec::new()),
        };
        let answer = fault(Frame {
            status,
            payload,
            ..request
        });
        let mut bytes = answer.status.to_le_bytes().to_vec();
        bytes.extend(answer.sequence.to_le_bytes());
        bytes.extend(u8::try_from(answer.name.len()));
        bytes.extend(
            u32::try_from(answer.payload.len())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        bytes.extend(&answer.name);
        bytes.extend(&answer.payload);
        stream.write_all(&bytes)?;
        if status == 497 {
            break;
        }
    }
    Ok(())
}

/// The next request; none at the end, or if it is refused.
fn read(stream: &mut TcpStream) -> io::Result<Option<Frame>> {
    let mut header = [0; 11];
    match stream.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let [s0, s1, q0, q1, q2, q3, name_len, p0, p1, p2, p3] = header;
    let mut name = vec![0; name_len.into()];
    stream.read_exact(&mut name)?;
    let payload_len = u32::from_le_bytes([p0, p1, p2, p3]) as usize;
    if payload_len > LIMIT {
        return Ok(None);
    }
    let mut payload = vec![0; payload_len];
    stream.read_exact(&mut payload)?;
    Ok(Some(Frame {
        status: u16::from_le_bytes([s0, s1]),
        sequence: u32::from_le_bytes([q0, q1, q2, q3]),
        name,
        payload,
    }))
}

/// Runs the program. A machine under load is no server that hangs.
fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-conformance"))
        .args(arguments)
        .args(["--time-scale", "20", "--max-time", "600"])
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// The case file that was found for a server, as JSON holds it.
fn found(address: &str) -> String {
    let output = program(&[
        "server",
        address,
        "--generated",
        "200",
        "--seed",
        "1",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let files: Vec<&str> = document["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|result| result["case_file"].as_str())
        .collect();
    let [file] = files[..] else {
        panic!("one variant, one failure: {files:?}")
    };
    file.to_owned()
}

/// The requests that a case sends beside its greeting.
fn requests(file: &str) -> Vec<toml::Table> {
    let file: toml::Table = file.parse().expect("TOML");
    let steps = file["case"][0]["step"].as_array().expect("steps");
    let sends = steps.iter().filter_map(|step| step.get("send"));
    sends
        .flat_map(|send| match send {
            toml::Value::Array(several) => several.clone(),
            one => vec![one.clone()],
        })
        .map(|message| message.as_table().expect("a message").clone())
        .collect()
}

/// The file, saved and run as its remarks say, shows the fault again.
fn fails_again(file: &str, address: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("GEN-1.toml");
    std::fs::write(&path, file).expect("the file is written");
    let command = file.lines().nth(1).expect("a second remark");
    let command = command.strip_prefix("# petrel-conformance ");
    let command = command.expect("the command that runs it again");
    let path = path.to_str().expect("a path in UTF-8");
    let arguments: Vec<&str> = command
        .split(' ')
        .map(|word| if word == "GEN-1.toml" { path } else { word })
        .collect();
    let output = program(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    // The same case passes where the fault is not.
    let right = stranger(|answer| answer);
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|word| if *word == address { &right } else { *word })
        .collect();
    let output = program(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_right_stranger_passes() {
    let address = stranger(|answer| answer);
    let output = program(&["server", &address, "--generated", "200", "--seed", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_sign_bit_that_is_lost_is_found_and_shrunk() {
    let address = stranger(|answer| Frame {
        sequence: answer.sequence & 0x7fff_ffff,
        ..answer
    });
    let file = found(&address);
    let requests = requests(&file);
    assert_eq!(requests.len(), 1, "{file}");
    let sequence = requests[0]["sequence"].as_integer();
    assert_eq!(sequence, Some(0x8000_0000), "{file}");
    fails_again(&file, &address);
}

#[test]
fn a_long_name_that_is_cut_is_found_and_shrunk() {
    let address = stranger(|answer| Frame {
        name: answer.name[..answer.name.len().min(199)].to_vec(),
        ..answer
    });
    let file = found(&address);
    let requests = requests(&file);
    assert_eq!(requests.len(), 1, "{file}");
    let count = requests[0]["name"]["repeat"]["count"].as_integer();
    assert_eq!(count, Some(200), "{file}");
    fails_again(&file, &address);
}

#[test]
fn a_seed_finds_the_same_case_again() {
    let address = stranger(|mut answer| {
        if let Some(last) = answer.payload.get_mut(100..).and_then(<[u8]>::last_mut) {
            *last ^= 1;
        }
        answer
    });
    let file = found(&address);
    assert_eq!(requests(&file).len(), 1, "{file}");
    assert!(file.contains("id = \"P-086\""), "{file}");
    assert_eq!(found(&address), file);
}

#[test]
fn what_fails_is_printed_as_a_file() {
    let address = stranger(|answer| Frame {
        status: answer.status.max(400),
        ..answer
    });
    // Even the greeting is wrong, so nothing else is said to be.
    let output = program(&["server", &address, "--generated", "5"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("makes up the same conversations again"),
        "{}",
        text(&output.stderr)
    );
    let printed = text(&output.stdout);
    let start = printed.find("# Conversation 1 of seed ").expect("the file");
    assert!(printed[start..].contains("id = \"P-044\""), "{printed}");
    assert!(
        printed[start..].parse::<toml::Table>().is_ok(),
        "nothing stands behind it: {printed}"
    );
}

#[test]
fn the_reference_server_passes_with_macs_and_without() {
    let output = program(&[
        "server",
        "embedded",
        "--generated",
        "10",
        "--seed",
        "2",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["cases"][0]["id"], "GEN-2");
    let names: Vec<&str> = document["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|result| result["name"].as_str())
        .collect();
    assert_eq!(names, ["GEN-2@plain", "GEN-2@mac"]);
}

#[test]
fn what_cannot_be_asked_for_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cases.toml");
    std::fs::write(&path, "[[case]]\nid = 1\n").expect("the file is written");
    let path = path.to_str().expect("a path in UTF-8");
    for (arguments, code) in [
        (&["--generated", "0"][..], 2),
        (&["--generated", "1000001"], 2),
        (&["--seed", "1"], 2),
        (&["--generated", "1", "--cases", path], 2),
        (&["--cases", path], 2),
        (&["--cases", "no such file"], 3),
        (&["--generated", "1", "--only", "limits"], 4),
    ] {
        let arguments = [&["server", "embedded"], arguments].concat();
        let output = program(&arguments);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {line}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
