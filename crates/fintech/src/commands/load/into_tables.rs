//! An export into tables on DynamoDB. They hold nothing else: what is there already was put by an
//! earlier load of the same file that was cut off. How a record is put is in the store.

use std::collections::HashSet;

use kernel::audit::AuditLine;
use kernel::memory::value_of;
use kernel::{Key, Record, Stored, Value};
use operations::sweep::{Progress, Sweep};
use store_dynamodb::DynamoStore;

use super::file::{Contents, Export};
use crate::end::Failure;
use crate::{output, services, tables};

/// How many are handed to the store at once.
const PUTS_AT_ONCE: usize = 320;

/// Records that are there already, by their kinds' names and keys.
type There = HashSet<(&'static str, Key)>;

/// How many records are there now.
///
/// # Errors
/// When something else is in the tables, or the file cannot be taken: then nothing was written. When
/// AWS cannot: then some records may be there, and the same load goes on.
pub(super) async fn load(export: &Export, prefix: &str) -> Result<u64, Failure> {
    let store = tables::open(prefix).await?;
    let contents = export.check()?;
    if contents.has_former_lines {
        return Err(Failure::wrong_use(
            "an older program wrote this, whose audit list has no hashes: load it into a new folder, \
             let `fintech tick` open that once, and export again",
        ));
    }
    let there = what_is_there(&store, &contents, prefix).await?;
    let records = contents.records();
    let bar = output::progress_bar(records, "{pos} of {len} loaded");
    let mut some: Vec<Stored> = Vec::new();
    let mut left = 0_u64;
    for stored in export.records()? {
        let stored = stored?;
        bar.inc(1);
        if is_here_alone(&stored) {
            left = left.saturating_add(1);
            continue;
        }
        let record = &stored.record;
        if !there.contains(&(record.kind().name, record.key())) {
            some.push(stored);
        }
        if some.len() >= PUTS_AT_ONCE {
            put(&store, &mut some).await?;
        }
    }
    put(&store, &mut some).await?;
    bar.finish_and_clear();
    if left > 0 {
        output::tell(format_args!(
            "{} of who can sign in left behind: on AWS that is Cognito's",
            output::counted(left, "record")
        ));
    }
    Ok(records.saturating_sub(left))
}

/// Whether a record belongs to what the one program has alone: then there is no table for it.
fn is_here_alone(stored: &Stored) -> bool {
    let kind = stored.record.kind();
    let here_alone = services::HERE_ALONE;
    let is_line = || value_of(stored, "service") == Value::from(here_alone.name);
    here_alone.kinds.contains(&kind) || (kind == AuditLine::KIND && is_line())
}

async fn put(store: &DynamoStore, some: &mut Vec<Stored>) -> Result<(), Failure> {
    let put = store.load(some).await;
    some.clear();
    put.map(drop).map_err(|error| {
        Failure::cannot_run(format!(
            "{error}; what was loaded stays: run the same again, and it goes on"
        ))
    })
}

async fn what_is_there(
    store: &DynamoStore,
    contents: &Contents,
    prefix: &str,
) -> Result<There, Failure> {
    let mut there = There::new();
    let bar = output::spinner("{msg}: {pos} are there already");
    let kinds: Vec<_> = services::kinds_in_both().collect();
    let mut sweep = Sweep::over(store, &kinds);
    let mut watch = |Progress { kind, .. }: Progress| bar.set_message(kind);
    while let Some(piece) = sweep.next(&mut watch).await.map_err(Failure::cannot_run)? {
        for row in piece.rows {
            let stored = row.map_err(Failure::cannot_run)?;
            let key = stored.record.key();
            if !contents.has(&stored) {
                return Err(Failure::wrong_use(format!(
                    "the tables of {prefix} are not empty: {key:?} is not in the file as it is \
                     there; load into tables that nothing else has written to"
                )));
            }
            there.insert((stored.record.kind().name, key));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(there)
}
