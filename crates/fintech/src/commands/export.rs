//! `fintech export`: every record as a line of JSON, to move to another home. How a line looks is in
//! `operations`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use kernel::memory::value_of;
use kernel::operators::DeliveryState;
use kernel::store::StorePort;
use kernel::{Kind, Value};
use operations::portable::{self, FORMAT, Header, Trailer};
use operations::sweep::{Piece, Progress, Sweep};
use store_embedded::Unheard;

use crate::end::{End, Failure};
use crate::home::{Home, HomeOption};
use crate::{folder, output, runtime, services};

const LONG_ABOUT: &str = "\
Write every record as a line of JSON, to move to another home.

The first line says what it is and of which moment, the last how many records there are; each other is \
one record with its version and the events that it said last. Of a folder, what was acknowledged before \
it began is in it, and nothing half. Tables on AWS are read one after another, so nothing may write to \
them meanwhile. It takes no lock and changes nothing; but what is booked after it began is not in it, so \
stop the server first when you move for good. Run `fintech verify` before, and after `fintech load` on \
the other side.

A message that somebody had not heard yet is not in it. What waits for it asks again by itself once it \
is loaded; still each is named, and the exit code is 1: redrive dead letters, let the server run until \
the rest is heard, and export again.

A file that is there already is not overwritten.";

const EXAMPLES: &str = "\
Examples:
  fintech export monday.jsonl --data ./fintech-data
  fintech export monday.jsonl --data dynamodb:fintech    of the tables fintech-wallet, …
  fintech export /dev/stdout | gzip > monday.jsonl.gz";

/// The file is its owner's alone: there are names and amounts in it.
const FILE_MODE: u32 = 0o600;

/// At most so many messages are named.
const TOLD_MAX: usize = 20;

/// Write every record as a line of JSON
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The file to be made
    #[arg(value_name = "FILE", env = "FINTECH_FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: HomeOption,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let Options { file: path, data: HomeOption { data: home } } = options;
    runtime::build("export")?.block_on(async {
        let (port, unheard) = open(home).await?;
        let file = create(path)?;
        let is_ours = file.metadata().is_ok_and(|file| file.is_file());
        let written = write(&*port, home, &file).await;
        if written.is_err() && is_ours {
            // Half an export must not be taken for a whole one.
            drop(std::fs::remove_file(path));
        }
        let Written { records, waiting } = written?;
        output::tell(output::counted(records, "record"));
        if waiting > 0 {
            let how = "once loaded, what waits asks again by itself";
            output::tell(format_args!("{waiting} of them waiting for an answer: {how}"));
        }
        tell(&unheard);
        Ok(End::flawed_if(!unheard.is_empty()))
    })
}

/// The records, and what was not heard yet of what they said. Nobody can tell of tables: there it is
/// on its way between services.
async fn open(home: &Home) -> Result<(Arc<dyn StorePort>, Vec<Unheard>), Failure> {
    let Home::Folder(path) = home else { return Ok((home.read().await?, Vec::new())) };
    let snapshot = folder::snapshot(path)?;
    let subscribers = services::subscribers().map_err(Failure::cannot_run)?;
    let unheard = snapshot.unheard(&subscribers).map_err(Failure::cannot_run)?;
    Ok((snapshot, unheard))
}

/// Names what is not in the file.
fn tell(unheard: &[Unheard]) {
    if unheard.is_empty() {
        return;
    }
    let count = u64::try_from(unheard.len()).unwrap_or(u64::MAX);
    let messages = output::counted(count, "message");
    output::tell(format_args!("Not heard yet, and not in it: {messages}"));
    for Unheard { event, subject, subscription, state, reason } in unheard.iter().take(TOLD_MAX) {
        let how = match state {
            DeliveryState::Waiting => "waits",
            DeliveryState::Parked => "is tried again",
            DeliveryState::Dead => "is a dead letter",
            DeliveryState::Delivered => "was heard",
        };
        let why = reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        output::tell(format_args!("  {} of {subject} to {subscription} {how}{why}", event.name()));
    }
    let more = unheard.len().saturating_sub(TOLD_MAX);
    if more > 0 {
        output::tell(format_args!("  and {more} more"));
    }
    output::tell(
        "What waits for them asks again by itself after the load. To take none along, redrive dead \
         letters (`fintech dead-letters`), let the server run until the rest is heard, stop it, and \
         export again.",
    );
}

/// What stands in the file.
#[derive(Default)]
struct Written {
    records: u64,
    /// So many of them wait for an answer.
    waiting: u64,
}

/// A new file, or something that is no file, such as a pipe.
fn create(path: &Path) -> Result<File, Failure> {
    let is_special = path.metadata().is_ok_and(|file| !file.is_file() && !file.is_dir());
    let made = OpenOptions::new().write(true).create_new(!is_special).mode(FILE_MODE).open(path);
    made.map_err(|error| {
        let name = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            let what = "is there already, and is not overwritten: name another file";
            return Failure::wrong_use(format!("{name} {what}"));
        }
        Failure::cannot_run(format!("{name} cannot be made: {error}"))
    })
}

async fn write(port: &dyn StorePort, home: &Home, file: &File) -> Result<Written, Failure> {
    let mut out = BufWriter::new(file);
    let header = Header { fintech_export: FORMAT, at: port.now().micros() };
    write_line(&mut out, &serde_json::to_string(&header).map_err(Failure::cannot_run)?)?;
    let bar = output::spinner("{msg}: {pos} written");
    let mut written = Written::default();
    let kinds = match home {
        Home::Folder(_) => services::kinds(),
        Home::Tables(_) => services::kinds_in_both().collect(),
    };
    let mut sweep = Sweep::over(port, &kinds);
    let mut watch = |Progress { kind, .. }: Progress| bar.set_message(kind);
    while let Some(piece) = sweep.next(&mut watch).await.map_err(Failure::cannot_run)? {
        write_rows(piece, &mut out, &mut written)?;
        bar.set_position(written.records);
    }
    bar.finish_and_clear();
    let trailer = Trailer { records: written.records };
    write_line(&mut out, &serde_json::to_string(&trailer).map_err(Failure::cannot_run)?)?;
    out.flush().map_err(Failure::cannot_run)?;
    drop(out);
    // A pipe has nothing to sync.
    if file.metadata().is_ok_and(|file| file.is_file()) {
        file.sync_all().map_err(Failure::cannot_run)?;
    }
    Ok(written)
}

fn write_rows(piece: Piece, out: &mut impl Write, written: &mut Written) -> Result<(), Failure> {
    for row in piece.rows {
        let stored = row.map_err(|bad| {
            Failure::cannot_run(format!("not exported; run `fintech verify`: {bad}"))
        })?;
        write_line(out, &portable::line(&stored))?;
        written.records = written.records.saturating_add(1);
        let waiting_since = waiting_since(stored.record.kind());
        if waiting_since.is_some_and(|column| value_of(&stored, column) != Value::Null) {
            written.waiting = written.waiting.saturating_add(1);
        }
    }
    Ok(())
}

/// The column by which a record of this kind says that it waits for an answer, if it can.
fn waiting_since(kind: &Kind) -> Option<&'static str> {
    let mut sagas = services::SERVICES.iter().flat_map(|service| service.sagas);
    sagas.find(|saga| saga.kind == kind).map(|saga| saga.waiting_since)
}

fn write_line(out: &mut impl Write, line: &str) -> Result<(), Failure> {
    writeln!(out, "{line}").map_err(|error| Failure::cannot_run(format!("not exported: {error}")))
}
