//! `fintech tick`: what the clock does, once. What is due is found in `clock`.

use std::sync::Arc;

use clap::Args;
use kernel::time::System;
use kernel::{Clock, Store, Time};
use store_embedded::EmbeddedStore;

use crate::end::{End, Failure};
use crate::folder::{self, DataOption};
use crate::{clock, output, runtime};

const LONG_ABOUT: &str = "\
Do what the clock does, once: holds whose time is up expire, and sagas that wait too long say their \
last event again.

A running server does this by itself, each second; this is for a folder that no server has open, and \
for looking ahead: with --at everything happens as if it were that moment, and what is booked is \
dated so.";

const EXAMPLES: &str = "\
Examples:
  fintech tick --data ./fintech-data
  fintech tick --data ./copy --at 2030-01-01T00:00:00Z    as if it were then";

/// Do what the clock does, once
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The moment to act at, in RFC 3339; now, if it is left out
    #[arg(long, value_name = "TIME", env = "FINTECH_AT")]
    at: Option<Time>,
    #[command(flatten)]
    data: DataOption,
}

/// A clock that stands.
struct Standing(Time);

impl Clock for Standing {
    fn now(&self) -> Time {
        self.0
    }
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let clock: Arc<dyn Clock> = match options.at {
        Some(at) => Arc::new(Standing(at)),
        None => Arc::new(System),
    };
    let ticked = runtime::build("tick")?.block_on(async {
        let store = folder::open_existing(&options.data.data, clock)?;
        let ticked = clock::tick(&Store::new(Arc::<EmbeddedStore>::clone(&store))).await;
        // Closing waits until everybody has heard what was said.
        folder::close(store).await;
        ticked.map_err(Failure::cannot_run)
    })?;
    for clock::Ticked { name, records } in ticked {
        output::line(format_args!("{name}: {records}"))?;
    }
    Ok(End::Done)
}
