//! The long scenario: a minute of payments, on to a great number of them, then a kill under load.
//!
//! The short ones are `run.rs`.

use std::path::Path;
use std::time::Duration;

use crate::failure::{Failure, doing};
use crate::load::Load;
use crate::plan::{Plan, SUSTAINED_CONNECTIONS};
use crate::process;
use crate::report::{Run, Sustained};
use crate::run::{Measured, Session, Target, observe, tally};
use crate::scenario::Scenario;
use crate::server::{Program, Server};
use crate::statistics::milliseconds;

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) run: Run,
    pub(crate) sustained: Sustained,
    /// The server, started again on the same folder.
    pub(crate) server: Server,
}

/// Where it takes place.
pub(crate) struct Place<'a> {
    pub(crate) program: &'a Program,
    pub(crate) data: &'a Path,
    pub(crate) wallets: &'a [String],
}

/// Runs it. Where the time is over before enough payments were made, it goes on with fewer.
///
/// # Errors
/// Where the server is gone, is not ready again, or the program was told to stop.
pub(crate) fn sustain(
    session: &Session,
    plan: &Plan,
    place: &Place<'_>,
    server: Server,
) -> Result<Outcome, Failure> {
    let scenario = Scenario::Sustained;
    let mut workload = scenario.workload(server.address, place.wallets, "");
    let mut load =
        Load::open(server.address, SUSTAINED_CONNECTIONS).map_err(doing(|| "connecting"))?;
    let target = Target { server: &server, data: Some(place.data) };
    let observed = observe(session, target, &mut load, &mut workload, plan.sustained_window)?;
    let mut measured = Measured { connections: SUSTAINED_CONNECTIONS, tally: tally(&mut load)? };
    while load.good() < plan.payments_resident {
        match session.keep_busy(&mut load, &mut workload, Duration::from_secs(1)) {
            Ok(_) => {}
            Err(Failure::TimeLimit(_)) => break,
            Err(failure) => return Err(failure),
        }
    }
    let reading = || "reading the server's memory";
    let (resident_bytes, resident_bytes_max) =
        process::resident_bytes(server.pid()).map_err(doing(reading))?;
    let payments_made = load.good();
    server.kill()?;
    measured.tally.add_errors(&tally(&mut load)?);
    drop(load);
    let data = process::folder_size(place.data).map_err(doing(|| "adding up the data folder"))?;
    let server = Server::start(place.program)?;
    let (resident_bytes_after_restart, _) =
        process::resident_bytes(server.pid()).map_err(doing(reading))?;
    let sustained = Sustained {
        payments_asked: plan.payments_resident,
        payments_made,
        resident_bytes,
        resident_bytes_max,
        data_apparent_bytes: data.apparent_bytes,
        data_allocated_bytes: data.allocated_bytes,
        ready_after_kill_ms: milliseconds(server.ready_after),
        resident_bytes_after_restart,
    };
    Ok(Outcome { run: observed.run(scenario.name(), &measured), sustained, server })
}
