//! The real program, as its own process: built, started, killed, stopped, and its `verify`. What it
//! is asked is not here.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long it may take to be ready, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program and the folder that it is started on, again and again.
pub(super) struct Program {
    binary: PathBuf,
    data: PathBuf,
    log: PathBuf,
}

impl Program {
    /// Built from the sources as they are now.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { binary: built(), data: folder.join("data"), log: folder.join("log") }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binary);
        for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("FINTECH_")) {
            command.env_remove(variable);
        }
        command.arg(name).arg("--data").arg(&self.data).stdin(Stdio::null());
        command
    }

    fn spawn(&self) -> Server {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = self.command("serve");
        command
            .args(["--listen", "127.0.0.1:0", "--insecure-no-auth"])
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Server { child, lines, address, ready_after: Duration::ZERO }
    }

    /// Starts it and waits until it says where it listens.
    pub(super) fn start(&self) -> Server {
        let started = Instant::now();
        let mut server = self.spawn();
        let line = server.lines.recv_timeout(PATIENCE);
        let address = line.as_deref().ok().and_then(|line| line.strip_prefix("http://"));
        let address = address.and_then(|address| address.parse().ok());
        let Some(address) = address else {
            panic!("{line:?} is not an address; see {}", self.log.display());
        };
        server.address = address;
        server.ready_after = started.elapsed();
        server
    }

    /// Starts it and kills it after that time, wherever it is then.
    pub(super) fn start_and_kill(&self, after: Duration) {
        let server = self.spawn();
        let ended = server.lines.recv_timeout(after);
        assert_ne!(
            ended,
            Err(RecvTimeoutError::Disconnected),
            "it ended by itself; see {}",
            self.log.display()
        );
        server.kill();
    }

    /// What `fintech verify --json` finds: the report, which says that nothing is wrong.
    pub(super) fn verify(&self) -> Value {
        let output = self.command("verify").arg("--json").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "verify: {output:?}");
        let report: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(report["violations"], serde_json::json!([]));
        report
    }

    /// The lines of its log that call for a person.
    pub(super) fn errors(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap();
        let is_error = |line: &&str| line.contains(" ERROR ") || line.contains("panicked");
        log.lines().filter(is_error).map(str::to_owned).collect()
    }
}

/// The running program; killed when it is dropped.
pub(super) struct Server {
    child: Child,
    lines: Receiver<String>,
    pub(super) address: SocketAddr,
    /// From its start to the line that says that it is ready.
    pub(super) ready_after: Duration,
}

impl Server {
    /// Ends it by SIGKILL, which it must have lived to see.
    pub(super) fn kill(mut self) {
        let ended = self.child.try_wait().unwrap();
        assert_eq!(ended, None, "it ended before it was killed");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it by SIGTERM, in order.
    pub(super) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let more = self.lines.recv_timeout(PATIENCE);
        assert_eq!(more, Err(RecvTimeoutError::Disconnected), "it should have ended");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The program beside this test's own executable, in the same profile. It is built if it is not there
/// or is older than its sources; cargo is not asked otherwise, because the program that a test of the
/// whole workspace builds has other features in its crates than one that is built alone.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let binary = profile.join(format!("fintech{}", std::env::consts::EXE_SUFFIX));
    if is_fresh(&binary).unwrap_or(false) {
        return binary;
    }
    let name = match profile.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--package", "fintech", "--profile", name]);
    command.arg("--target-dir").arg(profile.parent().unwrap());
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    binary
}

/// Whether the program is there and none of the sources that cargo names beside it is younger; none
/// where that cannot be told.
fn is_fresh(binary: &Path) -> Option<bool> {
    let changed = |path: &Path| fs::metadata(path).ok()?.modified().ok();
    let built = changed(binary)?;
    let listed = fs::read_to_string(binary.with_extension("d")).ok()?;
    let (_, sources) = listed.split_once(": ")?;
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    // Spaces within a name are escaped.
    let sources = sources.replace("\\ ", "\0");
    let paths = sources.split_whitespace().map(|path| path.replace('\0', " ").into());
    Some(paths.chain([lock]).all(|path: PathBuf| changed(&path).is_some_and(|at| at <= built)))
}
