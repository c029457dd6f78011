//! `fintech verify`: checks the whole ledger, and of a folder its users. What is checked is in `operations`
//! and `identity`.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use kernel::store::StorePort;
use kernel::{Store, StoreError};
use operations::sweep::Progress;
use operations::verify::{Report, TrailEnd, Violations, verify_as_of};

use crate::end::{End, Failure};
use crate::home::{Home, HomeOption};
use crate::output::counted;
use crate::{adopt, output, runtime};

const LONG_ABOUT: &str = "\
Check the whole ledger, from its entries alone.

Every hash, every balance and every held amount is computed again; both sides of each transfer are \
matched; each currency is summed over all accounts to zero; and the services and the ledger are \
matched both ways: each successful payment, refund and funded loan has its one movement of that \
amount, each movement its cause, and what failed has none. In a folder each user, name and session is \
matched with what the audit trail says was done.

It takes no lock and changes nothing, and works beside whatever writes: of a folder it reads a snapshot, \
tables on AWS it checks as of a minute before it began, or with `--still` to the last record. What is wrong is named, and then the exit code is 1.";

const EXAMPLES: &str = "\
Examples:
  fintech verify --data ./fintech-data
  fintech verify --data ./fintech-data --json    as JSON, for programs
  fintech verify --data dynamodb:fintech         the tables of a deployment on AWS
  fintech verify --data dynamodb:fintech --still    where nobody writes: just loaded, or restored";

/// Check the whole ledger
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    data: HomeOption,
    /// Nothing writes into the tables meanwhile: check them to the last record (a folder always is)
    #[arg(long)]
    still: bool,
    /// Print the report as JSON
    #[arg(long, env = "FINTECH_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    json: bool,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let report = runtime::build("verify")?.block_on(async {
        let home = options.data.data.read().await?;
        if let Home::Folder(path) = &options.data.data {
            ready(Store::new(Arc::clone(&home)), path).await?;
        }
        let bar = output::spinner("{msg}: {pos} read");
        let mut watch = |Progress { kind, seen }: Progress| {
            bar.set_message(kind);
            bar.set_position(seen);
        };
        let moment = options.data.data.moment(home.now(), options.still);
        let checked = verify_as_of(&*home, moment, &mut watch).await;
        let checked = match checked {
            Ok((report, _)) => with_users(report, &*home, &options.data.data).await,
            Err(error) => Err(error),
        };
        bar.finish_and_clear();
        checked.map_err(Failure::cannot_run)
    })?;
    if options.json {
        output::json(&report)?;
    } else {
        output::line(text(&report))?;
    }
    Ok(End::flawed_if(!report.is_well()))
}

/// With what is wrong with users, of whom there are none in tables.
async fn with_users(
    mut report: Report,
    port: &dyn StorePort,
    home: &Home,
) -> Result<Report, StoreError> {
    if let Home::Folder(_) = home {
        let mut found = Violations::default();
        identity::verify(port, &mut |sentence| found.add(sentence)).await?;
        report.violations.extend(found.into_sentences());
    }
    Ok(report)
}

/// What an older program wrote is taken over by whatever opens the folder for writing. Before that the
/// acts of operators have no lines in trails, and to name each as wrong would say nothing.
async fn ready(store: Store, path: &Path) -> Result<(), Failure> {
    if !adopt::waits(&store).await.map_err(Failure::cannot_run)? {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::cannot_run(format!(
        "an older program wrote {path}: let this one take over its audit list first, by `fintech serve` \
         or, where nobody serves it, by `fintech tick --data {path}`; then verify"
    )))
}

/// For people, without a line's end.
fn text(report: &Report) -> String {
    let transfers = counted(report.transfers, "transfer");
    let mut lines = vec![format!("{transfers} over {}", counted(report.accounts, "account"))];
    for currency in &report.currencies {
        lines.push(format!("{}: all accounts sum to {}", currency.currency, currency.sum));
    }
    for TrailEnd { service, lines: count, hash } in &report.trails {
        lines.push(format!(
            "audit trail of {service}: {}, the newest {hash}",
            counted(*count, "line")
        ));
    }
    lines.extend(report.violations.iter().cloned());
    lines.push(if report.is_well() {
        "Nothing is wrong.".to_owned()
    } else {
        "This is wrong.".to_owned()
    });
    lines.join("\n")
}
