//! What is wrong is told in one line.

use super::process::probe;

#[test]
fn what_cannot_be_meant_is_told_with_what_can() {
    let fine = [
        "record",
        "--upstream",
        "127.0.0.1:1",
        "-w",
        "/nowhere/r.pcapng",
        "--listen",
    ];
    for (words, code, part) in [
        (&["127.0.0.1:0"][..], 3, "cannot write /nowhere/r.pcapng"),
        (&["192.0.2.1:0"], 3, "cannot listen on 192.0.2.1:0"),
        (&["127.0.0.1"], 2, "write host:port"),
        (&["tls://127.0.0.1:0"], 2, "give --tls-cert"),
        (&["127.0.0.1:0", "--ring", "3"], 2, "write 10x64MiB"),
        (
            &["127.0.0.1:0", "--tls-ca", "ca.pem"],
            2,
            "is not under TLS",
        ),
    ] {
        let output = probe(&[&fine[..], words].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(
            stderr.contains(part) && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
}
