//! Requests that are typed on a terminal, sent to a server, and looked at.

use super::pty::Pty;

fn start(size: (u16, u16)) -> Pty {
    let words = ["embedded", "--no-history"].map(str::to_owned);
    let mut pty = Pty::start(size, &words);
    pty.wait_for("connected in");
    pty
}

#[test]
fn a_request_is_typed_sent_and_compared() {
    let mut pty = start((120, 40));
    pty.type_text("echo\r\x14{\"id\": 1}\x13");
    pty.wait_for("#1 200 success");
    // The last character goes, and another number comes.
    pty.type_text("\x7f\x7f2}\x13");
    pty.wait_for("#2 200 success");
    pty.type_text("\x1b");
    pty.wait_for("? help");
    pty.type_text("d");
    pty.wait_for("Answer #2 against #1");
    pty.wait_for("+  \"id\": 2");
    pty.type_text("Y");
    pty.wait_for("petrel-probe send -d '{\"id\": 2}' embedded echo");
    // F2
    pty.type_text("\x1bOQ");
    pty.wait_for("PROTOCHECK");
    pty.type_text("q");
    assert_eq!(pty.wait_for_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn what_the_server_in_this_process_logs_does_not_lie_over_the_screen() {
    let mut pty = start((80, 24));
    pty.type_text("nobody\x13");
    pty.wait_for("#1 400 handler not found");
    pty.type_text("\x13");
    pty.wait_for("#2 400 handler not found");
    let seen = pty.screen().contents();
    assert!(
        !seen.contains("WARN") && !seen.contains("petrel::server"),
        "{seen}"
    );
    pty.type_text("\x03");
    pty.wait_for_exit();
}
