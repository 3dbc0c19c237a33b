//! What the program tells shells and `man`.

use crate::process::petrel;
use std::process::Command;

#[test]
fn bash_reads_the_completions_and_completes_with_them() {
    let script = petrel(&["completions", "bash"]);
    assert_eq!((script.code, &script.stderr[..]), (Some(0), ""));
    let asks = "\nCOMP_WORDS=(petrel se) COMP_CWORD=1\n_petrel petrel se petrel\n\
                echo \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash")
        .args(["--norc", "-c", &(script.stdout + asks)])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stderr), "");
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "serve\n");
}

#[test]
fn the_page_is_one_for_man_and_says_what_the_help_says() {
    let page = petrel(&["man"]);
    assert_eq!((page.code, &page.stderr[..]), (Some(0), ""));
    let mut lines = page.stdout.lines();
    assert!(
        lines.any(|line| line.starts_with(".TH petrel 1 ")),
        "{page:?}"
    );
    for part in [".SH SYNOPSIS", "Exit codes: 0 done", "petrel\\-serve(1)"] {
        assert!(
            page.stdout.contains(part),
            "{part} is not in {}",
            page.stdout
        );
    }
}

#[test]
fn every_command_has_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man1");
    let words = ["man", "--out", out.to_str().unwrap()];
    assert_eq!(petrel(&words).code, Some(0));
    for name in [
        "petrel",
        "petrel-serve",
        "petrel-certs",
        "petrel-keygen",
        "petrel-limits",
    ] {
        let page = std::fs::read_to_string(out.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1 ")), "{name}: {page}");
    }
    petrel(&words).failed(3, &["never overwritten"]);
}
