//! `fintech import`: a history from a CSV file. Reading and booking are in `import`; here is the
//! command around them: files, the folder, progress, and what is printed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use indicatif::ProgressBar;
use kernel::time::System;
use kernel::{Caller, Context, Store};
use store_embedded::EmbeddedStore;

use crate::end::{End, Failure};
use crate::folder::{self, DataOption};
use crate::import::{Booking, Mapping, Refusal, Row, Rows, Summary, book};
use crate::signals::Signals;
use crate::{output, runtime};

const LONG_ABOUT: &str = "\
Import a history from a CSV file.

A mapping says which columns are what. Each account of the history becomes a wallet, each row a \
movement dated as in the file. Rows of an account must come in the order of their days. Within a day \
the order does not count: a debit that the balance does not carry waits for the credits of its day, \
and is refused only when the day is over.

A second run adds nothing that is booked: a row is known by the mapping's `source`, its account and \
its reference. What was refused is tried again: in the same file it is refused again; a row that was \
corrected, or whose wallet can pay it now, is booked, unless something later is booked in its account. \
An import that was stopped goes on where it was.

A row that cannot be read or booked is refused alone, with its line (the heading is line 1) and the \
reason; then the exit code is 1. Where the mapping does not fit the file at all, nothing is booked \
and the exit code is 2.";

const EXAMPLES: &str = r#"Example:
  fintech import trans.csv --mapping bank.toml --data ./fintech-data

A mapping, such as bank.toml:
  source = "czech-bank"            # names this history; wallets' ids are made from it
  delimiter = ";"                  # a comma if left out
  currency = "CZK"
  account = "account_id"           # one wallet for each value
  reference = "trans_id"           # required: makes a second run add nothing
  date = { column = "date", format = "%y%m%d" }    # as strftime has it
  amount = "amount"
  sign = { column = "type", credit = ["PRIJEM"], debit = ["VYDAJ", "VYBER"] }
                                   # or leave `sign` out: the amount is signed
  description = ["operation", "k_symbol"]          # may be left out"#;

/// Import a history from a CSV file
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The history, a CSV file whose first line names its columns
    #[arg(value_name = "FILE", env = "FINTECH_FILE")]
    file: PathBuf,
    /// The mapping, a TOML file
    #[arg(long, value_name = "FILE", env = "FINTECH_MAPPING")]
    mapping: PathBuf,
    #[command(flatten)]
    data: DataOption,
    /// Print the summary as JSON, every refusal and every wallet included
    #[arg(long, env = "FINTECH_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    json: bool,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let mapping = Mapping::read(&options.mapping)?;
    let source = mapping.source.clone();
    let of_file = |why| format!("{}: {why}", options.file.display());
    let file = File::open(&options.file)
        .map_err(|error| Failure::wrong_use(of_file(format!("it cannot be read: {error}"))))?;
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let mut rows = Rows::open(mapping, file).map_err(|failure| failure.map(of_file))?;
    let start = Start::of(&mut rows)?;
    let Some(first) = start.first else {
        return nothing_to_book(options, start.refusals);
    };
    let refused = start.refusals.into_iter().map(|refusal| Ok(Err(refusal)));
    let rows = refused.chain([Ok(Ok(first))]).chain(Watched::new(rows, bytes));
    let summary = runtime::build("import")?.block_on(book_in_folder(options, source, rows))?;
    print(options, &summary)?;
    Ok(End::flawed_if(!summary.refusals.is_empty()))
}

async fn book_in_folder(
    options: &Options,
    source: String,
    rows: impl Iterator<Item = Result<Result<Row, Refusal>, Failure>>,
) -> Result<Summary, Failure> {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::listen()?;
    let tell = Arc::clone(&is_stopped);
    tokio::spawn(async move {
        signals.wait().await;
        tell.store(true, Ordering::Relaxed);
    });
    let store = folder::open(&options.data.data, Arc::new(System)).await?;
    let booking = Booking {
        store: Store::new(Arc::<EmbeddedStore>::clone(&store)),
        source,
        owner: Caller::local().sub,
        context: Context::own(&System),
        is_stopped: Box::new(move || is_stopped.load(Ordering::Relaxed)),
    };
    let summary = book(booking, rows).await;
    folder::close(store).await;
    summary
}

/// The rows up to the first that can be read. Before there is one, nothing is opened or booked.
struct Start {
    refusals: Vec<Refusal>,
    first: Option<Row>,
}

impl Start {
    fn of(rows: &mut Rows<File>) -> Result<Self, Failure> {
        let mut refusals = Vec::new();
        for row in rows {
            match row? {
                Ok(first) => return Ok(Self { refusals, first: Some(first) }),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Ok(Self { refusals, first: None })
    }
}

/// The file has no row, or the mapping fits none: then why the first is refused says what to mend, and
/// the others only as JSON.
fn nothing_to_book(options: &Options, refusals: Vec<Refusal>) -> Result<End, Failure> {
    let misfit = refusals.first().map(|Refusal { line, reason }| {
        Failure::wrong_use(format!(
            "the mapping {} fits no row of {}; on line {line}: {reason}",
            options.mapping.display(),
            options.file.display()
        ))
    });
    if misfit.is_none() || options.json {
        print(options, &Summary { refusals, ..Summary::default() })?;
    }
    misfit.map_or(Ok(End::Done), Err)
}

fn print(options: &Options, summary: &Summary) -> Result<(), Failure> {
    if options.json {
        output::line(summary.json().map_err(Failure::cannot_run)?)?;
    } else {
        output::line(summary.text())?;
    }
    Ok(())
}

/// Rows whose reader is watched by a progress bar, where somebody may look at it.
struct Watched {
    rows: Rows<File>,
    bar: ProgressBar,
}

impl Watched {
    fn new(rows: Rows<File>, bytes: u64) -> Self {
        Self { rows, bar: output::progress_bar(bytes, "{bytes} of {total_bytes}") }
    }
}

impl Iterator for Watched {
    type Item = Result<Result<Row, Refusal>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next();
        self.bar.set_position(self.rows.bytes_read());
        if row.is_none() {
            self.bar.finish_and_clear();
        }
        row
    }
}
