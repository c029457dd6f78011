//! `fintech export`: every record as a line of JSON, to move to another home. How a line looks is in
//! `operations`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use kernel::Kind;
use kernel::store::{Scan, StorePort};
use operations::portable::{self, FORMAT, Header};

use crate::end::{End, Failure};
use crate::folder::{self, DataOption};
use crate::{output, runtime, services};

const LONG_ABOUT: &str = "\
Write every record as a line of JSON, to move to another home.

The first line says what it is and of which moment; each other is one record with its version and the \
events that it said last. What was acknowledged before it began is in it, and nothing half. It takes \
no lock and changes nothing; but what is booked after it began is not in it, so stop the server first \
when you move for good. Run `fintech verify` before, and on the other side after.

A file that is there already is not overwritten.";

const EXAMPLES: &str = "\
Examples:
  fintech export monday.jsonl --data ./fintech-data
  fintech export /dev/stdout | gzip > monday.jsonl.gz";

/// How many records are read at once.
const ROWS_AT_ONCE: usize = 1000;

/// Write every record as a line of JSON
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The file to be made
    #[arg(value_name = "FILE", env = "FINTECH_FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataOption,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let snapshot = folder::snapshot(&options.data.data)?;
    let file = create(&options.file)?;
    let is_ours = file.metadata().is_ok_and(|file| file.is_file());
    let written = runtime::build("export")?.block_on(write(&*snapshot, &file));
    match written {
        Ok(records) => {
            output::tell(format_args!("{records} records"));
            Ok(End::Done)
        }
        Err(failure) => {
            if is_ours {
                // Half an export must not be taken for a whole one.
                drop(std::fs::remove_file(&options.file));
            }
            Err(failure)
        }
    }
}

/// A new file, or something that is no file, such as a pipe.
fn create(path: &Path) -> Result<File, Failure> {
    let is_special = path.metadata().is_ok_and(|file| !file.is_file() && !file.is_dir());
    let made = OpenOptions::new().write(true).create_new(!is_special).open(path);
    made.map_err(|error| {
        let name = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            let what = "is there already, and is not overwritten: name another file";
            return Failure::wrong_use(format!("{name} {what}"));
        }
        Failure::cannot_run(format!("{name} cannot be made: {error}"))
    })
}

async fn write(port: &dyn StorePort, file: &File) -> Result<u64, Failure> {
    let mut out = BufWriter::new(file);
    let header = Header { fintech_export: FORMAT, at: port.now().micros() };
    let header = serde_json::to_string(&header).map_err(Failure::cannot_run)?;
    writeln!(out, "{header}").map_err(Failure::cannot_run)?;
    let bar = output::spinner("{msg}: {pos} written");
    let mut records = 0_u64;
    for kind in services::kinds() {
        bar.set_message(kind.name);
        records = records.saturating_add(write_kind(port, kind, &mut out).await?);
        bar.set_position(records);
    }
    bar.finish_and_clear();
    out.flush().map_err(Failure::cannot_run)?;
    drop(out);
    // A pipe has nothing to sync.
    if file.metadata().is_ok_and(|file| file.is_file()) {
        file.sync_all().map_err(Failure::cannot_run)?;
    }
    Ok(records)
}

async fn write_kind(
    port: &dyn StorePort,
    kind: &'static Kind,
    out: &mut impl Write,
) -> Result<u64, Failure> {
    let mut records = 0_u64;
    let mut after = None;
    loop {
        let scanned = port.scan(kind, after, ROWS_AT_ONCE).await.map_err(Failure::cannot_run)?;
        let Scan { rows, next } = scanned;
        for row in rows {
            let stored = row.map_err(|bad| {
                Failure::cannot_run(format!("not exported; run `fintech verify`: {bad}"))
            })?;
            writeln!(out, "{}", portable::line(&stored)).map_err(Failure::cannot_run)?;
            records = records.saturating_add(1);
        }
        if next.is_none() {
            return Ok(records);
        }
        after = next;
    }
}
