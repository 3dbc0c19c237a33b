//! What is written, and what is read of what others write.

use super::*;
use crate::frame::Key;

fn answer(line: &str) -> Result<Answer, String> {
    Answer::parse(line.as_bytes())
}

#[test]
fn commands_are_written_as_drivers_expect_them() {
    let connect = world::Command::Connect(world::Connect {
        tls: true,
        key: Some(Key::new(b"k".to_vec())),
        limit: None,
        version: Some(1),
    });
    let line = Command::of_client(&connect, "127.0.0.1:1", Some("/ca.pem"));
    assert!(
        !format!("{line:?}").contains("aw"),
        "{line:?} shows the key"
    );
    let line = line.to_line();
    assert_eq!(
        line,
        "{\"connect\":{\"addr\":\"127.0.0.1:1\",\"tls_ca\":\"/ca.pem\",\"hmac_key_b64\":\"aw==\",\
         \"version\":1}}\n"
    );
    let dispatch = world::Command::Dispatch {
        name: "echo".into(),
        payload: b"hello".to_vec(),
    };
    assert_eq!(
        Command::of_client(&dispatch, "", None).to_line(),
        "{\"dispatch\":{\"name\":\"echo\",\"payload_b64\":\"aGVsbG8=\"}}\n"
    );
    let plain = world::Command::Connect(world::Connect::default());
    let plain = Command::of_client(&plain, "a:1", Some("/ca.pem"));
    assert_eq!(plain.to_line(), "{\"connect\":{\"addr\":\"a:1\"}}\n");
    for line in [line.as_str(), "{\"quit\":{}}\n"] {
        let read = Command::parse(line.as_bytes())
            .expect("JSON")
            .expect("known");
        assert_eq!(read.to_line(), line);
    }
}

#[test]
fn a_driver_may_answer_in_several_spellings() {
    let done = Done {
        status: Some(200),
        payload_b64: Some(Base64(b"hello".to_vec())),
        ..Done::default()
    };
    for line in [
        r#"{"ok": true, "status": 200, "payload_b64": "aGVsbG8="}"#,
        r#"{"ok": {"status": 200, "payload_b64": "aGVsbG8"}, "took_ms": 3}"#,
        r#"{"ok": true, "status": 200, "payload_b64": "aGVsbG8=", "error": null, "unsupported": null}"#,
    ] {
        assert_eq!(answer(line), Ok(Answer::Ok(done.clone())), "{line}");
    }
    assert_eq!(answer(r#"{"ok": {}}"#), Ok(Answer::Ok(Done::default())));
    let error = Answer::Error {
        error: "no".into(),
        class: None,
    };
    assert_eq!(answer(r#"{"ok": false, "error": "no"}"#), Ok(error));
}

#[test]
fn every_answer_reads_back() {
    let frame = FrameFields {
        status: 1,
        sequence: 2,
        name_b64: Base64(vec![0xff]),
        payload_b64: Base64::default(),
    };
    let refused = Done {
        frames: Some(vec![frame]),
        end: Some(End::Refused),
        error: Some("a MAC".into()),
        class: Some("mac".into()),
        ..Done::default()
    };
    for said in [
        Answer::Ok(refused),
        Answer::Unsupported("why".into()),
        Answer::Error {
            error: "e".into(),
            class: Some("closed".into()),
        },
    ] {
        assert_eq!(answer(said.to_line().trim_end()), Ok(said));
    }
}

#[test]
fn what_is_no_answer_is_named() {
    let long = format!("\u{1b}[31m{}", "x".repeat(400));
    for (line, wrong) in [
        ("hello", "it is not JSON"),
        ("[]", "not an object"),
        ("{}", "none of ok, error and unsupported"),
        (r#"{"quit": {}}"#, "none of ok, error and unsupported"),
        (r#"{"ok": true, "unsupported": "x"}"#, "more than one"),
        (r#"{"ok": "yes"}"#, "`ok` is true or an object"),
        (r#"{"ok": true, "status": 70000}"#, "70000"),
        (r#"{"ok": true, "bytes_b64": "%"}"#, "standard base64"),
        (long.as_str(), "bytes more"),
    ] {
        let error = answer(line).expect_err(line);
        assert!(error.contains(wrong), "{line}: {error}");
        assert!(!error.contains('\u{1b}') && error.len() < 400, "{error}");
    }
    let dispatch = world::Command::Dispatch {
        name: "echo".into(),
        payload: Vec::new(),
    };
    let error = Answer::Ok(Done::default()).into_reply(&dispatch);
    assert!(error.expect_err("no status").contains("`status`"));
}
