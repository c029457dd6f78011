//! `fintech dead-letters`: what could not be delivered, listed and delivered again; of a running
//! server, or of a folder that no server has open.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use kernel::audit::Act;
use kernel::operators::EventsPort;
use kernel::time::System;
use kernel::{Caller, Context};
use operations::bodies::DeadLetterShown;
use serde_json::{Value, json};

use crate::client::{AccessOptions, Client};
use crate::end::{End, Failure};
use crate::output::counted;
use crate::source::{Source, SourceOptions};
use crate::{folder, output, runtime};

/// How many letters are asked for at once; the most that a server gives.
const PAGE: usize = 100;

/// About messages that could not be delivered
#[derive(Debug, Subcommand)]
#[command(after_long_help = LIST_EXAMPLES)]
pub(crate) enum Command {
    List(List),
    Redrive(Redrive),
}

const LIST_ABOUT: &str = "\
List the messages that could not be delivered, oldest first, each with its id, the one subscription \
that could not hear it, how often it was tried, and why it failed last.";

const LIST_EXAMPLES: &str = operators_examples!(
    "  fintech dead-letters list --server http://127.0.0.1:8080
  fintech dead-letters list --data ./fintech-data --json    with the messages themselves"
);

/// List them, and why
#[derive(Debug, Args)]
#[command(long_about = LIST_ABOUT, after_long_help = LIST_EXAMPLES)]
pub(crate) struct List {
    #[command(flatten)]
    at: SourceOptions,
    #[command(flatten)]
    access: AccessOptions,
    /// Print them as JSON, with the messages themselves
    #[arg(long, env = "FINTECH_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    json: bool,
}

const REDRIVE_ABOUT: &str = "\
Deliver messages again that could not be delivered, each to its one subscription. Do it once what \
made them fail is mended; a message that fails again becomes a dead letter again. It goes to the \
audit trail.

With --data no server may have the folder open. The exit code is 1 where an id is no dead letter's.";

const REDRIVE_EXAMPLES: &str = operators_examples!(
    "  fintech dead-letters redrive --server http://127.0.0.1:8080 --all
  fintech dead-letters redrive --data ./fintech-data ID1 ID2"
);

/// Deliver them again
#[derive(Debug, Args)]
#[command(long_about = REDRIVE_ABOUT, after_long_help = REDRIVE_EXAMPLES)]
pub(crate) struct Redrive {
    /// The ids of the messages, as `list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All of them
    #[arg(long, env = "FINTECH_ALL", value_parser = clap::builder::BoolishValueParser::new())]
    all: bool,
    #[command(flatten)]
    at: SourceOptions,
    #[command(flatten)]
    access: AccessOptions,
}

impl Redrive {
    /// The letters that are named; none if all are meant. Names win, for --all may come from the
    /// environment.
    fn named(&self) -> Option<Vec<String>> {
        (!self.ids.is_empty()).then(|| self.ids.clone())
    }
}

/// Runs it.
pub(crate) fn run(command: &Command) -> Result<End, Failure> {
    let runtime = runtime::build("letters")?;
    match command {
        Command::List(list) => runtime.block_on(run_list(list)),
        Command::Redrive(redrive) => runtime.block_on(run_redrive(redrive)),
    }
}

async fn run_list(list: &List) -> Result<End, Failure> {
    let letters = match list.at.source()? {
        Source::Server(url) => of_server(&mut Client::connect(&url, &list.access).await?).await?,
        Source::Folder(data) => of_events(&*folder::snapshot(&data)?).await?,
    };
    if list.json {
        output::json(&letters)?;
        return Ok(End::Done);
    }
    for letter in &letters {
        let text = |name: &str| letter.get(name).map(plain).unwrap_or_default();
        let event = letter.pointer("/event/type").map_or("a message".to_owned(), plain);
        output::line(format_args!(
            "{}  {event} to {}, tried {}, dead since {}: {}",
            text("dead_letter_id"),
            text("subscription"),
            counted(letter.get("attempts").and_then(Value::as_u64).unwrap_or_default(), "time"),
            text("at"),
            text("reason"),
        ))?;
    }
    if letters.is_empty() {
        output::tell("There are no dead letters.");
    }
    Ok(End::Done)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn run_redrive(redrive: &Redrive) -> Result<End, Failure> {
    if redrive.ids.is_empty() && !redrive.all {
        return Err(Failure::wrong_use("say which: their ids, or --all"));
    }
    let missing = match redrive.at.source()? {
        Source::Server(url) => redrive_on_server(redrive, &url).await?,
        Source::Folder(data) => redrive_in_folder(redrive, &data).await?,
    };
    Ok(End::flawed_if(missing))
}

/// Says what became of a letter, and whether it was none.
fn tell(id: &str, is_there: bool) -> Result<bool, Failure> {
    if is_there {
        output::line(format_args!("{id}  is delivered again"))?;
    } else {
        output::line(format_args!("{id}  is no dead letter"))?;
    }
    Ok(!is_there)
}

async fn redrive_on_server(redrive: &Redrive, url: &str) -> Result<bool, Failure> {
    let mut client = Client::connect(url, &redrive.access).await?;
    let ids = match redrive.named() {
        Some(ids) => ids,
        None => ids(&of_server(&mut client).await?),
    };
    let mut is_missing = false;
    for id in ids {
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte)) {
            is_missing |= tell(&id, false)?;
            continue;
        }
        let path = format!("/v1/dead-letters/{id}/redrive");
        let answer = client.try_post(&path, &json!({})).await?;
        if !answer.status.is_success() && answer.status != hyper::StatusCode::NOT_FOUND {
            return Err(client.failure(&path, &answer).map(|why| format!("{id}: {why}")));
        }
        is_missing |= tell(&id, answer.status.is_success())?;
    }
    Ok(is_missing)
}

async fn redrive_in_folder(redrive: &Redrive, data: &Path) -> Result<bool, Failure> {
    let store = folder::open_existing(data, Arc::new(System)).await?;
    let redriven = redrive_all(redrive, &*store).await;
    folder::close(store).await;
    redriven
}

async fn redrive_all(redrive: &Redrive, events: &dyn EventsPort) -> Result<bool, Failure> {
    let ids = match redrive.named() {
        Some(ids) => ids,
        None => ids(&of_events(events).await?),
    };
    let mut is_missing = false;
    for id in ids {
        let operation = operations::manifest::REDRIVE_DEAD_LETTER.name;
        let service = operations::MANIFEST.name;
        let act = Act::of(&Caller::local(), service, operation, &id);
        let context = Context::own(&System);
        let is_there = events.redrive(id.clone(), act, context).await;
        let is_there = is_there.map_err(Failure::cannot_run)?;
        is_missing |= tell(&id, is_there)?;
    }
    Ok(is_missing)
}

fn ids(letters: &[Value]) -> Vec<String> {
    letters.iter().filter_map(|letter| letter.get("dead_letter_id")).map(plain).collect()
}

async fn of_server(client: &mut Client) -> Result<Vec<Value>, Failure> {
    let mut letters = Vec::new();
    let mut path = format!("/v1/dead-letters?limit={PAGE}");
    loop {
        let answer = client.get(&path).await?;
        let items = answer.body.get("items").and_then(Value::as_array);
        letters.extend(items.into_iter().flatten().cloned());
        match answer.text("/next_cursor") {
            "" => return Ok(letters),
            cursor => path = format!("/v1/dead-letters?limit={PAGE}&cursor={cursor}"),
        }
    }
}

async fn of_events(events: &dyn EventsPort) -> Result<Vec<Value>, Failure> {
    let mut letters: Vec<Value> = Vec::new();
    let mut after = None;
    loop {
        let page = events.dead_letters(after, PAGE).await.map_err(Failure::cannot_run)?;
        after = page.last().map(|letter| letter.id.clone());
        let is_last = page.len() < PAGE;
        for letter in page {
            let shown = serde_json::to_value(DeadLetterShown::from(letter));
            letters.push(shown.map_err(Failure::cannot_run)?);
        }
        if is_last {
            return Ok(letters);
        }
    }
}
