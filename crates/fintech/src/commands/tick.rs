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
for looking ahead in a copy of one: with --at everything happens as if it were that moment, and what \
is booked is dated so.

A folder's clock never goes back: what is booked after that is not dated earlier. A moment that is \
still to come moves it there for good, in a folder that lives on too; make a copy with \
`fintech backup`, and look ahead in that.";

const EXAMPLES: &str = "\
Examples:
  fintech tick --data ./fintech-data
  mkdir copy && fintech backup copy/fintech.sqlite3 --data ./fintech-data
  fintech tick --data ./copy --at 2030-01-01T00:00:00Z    as if it were then, in the copy";

/// Do what the clock does, once
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The moment to act at, in RFC 3339; now, if it is left out. One that is still to come moves the
    /// folder's clock there for good: use a copy
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
    warn_of_the_future(options);
    let clock: Arc<dyn Clock> = match options.at {
        Some(at) => Arc::new(Standing(at)),
        None => Arc::new(System),
    };
    let ticked = runtime::build("tick")?.block_on(async {
        let store = folder::open_existing(&options.data.data, clock).await?;
        let ticked = clock::tick(&Store::new(Arc::<EmbeddedStore>::clone(&store))).await;
        // Closing waits until everybody has heard what was said.
        folder::close(store).await;
        ticked.map_err(Failure::cannot_run)
    })?;
    let done: Vec<_> = ticked.iter().filter(|ticked| ticked.records > 0).collect();
    for clock::Ticked { name, records } in &done {
        output::line(sentence(name, *records))?;
    }
    if done.is_empty() {
        output::line("Nothing was due.")?;
    }
    Ok(End::Done)
}

/// Warns before anything is done.
fn warn_of_the_future(options: &Options) {
    if let Some(at) = options.at.filter(|at| System.now() < *at) {
        let folder = options.data.data.display();
        output::tell(format_args!(
            "fintech: {at} is still to come: what is done is dated so, and the clock of {folder} does \
             not go back. In a copy that does no harm."
        ));
    }
}

/// What was done, for people.
fn sentence(name: &str, records: u64) -> String {
    let (one, more) = match name {
        "expire_holds" => {
            ("hold was released: its time was up", "holds were released: their time was up")
        }
        "ask_about_expired_holds" => (
            "payment whose hold's time is up asked what became of it",
            "payments whose holds' time is up asked what became of them",
        ),
        "say_payments_again" => (
            "payment that waits for an answer asked again",
            "payments that wait for an answer asked again",
        ),
        "say_refunds_again" => (
            "refund that waits for an answer asked again",
            "refunds that wait for an answer asked again",
        ),
        "say_loan_approvals_again" => (
            "approved loan that waits for its money asked again",
            "approved loans that wait for their money asked again",
        ),
        other => (other, other),
    };
    format!("{records} {}.", if records == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services;

    #[test]
    fn everything_that_can_be_due_has_its_sentence() {
        for due in services::due() {
            let (one, two) = (sentence(due.name, 1), sentence(due.name, 2));
            assert!(!one.contains(due.name) && !one[1..].eq(&two[1..]), "{one} {two}");
        }
        assert_eq!(sentence("expire_holds", 1), "1 hold was released: its time was up.");
        assert_eq!(sentence("expire_holds", 2), "2 holds were released: their time was up.");
    }
}
