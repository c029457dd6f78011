//! What somebody at a terminal is asked, and that what he types is not shown. Not in here: the same from
//! the environment or a file.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::json;

use crate::accounts::PASSWORD;
use crate::program::{Server, command};

/// A command, and the terminal at which it was started.
struct AtTerminal {
    child: Child,
    err: ChildStderr,
    terminal: File,
    seen: String,
}

impl AtTerminal {
    fn start(arguments: &[&str]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let keyboard = File::options().read(true).write(true).open(name).unwrap();
        let mut command = command(arguments);
        command.stdin(keyboard).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let err = child.stderr.take().unwrap();
        Self { child, err, terminal: File::from(terminal), seen: String::new() }
    }

    /// Types a line once it was asked for in these words, and nothing that is typed is shown.
    fn answer(&mut self, asked: &str, typed: &str) {
        while !self.seen.ends_with(asked) {
            let mut byte = [0];
            assert_eq!(self.err.read(&mut byte).unwrap(), 1, "it never asks: {}", self.seen);
            self.seen.push(char::from(byte[0]));
        }
        let end = Instant::now() + Duration::from_secs(60);
        while tcgetattr(self.terminal.as_fd()).unwrap().local_modes.contains(LocalModes::ECHO) {
            assert!(Instant::now() < end, "what is typed is shown");
            std::thread::yield_now();
        }
        writeln!(self.terminal, "{typed}").unwrap();
    }

    /// The exit code, what it said, and what the terminal showed.
    fn ended(mut self) -> (Option<i32>, String, String) {
        self.err.read_to_string(&mut self.seen).unwrap();
        let status = self.child.wait().unwrap();
        fcntl_setfl(&self.terminal, OFlags::NONBLOCK).unwrap();
        let mut shown = Vec::new();
        // Whoever else had it has gone: the end of it is told as a failure.
        self.terminal.read_to_end(&mut shown).unwrap_err();
        (status.code(), self.seen, String::from_utf8(shown).unwrap())
    }
}

#[test]
fn a_new_password_is_asked_for_twice_and_shown_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_accounts(folder.path(), &[]);
    let ada = |password: &str| json!({ "email": "ada@example.org", "password": password });
    server.post("/v1/auth/signup", &ada(PASSWORD)).expect(201);
    let newer = "another horse battery";
    for (again, code, said) in [
        ("another horse batteri", 2, "the two differ; nothing is changed"),
        (newer, 0, "The password is changed."),
    ] {
        server.post("/v1/auth/login", &ada(PASSWORD)).expect(200);
        let mut asked =
            AtTerminal::start(&["password", "--email", "ada@example.org", "--server", &server.url]);
        asked.answer("The password that there is: ", PASSWORD);
        asked.answer("The new one: ", newer);
        asked.answer("The new one again: ", again);
        let (ended, told, shown) = asked.ended();
        assert_eq!(ended, Some(code), "{told}");
        assert!(told.contains(said), "{told}");
        assert!(!shown.contains("horse") && !told.contains("horse"), "{shown} {told}");
    }
    server.post("/v1/auth/login", &ada(newer)).expect(200);
}
