//! The interface on a terminal: what is seen, what keys do, and that the terminal is given back.

mod compose;
mod pty;

use pty::{Pty, capture};
use rustix::process::Signal;

#[test]
fn a_capture_is_looked_through_and_left() {
    let mut pty = Pty::start((80, 24), &[capture("plain.pcap")]);
    pty.wait_for("PROTOCHECK");
    assert!(pty.screen().alternate_screen() && pty.screen().hide_cursor());
    pty.type_text("?");
    pty.wait_for("show the selected exchange in detail");
    pty.type_text("?");
    pty.wait_for("filter none");
    pty.type_text("/status == 400");
    pty.wait_for("valid");
    pty.type_text("\r");
    pty.wait_for("filter status == 400");
    pty.wait_until("a narrowed table", |screen| screen.contains(" of "));
    pty.type_text(":help\r");
    pty.wait_for("show the selected exchange in detail");
    pty.type_text("\x1b");
    pty.wait_for("filter status == 400");
    pty.type_text("q");
    assert_eq!(pty.wait_for_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn a_new_size_is_drawn_anew() {
    let mut pty = Pty::start((80, 24), &[capture("plain.pcap")]);
    pty.wait_for("PROTOCHECK");
    pty.resize((40, 10));
    pty.wait_until("a small screen", |screen| !screen.contains("Compose"));
    pty.resize((10, 3));
    pty.wait_for("too small");
    pty.resize((120, 40));
    pty.wait_for("Response");
    pty.type_text("q");
    assert_eq!(pty.wait_for_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn signals_end_it_and_the_terminal_is_as_before() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut pty = Pty::start((80, 24), &[capture("plain.pcap")]);
        pty.wait_for("PROTOCHECK");
        pty.signal(signal);
        assert_eq!(pty.wait_for_exit(), 0, "{signal:?}");
        pty.assert_given_back();
    }
}

#[test]
fn a_terminal_that_is_closed_ends_it() {
    let mut pty = Pty::start((80, 24), &[capture("plain.pcap")]);
    pty.wait_for("PROTOCHECK");
    pty.close();
    pty.wait_for_exit();
}

#[test]
fn it_is_stopped_and_goes_on_as_any_job() {
    let mut pty = Pty::start_shell((80, 24));
    pty.wait_for("$");
    let command = format!("{} {}\r", pty::PROGRAM, capture("plain.pcap"));
    pty.type_text(&command);
    pty.wait_for("PROTOCHECK");
    pty.type_text("j\x1a");
    pty.wait_for("Stopped");
    pty.wait_until("prompt", |screen| screen.trim_end().ends_with('$'));
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
    pty.type_text("fg\r");
    pty.wait_for("2/");
    assert!(pty.screen().alternate_screen());
    pty.type_text("q");
    // What is typed before the shell asks may still be read by the program that ends.
    pty.wait_until("prompt", |screen| screen.trim_end().ends_with('$'));
    pty.type_text("echo code $?\r");
    pty.wait_for("code 0");
    pty.type_text("exit\r");
    pty.wait_for_exit();
}

#[test]
fn a_capture_on_standard_input_leaves_the_keys_to_the_terminal() {
    let command = format!("cat {} | {} -", capture("plain.pcap"), pty::PROGRAM);
    let mut pty = Pty::start_command((80, 24), "sh", &["-c", &command]);
    pty.wait_for("PROTOCHECK");
    pty.type_text("G");
    pty.wait_until("the last row", |screen| !screen.contains("1/"));
    pty.type_text("q");
    assert_eq!(pty.wait_for_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn a_recorded_connection_is_sent_again() {
    let mut pty = Pty::start((100, 24), &[capture("plain.pcap")]);
    pty.wait_for("PROTOCHECK");
    pty.type_text("jR");
    pty.wait_for("replay the connection");
    pty.type_text("\x15embedded\r");
    pty.wait_for("the same");
    assert!(pty.screen().contents().contains("same 4"));
    pty.type_text("q");
    pty.wait_for("filter none");
    pty.type_text("q");
    assert_eq!(pty.wait_for_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn without_arguments_it_is_connected_to_a_server_of_its_own() {
    let mut pty = Pty::start((80, 24), &["--no-history".to_owned()]);
    pty.wait_for("connected in");
    pty.type_text("echo\x13");
    pty.wait_for("200");
    // The exchange is among the traffic.
    pty.type_text("\x1bOQ");
    pty.wait_for("PROTOCHECK");
    pty.wait_for("Request ");
    pty.type_text("q");
    assert_eq!(pty.wait_for_exit(), 0);
    pty.assert_given_back();
}
