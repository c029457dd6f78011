//! A server that was started by this program: where it listens, when it was ready, how it is ended.
//!
//! What it uses while it runs is read by `process.rs`. It is always ended: by SIGTERM, by SIGKILL
//! where that is asked for or it does not go, and by SIGKILL when its value is dropped.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::failure::{Failure, doing};

const READY_TIME_MAX: Duration = Duration::from_secs(60);
const STOP_TIME_MAX: Duration = Duration::from_secs(60);

/// Lets everybody in, for what is measured without tokens.
pub(crate) const NO_SIGN_IN: &str = "--insecure-no-auth";

/// Which program to start, on which folder, and where its log goes.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) binary: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) log: PathBuf,
}

impl Program {
    /// `fintech serve` on a free port, where everybody is the local operator.
    pub(crate) fn serve(binary: &Path, data: &Path, log: &Path) -> Self {
        let data = data.to_string_lossy().into_owned();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", &data, NO_SIGN_IN];
        Self {
            binary: binary.to_owned(),
            arguments: arguments.map(str::to_owned).to_vec(),
            log: log.to_owned(),
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Its standard output, line by line; closed when it has ended.
    lines: Receiver<String>,
    pub(crate) address: SocketAddr,
    /// From its start to the line that says it is ready.
    pub(crate) ready_after: Duration,
    name: String,
}

impl Server {
    /// Starts a program and waits until it has printed its address.
    ///
    /// # Errors
    /// Where it cannot be started, ends, or is not ready in a minute.
    pub(crate) fn start(program: &Program) -> Result<Self, Failure> {
        let name = program.binary.display().to_string();
        let log = File::options().create(true).append(true).open(&program.log);
        let log = log.map_err(doing(|| format!("opening {}", program.log.display())))?;
        let started = Instant::now();
        let mut child = Command::new(&program.binary)
            .args(&program.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            // Control-C is for the generator, which then ends its server in order.
            .process_group(0)
            .spawn()
            .map_err(doing(|| format!("starting {name}")))?;
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            // Reads on to the end, so that the server never writes into a closed pipe.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, lines, address, ready_after: Duration::ZERO, name };
        let failed = |why: String| {
            Failure::Server(format!("{}: {why}; see {}", server.name, program.log.display()))
        };
        let line = server.lines.recv_timeout(READY_TIME_MAX).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                failed(format!("not ready within {} s", READY_TIME_MAX.as_secs()))
            }
            RecvTimeoutError::Disconnected => failed("it ended before it was ready".into()),
        })?;
        let ready_after = started.elapsed();
        let address = parse_address(&line)
            .ok_or_else(|| failed(format!("no address in the line {line:?}")))?;
        server.ready_after = ready_after;
        server.address = address;
        Ok(server)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it by SIGTERM, and by SIGKILL where it has not gone in a minute; how long it took.
    ///
    /// # Errors
    /// Where it had to be killed, or did not end well.
    pub(crate) fn terminate(mut self) -> Result<Duration, Failure> {
        let started = Instant::now();
        self.signal(rustix::process::Signal::TERM)?;
        let until = started.checked_add(STOP_TIME_MAX).unwrap_or(started);
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let waited = STOP_TIME_MAX.as_secs();
                    let why = format!("{}: still there {waited} s after SIGTERM", self.name);
                    return Err(Failure::Server(why));
                }
            }
        }
        let status = self.wait()?;
        if status.success() {
            Ok(started.elapsed())
        } else {
            Err(Failure::Server(format!("{}: after SIGTERM it ended with {status}", self.name)))
        }
    }

    /// Ends it by SIGKILL.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn kill(mut self) -> Result<(), Failure> {
        self.signal(rustix::process::Signal::KILL)?;
        self.wait().map(|_| ())
    }

    fn signal(&self, signal: rustix::process::Signal) -> Result<(), Failure> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal)
            .map_err(|error| error.into())
            .map_err(doing(|| format!("ending {}", self.name)))
    }

    fn wait(&mut self) -> Result<ExitStatus, Failure> {
        self.child.wait().map_err(doing(|| format!("waiting for {}", self.name)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// The address in a line such as `http://127.0.0.1:8080/`, alone or as one of its words.
fn parse_address(line: &str) -> Option<SocketAddr> {
    line.split_ascii_whitespace()
        .map(|word| word.strip_prefix("http://").unwrap_or(word).trim_end_matches(['/', '.', ',']))
        .find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let found = parse_address(line).map(|address| address.to_string());
        assert_eq!(found.as_deref(), expected, "{line}");
    }

    #[test]
    fn an_address_is_found_in_the_ready_line() {
        check("http://127.0.0.1:8080", Some("127.0.0.1:8080"));
        check("127.0.0.1:8080", Some("127.0.0.1:8080"));
        check("listening on http://[::1]:8080/.", Some("[::1]:8080"));
        check("listening", None);
        check("", None);
    }

    fn shell(script: &str, folder: &Path) -> Result<Server, Failure> {
        Server::start(&Program {
            binary: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            log: folder.join("log"),
        })
    }

    #[test]
    fn a_server_that_ends_before_it_is_ready_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = shell("exit 3", folder.path()).unwrap_err().to_string();
        assert!(error.contains("it ended before it was ready"), "{error}");
        let error = shell("echo hello", folder.path()).unwrap_err().to_string();
        assert!(error.contains("no address in the line \"hello\""), "{error}");
    }

    #[test]
    fn a_server_is_ended_by_sigterm_by_sigkill_and_by_being_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let ready = "echo http://127.0.0.1:1; exec sleep 60";
        let server = shell(ready, folder.path()).unwrap();
        assert_eq!(server.address.to_string(), "127.0.0.1:1");
        drop(server);
        shell(ready, folder.path()).unwrap().kill().unwrap();
        let error = shell(ready, folder.path()).unwrap().terminate().unwrap_err().to_string();
        assert!(error.contains("after SIGTERM it ended with signal: 15"), "{error}");
        let stops_well =
            "trap 'exit 0' TERM; echo http://127.0.0.1:1; while :; do sleep 0.02; done";
        shell(stops_well, folder.path()).unwrap().terminate().unwrap();
    }
}
