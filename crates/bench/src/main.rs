//! The load generator of this project: what is measured, in which order.
//!
//! It starts the program that it measures, keeps its connections busy from one thread, and leaves a
//! table and a JSON file. Of the program it judges nothing; functions on AWS have budgets.

mod client;
mod counter;
mod errand;
mod failure;
mod flood;
mod floor_server;
mod floors;
mod functions;
mod latencies;
mod load;
mod plan;
mod process;
mod provider;
mod report;
mod run;
mod scenario;
mod server;
mod statistics;
mod sustained;
mod table;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::{Failure, doing};
use crate::floors::{Preparation, SAGAS_A_SYNC, append_and_sync};
use crate::plan::{Command, CommandLine, Options, Plan, SUSTAINED_CONNECTIONS};
use crate::provider::Provider;
use crate::report::{Floor, Report, SyncFigures};
use crate::run::{Session, Target, measure};
use crate::scenario::{Repeated, Scenario, set_up_wallets};
use crate::server::{NO_SIGN_IN, Program, Server};
use crate::statistics::{milliseconds, per_second, ratio};

const SAGA_BYTES_DEFAULT: u64 = 1_024;
const DONE_WITH_ERRORS: u8 = 1;
const CANNOT_RUN: u8 = 3;

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let ended = match command_line.command {
        Some(Command::FloorServer { listen, .. }) => {
            floor_server::serve(listen).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Functions(options)) => functions::bench(&options).map(|()| ExitCode::SUCCESS),
        None => bench(&command_line.options),
    };
    ended.unwrap_or_else(|failure| {
        complain(&failure.to_string());
        ExitCode::from(CANNOT_RUN)
    })
}

/// Measures and reports; what was measured before a failure is reported too.
fn bench(options: &Options) -> Result<ExitCode, Failure> {
    let plan = Plan::of(options);
    let session = session(&plan)?;
    let mut report = Report {
        machine: process::machine(),
        runs: Vec::new(),
        floors: Vec::new(),
        sustained: None,
        floods: Vec::new(),
        ended_early: None,
    };
    let ended = Bench::new(options, &plan, &session).and_then(|bench| bench.all(&mut report));
    session.progress.finish_and_clear();
    report.ended_early = ended.as_ref().err().map(ToString::to_string);
    publish(&report, &options.json)?;
    ended?;
    let errors = report.errors();
    if errors > 0 {
        complain(&format!("{errors} answers were not what they must be"));
        return Ok(ExitCode::from(DONE_WITH_ERRORS));
    }
    Ok(ExitCode::SUCCESS)
}

fn complain(why: &str) {
    // Where standard error is closed there is nobody left to tell.
    writeln!(std::io::stderr(), "bench: {why}").unwrap_or_default();
}

/// Hears signals from here on, and shows progress where standard error is a terminal.
fn session(plan: &Plan) -> Result<Session, Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        // The second one ends the program at once: the order of the two registrations matters.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stopped))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stopped)))
            .map_err(doing(|| "listening to signals"))?;
    }
    let progress = ProgressBar::new(plan.seconds());
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} s {msg}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    Ok(Session { stopped, started: Instant::now(), time_limit: plan.time_limit, progress })
}

fn publish(report: &Report, file: &Path) -> Result<(), Failure> {
    let writing = || format!("writing {}", file.display());
    let mut json =
        serde_json::to_vec_pretty(report).map_err(std::io::Error::other).map_err(doing(writing))?;
    json.push(b'\n');
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(doing(writing))?;
    }
    fs::write(file, json).map_err(doing(writing))?;
    let mut output = std::io::stdout();
    output
        .write_all(table::text(report).as_bytes())
        .and_then(|()| output.flush())
        .map_err(doing(|| "printing the table"))
}

/// One measurement from beginning to end, and the folder it takes place in.
struct Bench<'a> {
    options: &'a Options,
    plan: &'a Plan,
    session: &'a Session,
    data: PathBuf,
    /// Removes the data folder when it is dropped, where it was not named by the caller.
    _temporary: Option<tempfile::TempDir>,
    log: PathBuf,
    floor_server: Program,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options, plan: &'a Plan, session: &'a Session) -> Result<Self, Failure> {
        if !options.server_binary.is_file() {
            let binary = options.server_binary.display();
            let how = "`cargo build --release -p fintech` makes it";
            return Err(Failure::SetUp(format!("there is no program {binary}; {how}")));
        }
        let target = Path::new("target");
        fs::create_dir_all(target).map_err(doing(|| "making the folder target"))?;
        let (data, temporary) = match &options.data {
            Some(data) => (data.clone(), None),
            None => {
                let folder = tempfile::Builder::new()
                    .prefix("bench-data-")
                    .tempdir_in(target)
                    .map_err(doing(|| "making a temporary data folder"))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        fs::create_dir_all(&data).map_err(doing(|| format!("making {}", data.display())))?;
        let log = target.join("bench-server.log");
        fs::write(&log, "").map_err(doing(|| format!("writing {}", log.display())))?;
        let own = std::env::current_exe().map_err(doing(|| "finding this program"))?;
        let arguments = vec!["floor-server".into()];
        let floor_server = Program { binary: own, arguments, log: log.clone() };
        Ok(Self { options, plan, session, data, _temporary: temporary, log, floor_server })
    }

    /// The program on an empty data folder of its own, and that folder.
    fn program(&self, folder: &str) -> Result<(Program, PathBuf), Failure> {
        let data = self.data.join(folder);
        fs::create_dir_all(&data).map_err(doing(|| format!("making {}", data.display())))?;
        Ok((Program::serve(&self.options.server_binary, &data, &self.log), data))
    }

    /// The floor of HTTP, the scenarios, the floor of the disk; in this order, because the ratios
    /// need the first and the last needs what a saga writes.
    fn all(&self, report: &mut Report) -> Result<(), Failure> {
        let floor_server = Server::start(&self.floor_server)?;
        let post = Repeated::post_floor(floor_server.address);
        self.http_floor("bare POST", &floor_server, post, report)?;
        floor_server.kill()?;

        let saga_bytes = self.scenarios(report)?;
        self.tokens(report)?;
        if self.plan.floods {
            self.floods(report)?;
        }
        if self.plan.sustained {
            self.sustained(report)?;
        }
        let saga_bytes = self.options.saga_bytes.or(saga_bytes).unwrap_or(SAGA_BYTES_DEFAULT);
        self.sync_floor(saga_bytes, report)
    }

    fn http_floor(
        &self,
        route: &'static str,
        server: &Server,
        mut workload: Repeated,
        report: &mut Report,
    ) -> Result<(), Failure> {
        for connections in self.plan.floor_connections() {
            self.session.progress.set_message(format!("floor: {route} at {connections}"));
            let target = Target { server, data: None };
            let window = self.plan.window;
            let (observed, measured) =
                measure(self.session, target, connections, &mut workload, window)?;
            report.floors.push(Floor::Http { route, figures: observed.figures(&measured) });
        }
        Ok(())
    }

    /// Runs the short scenarios, all in one folder; gives what a saga wrote, where that was measured.
    fn scenarios(&self, report: &mut Report) -> Result<Option<u64>, Failure> {
        let (plan, session) = (self.plan, self.session);
        let (program, data) = self.program("scenarios")?;
        let server = Server::start(&program)?;
        let health = Repeated::get(server.address, "/healthz");
        self.http_floor("GET /healthz", &server, health, report)?;
        let of_caller = Repeated::get(server.address, "/v1/me");
        self.http_floor("GET /v1/me", &server, of_caller, report)?;
        session.progress.set_message("making wallets");
        let wallets = set_up_wallets(server.address, "", plan.wallets)?;
        let mut saga_bytes = None;
        for scenario in &plan.scenarios {
            for connections in &plan.connections {
                let message = format!("{} at {connections}", scenario.name());
                session.progress.set_message(message);
                let mut workload = scenario.workload(server.address, &wallets, "");
                let target = Target { server: &server, data: Some(&data) };
                let (observed, measured) =
                    measure(session, target, *connections, &mut workload, plan.window)?;
                let at_64 = *connections == SUSTAINED_CONNECTIONS;
                if *scenario == Scenario::PaymentSaga && (at_64 || saga_bytes.is_none()) {
                    saga_bytes = Some(observed.journal_bytes_each()).filter(|bytes| *bytes > 0);
                }
                let mut run = observed.run(scenario.name(), &measured);
                run.http_floor_ratio = floor_ratio(report, &run.figures);
                report.runs.push(run);
            }
        }
        server.terminate()?;
        Ok(saga_bytes)
    }

    /// The same question as without sign-in, with a token: what it costs more is the check of a token
    /// that was shown before; then the counting of its customer, and of his address behind a proxy.
    fn tokens(&self, report: &mut Report) -> Result<(), Failure> {
        let provider = Provider::start()?;
        let token = format!("Authorization: Bearer {}\r\n", provider.token());
        let from = "X-Forwarded-For: 203.0.113.7\r\n";
        let uncounted = ["--rate-per-caller", "0"];
        let counted = ["--rate-per-caller", "1000000"];
        let both = ["--rate-per-address", "1000000", "--behind-proxy", "127.0.0.1"];
        let mut rows = vec![("GET /v1/me, token", counted.to_vec(), token.clone())];
        if self.plan.counting {
            let by_proxy = [&counted[..], &both].concat();
            rows.push(("GET /v1/me, token, uncounted", uncounted.to_vec(), token.clone()));
            rows.push(("GET /v1/me, token, by a proxy", by_proxy, token + from));
        }
        for (route, options, headers) in rows {
            let (program, _) = self.program("tokens")?;
            let server = Server::start(&provider.trusted_by(program, &options))?;
            let of_caller = Repeated::get_with(server.address, "/v1/me", &headers);
            self.http_floor(route, &server, of_caller, report)?;
            server.terminate()?;
        }
        Ok(())
    }

    /// With accounts of its own: the same question with a token of its own, and payments beside floods.
    fn floods(&self, report: &mut Report) -> Result<(), Failure> {
        let (mut program, _) = self.program("accounts")?;
        program.arguments.retain(|argument| argument != NO_SIGN_IN);
        program.arguments.extend(["--rate-per-caller", "1000000"].map(str::to_owned));
        let server = Server::start(&program)?;
        let site = flood::Site::set_up(&server)?;
        let token = format!("Authorization: Bearer {}\r\n", site.token);
        let of_caller = Repeated::get_with(server.address, "/v1/me", &token);
        self.http_floor("GET /v1/me, own token", &server, of_caller, report)?;
        report.floods = site.all(self.session, self.plan)?;
        server.terminate().map(|_| ())
    }

    /// The long scenario, in a folder that nothing else was written to: what it says of memory and of
    /// opening is said of so many payments and nothing beside them.
    fn sustained(&self, report: &mut Report) -> Result<(), Failure> {
        let (program, data) = self.program("sustained")?;
        let server = Server::start(&program)?;
        self.session.progress.set_message("sustained");
        let wallets = set_up_wallets(server.address, "", self.plan.wallets)?;
        let place = sustained::Place { program: &program, data: &data, wallets: &wallets };
        let mut outcome = sustained::sustain(self.session, self.plan, &place, server)?;
        outcome.run.http_floor_ratio = floor_ratio(report, &outcome.run.figures);
        report.runs.push(outcome.run);
        report.sustained = Some(outcome.sustained);
        outcome.server.terminate().map(|_| ())
    }

    fn sync_floor(&self, saga_bytes: u64, report: &mut Report) -> Result<(), Failure> {
        let bytes_a_sync = saga_bytes.saturating_mul(SAGAS_A_SYNC);
        for preparation in Preparation::ALL {
            self.session.may_go_on()?;
            self.session.progress.set_message(format!("floor: sync, {}", preparation.name()));
            let time = self.plan.floor_time;
            let synced = append_and_sync(&self.data, preparation, bytes_a_sync, time)
                .map_err(doing(|| "writing and syncing a bare file"))?;
            let sagas = synced.count.saturating_mul(SAGAS_A_SYNC);
            report.floors.push(Floor::AppendAndSync(SyncFigures {
                preparation,
                per_second: per_second(sagas, synced.elapsed),
                syncs_per_second: per_second(synced.count, synced.elapsed),
                sagas_a_sync: SAGAS_A_SYNC,
                saga_bytes,
                p50_ms: milliseconds(synced.latencies.within(0.5)),
                p99_ms: milliseconds(synced.latencies.within(0.99)),
                p999_ms: milliseconds(synced.latencies.within(0.999)),
                max_ms: milliseconds(synced.latencies.longest()),
            }));
        }
        Ok(())
    }
}

/// What share these figures are of the bare HTTP floor at as many connections.
fn floor_ratio(report: &Report, figures: &report::Figures) -> Option<f64> {
    report.floors.iter().find_map(|floor| match floor {
        Floor::Http { figures: floor, .. } if floor.connections == figures.connections => {
            ratio(figures.per_second, floor.per_second)
        }
        Floor::Http { .. } | Floor::AppendAndSync(_) => None,
    })
}
