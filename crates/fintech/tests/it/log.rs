//! What a server logs: taken as it comes, so that the server never waits for a reader, and searched for
//! secrets when it ends. Not in here: what should stand in it.

use std::io::{BufRead, BufReader};
use std::process::ChildStderr;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use crate::secrets::Secrets;

/// Lines that say what each request was; tests that go through a log step by step look at the others.
const DETAILS: [&str; 4] = [" DEBUG ", " TRACE ", r#""level":"DEBUG""#, r#""level":"TRACE""#];

/// The log of one server.
pub(crate) struct Log {
    kept: Arc<Kept>,
    reading: Option<JoinHandle<()>>,
    /// How many lines were given to the test.
    told: usize,
}

#[derive(Default)]
struct Kept {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    is_over: bool,
}

impl Log {
    /// Reads from here on.
    pub(crate) fn of(stderr: ChildStderr) -> Self {
        let kept = Arc::new(Kept::default());
        let keeping = Arc::clone(&kept);
        let reading = std::thread::spawn(move || {
            let mut stderr = BufReader::new(stderr);
            let mut bytes = Vec::new();
            while stderr.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
                let line = String::from_utf8_lossy(&bytes).into_owned();
                keeping.lines.lock().all.push(line);
                keeping.more.notify_all();
                bytes.clear();
            }
            keeping.lines.lock().is_over = true;
            keeping.more.notify_all();
        });
        Self { kept, reading: Some(reading), told: 0 }
    }

    /// The next line that is no detail; empty when the log has ended.
    pub(crate) fn line(&mut self) -> String {
        let mut lines = self.kept.lines.lock();
        loop {
            while let Some(line) = lines.all.get(self.told) {
                self.told += 1;
                if !DETAILS.iter().any(|detail| line.contains(detail)) {
                    return line.clone();
                }
            }
            if lines.is_over {
                return String::new();
            }
            self.kept.more.wait(&mut lines);
        }
    }

    /// What was not told yet, once the server has ended.
    pub(crate) fn rest(&mut self) -> String {
        self.wait();
        let lines = self.kept.lines.lock();
        let rest = lines.all[self.told..].concat();
        self.told = lines.all.len();
        rest
    }

    /// Fails where a secret stands in it. The server has ended.
    pub(crate) fn expect_no_secret(&mut self, secrets: &Secrets) {
        self.wait();
        secrets.expect_none_in(&self.kept.lines.lock().all.concat());
    }

    fn wait(&mut self) {
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
    }
}
