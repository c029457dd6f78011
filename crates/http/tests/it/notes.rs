//! A small service for the tests: a record, and routes of every form.
//! Not in here: how requests are sent to it, see `service`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_api::{
    App, Body, CurrencyText, Filter, Id, Ids, List, MoneyText, NoFilter, Page, Part, Problem,
    ProblemKind, Request, Routes, answer, routes, wait_until,
};
use kernel::manifest::{Method, Operation, Who};
use kernel::record::{Column, Shard};
use kernel::store::{Order, Query};
use kernel::text::Words;
use kernel::{
    Currency, Decision, Known, PaymentId, Record, Rules, Scope, Suspend, Time, View, WalletId,
    Writes,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

kernel::record! {
    /// A note, of which there are many.
    pub struct Note in "note" of "notes" version 1 {
        /// Its id.
        note_id: PaymentId,
        /// Whose it is.
        wallet_id: WalletId,
        /// Its partition in the index of all.
        shard: Shard,
        /// When it was made.
        created_at: Time,
        /// Whether it is done.
        done: u32,
    }
    key (note_id: PaymentId)
    index "by_wallet" (wallet_id, created_at) every
    index "all" (shard, created_at) every
}

impl Rules for Note {}

/// Puts a note, new or changed.
pub(crate) struct PutNote(pub(crate) Note);

impl Decision for PutNote {
    type Outcome = Known<Note>;

    fn name(&self) -> &'static str {
        "put_note"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Known<Note>, Suspend> {
        let version = match view.get::<Note>(self.0.note_id)? {
            None => writes.create(self.0.clone()).version(),
            Some(known) => writes.update(&known, self.0.clone()).version(),
        };
        Ok(Known { record: Arc::new(self.0.clone()), version, said: Arc::from([]) })
    }
}

const fn operation(
    name: &'static str,
    method: Method,
    path: &'static str,
    who: &'static [Who],
) -> Operation {
    Operation {
        name,
        method,
        path,
        who,
        reads: &[],
        writes: &[Note::KIND],
        lists: &[],
        events_of: &[],
    }
}

const ALL: &[Who] = &[Who::Owner, Who::Operator, Who::Service(Scope::Metrics)];

pub(crate) static ECHO: Operation = operation("echo", Method::Post, "/echo", ALL);
pub(crate) static PART_OF: Operation = operation("part_of", Method::Post, "/part/{id}", ALL);
pub(crate) static CAPTURE: Operation = operation("capture", Method::Post, "/capture/{id}", ALL);
pub(crate) static GET_PAIR: Operation = operation("get_pair", Method::Get, "/pair/{a}/{b}", ALL);
pub(crate) static GET_NOTE: Operation = operation("get_note", Method::Get, "/note/{id}", ALL);
pub(crate) static START: Operation = operation("start", Method::Post, "/start/{id}", ALL);
pub(crate) static OF_WALLET: Operation =
    operation("of_wallet", Method::Get, "/of-wallet/{id}", ALL);
pub(crate) static ALL_NOTES: Operation = operation("all_notes", Method::Get, "/notes", ALL);
pub(crate) static NUMBERS: Operation = operation("numbers", Method::Get, "/numbers", ALL);
pub(crate) static NAMES: Operation = operation("names", Method::Get, "/names", ALL);
pub(crate) static AT: Operation = operation("at", Method::Get, "/at", ALL);
pub(crate) static BREAKS: Operation = operation("breaks", Method::Get, "/breaks", ALL);
pub(crate) static LIBRARY: Operation = operation("library", Method::Get, "/library", ALL);
pub(crate) static RULE: Operation = operation("rule", Method::Post, "/rule", ALL);
pub(crate) static OPEN: Operation = operation("open", Method::Get, "/open", &[Who::Nobody]);
pub(crate) static OWNERS: Operation = operation("owners", Method::Get, "/owners", &[Who::Owner]);
pub(crate) static OPERATORS: Operation =
    operation("operators", Method::Post, "/operators", &[Who::Operator]);
pub(crate) static SERVICES: Operation = operation(
    "services",
    Method::Post,
    "/services",
    &[Who::Operator, Who::Service(Scope::Payments)],
);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Echo {
    amount: MoneyText,
    currency: Option<CurrencyText>,
    #[schema(value_type = Option<String>)]
    wallet_id: Option<WalletId>,
    #[schema(value_type = Option<String>)]
    reference: Option<Words<64>>,
    months: Option<u32>,
    mode: Option<Mode>,
    parts: Option<Vec<EchoPart>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Automatic,
    Manual,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EchoPart {
    share: MoneyText,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Echoed {
    amount: String,
    currency: String,
    hash: String,
    key: Option<String>,
    correlation: String,
    traceparent: Option<String>,
}

/// Says what was understood.
#[utoipa::path(post, path = "/echo", tag = "notes", request_body = Echo,
    responses((status = 201, body = Echoed)))]
async fn echo(
    State(app): State<App>,
    request: Request,
    body: Body<Echo>,
) -> Result<Response, Problem> {
    let Echo { amount, currency, wallet_id, reference, months, mode, parts } = &body.value;
    let currency = match currency {
        Some(text) => text.parse("currency")?,
        None => app.settings.default_currency,
    };
    let amount = amount.parse("amount", currency)?;
    for part in parts.iter().flatten() {
        part.share.parse("parts", currency)?;
    }
    let _ = (wallet_id, reference, months, mode);
    let echoed = Echoed {
        amount: amount.to_string(),
        currency: currency.to_string(),
        hash: body.hash.to_string(),
        key: request.key(&["echo"], body.hash).map(|key| key.id::<PaymentId>().to_string()),
        correlation: request.context.correlation.to_string(),
        traceparent: request.context.trace.map(|trace| trace.to_string()),
    };
    Ok(answer::created("/v1/echo", &echoed))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capture {
    amount: Option<MoneyText>,
}

/// Takes an amount that may be left out, with all of the body.
#[utoipa::path(post, path = "/capture/{id}", tag = "notes", request_body = Capture,
    params(("id" = String, Path)), responses((status = 200)))]
async fn capture(
    _: Request,
    Id(id): Id<PaymentId>,
    body: Body<Capture>,
) -> Result<Response, Problem> {
    let amount = body.value.amount.map(|text| text.parse("amount", Currency::USD)).transpose()?;
    let amount = amount.map(|amount| amount.to_string());
    Ok(answer::ok(
        &json!({ "id": id.to_string(), "amount": amount, "hash": body.hash.to_string() }),
    ))
}

/// A part of a path that is no id.
#[utoipa::path(post, path = "/part/{id}", tag = "notes", params(("id" = String, Path)),
    responses((status = 200)))]
async fn part_of(Part(part): Part) -> Response {
    answer::ok(&json!({ "part": part }))
}

/// Two ids.
#[utoipa::path(get, path = "/pair/{a}/{b}", tag = "notes",
    params(("a" = String, Path), ("b" = String, Path)), responses((status = 200)))]
async fn get_pair(Ids(a, b): Ids<PaymentId, WalletId>) -> Response {
    answer::ok(&json!({ "a": a.to_string(), "b": b.to_string() }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteShown {
    note_id: String,
    done: u32,
}

fn shown(note: &Note) -> NoteShown {
    NoteShown { note_id: note.note_id.to_string(), done: note.done }
}

/// A single resource.
#[utoipa::path(get, path = "/note/{id}", tag = "notes", params(("id" = String, Path)),
    responses((status = 200, body = NoteShown)))]
async fn get_note(
    State(app): State<App>,
    request: Request,
    Id(id): Id<PaymentId>,
) -> Result<Response, Problem> {
    let note = app.store.get::<Note>(id).await?.ok_or_else(|| Problem::not_found("note"))?;
    Ok(answer::with_etag(&request, &shown(&note)))
}

/// A saga that ends when the note is done.
#[utoipa::path(post, path = "/start/{id}", tag = "notes", params(("id" = String, Path)),
    responses((status = 202, body = NoteShown), (status = 200, body = NoteShown)))]
async fn start(
    State(app): State<App>,
    request: Request,
    Id(id): Id<PaymentId>,
) -> Result<Response, Problem> {
    let note = app.store.get::<Note>(id).await?.ok_or_else(|| Problem::not_found("note"))?;
    let wait = request.wait(&app.settings);
    let (note, in_time) =
        wait_until(&app.store, id, note, wait, |note: &Note| note.done == 1).await?;
    Ok(answer::saga(in_time, &format!("/v1/note/{id}"), &shown(&note)))
}

/// Notes of one wallet, newest first.
#[utoipa::path(get, path = "/of-wallet/{id}", tag = "notes", params(("id" = String, Path)),
    responses((status = 200, body = Page<NoteShown>)))]
async fn of_wallet(
    State(app): State<App>,
    Id(id): Id<WalletId>,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    let query = query("by_wallet", kernel::Id::any(id).into(), Order::NewestFirst);
    let page = list.page::<Note>(&app.store, query).await?;
    Ok(answer::ok(&page.map(|note| shown(&note))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NoteFilter {
    done: Option<u32>,
}

/// Notes of everybody, oldest first.
#[utoipa::path(get, path = "/notes", tag = "notes", params(NoteFilter),
    responses((status = 200, body = Page<NoteShown>)))]
async fn all_notes(State(app): State<App>, list: List<NoteFilter>) -> Result<Response, Problem> {
    let queries = Shard::all()
        .map(|shard| query("all", shard.to_value().into_owned(), Order::OldestFirst))
        .collect();
    let keep = |note: &Note| list.filter.done.is_none_or(|done| note.done == done);
    let page = list.page_where(&app.store, queries, keep).await?;
    Ok(answer::ok(&page.map(|note| shown(&note))))
}

fn query(index: &'static str, partition: kernel::Value<'static>, order: Order) -> Query {
    Query {
        kind: Note::KIND,
        index: Some(index),
        partition,
        from: None,
        to: None,
        after: None,
        order,
        limit: 0,
    }
}

/// The numbers from 1 to 50.
#[utoipa::path(get, path = "/numbers", tag = "notes",
    responses((status = 200, body = Page<u64>)))]
async fn numbers(list: List<NoFilter>) -> Result<Response, Problem> {
    let after = list.after_number()?.unwrap_or_default();
    let found = (1..=50_u64).filter(|number| *number > after).take(list.limit + 1).collect();
    Ok(answer::ok(&list.page_by_number(found, |number| *number)))
}

/// The names from a to e.
#[utoipa::path(get, path = "/names", tag = "notes",
    responses((status = 200, body = Page<String>)))]
async fn names(list: List<NoFilter>) -> Result<Response, Problem> {
    let after = list.after_name()?.unwrap_or_default();
    let found = ["a", "b", "c", "d", "e"].into_iter().filter(|name| *name > after);
    let found = found.take(list.limit + 1).collect();
    Ok(answer::ok(&list.page_by_name(found, |name: &&str| (*name).to_owned())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AtFilter {
    #[param(value_type = Option<String>)]
    at: Option<Time>,
    kind: Option<Mode>,
    months: Option<u8>,
}

/// A query string of a single resource.
#[utoipa::path(get, path = "/at", tag = "notes", params(AtFilter), responses((status = 200)))]
async fn at(Filter(filter): Filter<AtFilter>) -> Response {
    let AtFilter { at, kind, months } = filter;
    answer::ok(&json!({ "at": at, "kind": kind.map(|kind| format!("{kind:?}")), "months": months }))
}

/// A bug.
#[utoipa::path(get, path = "/breaks", tag = "notes", responses((status = 200)))]
async fn breaks() -> Response {
    panic!("the secret of the house")
}

/// A library that answers with its own words.
#[utoipa::path(get, path = "/library", tag = "notes", responses((status = 200)))]
async fn library() -> (StatusCode, &'static str) {
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "some library's own words")
}

/// A rule that says no.
#[utoipa::path(post, path = "/rule", tag = "notes", responses((status = 200)))]
async fn rule() -> Problem {
    Problem::rule(ProblemKind::InsufficientFunds, "Only 60.00 USD is available; move less.")
        .with("available", "60.00")
}

/// Anybody.
#[utoipa::path(get, path = "/open", tag = "notes", responses((status = 200)))]
async fn open(request: Option<Request>) -> Response {
    answer::ok(&json!({ "sub": request.map(|request| request.caller.sub) }))
}

macro_rules! whoever {
    ($($name:ident $method:ident $path:literal;)*) => {$(
        /// Whom it is for.
        #[utoipa::path($method, path = $path, tag = "notes", responses((status = 200)))]
        async fn $name(request: Request) -> Response {
            answer::ok(&json!({ "sub": request.caller.sub }))
        }
    )*};
}

whoever! {
    owners get "/owners";
    operators post "/operators";
    services post "/services";
}

pub(crate) fn all_routes() -> Routes {
    let bodies = Routes::new()
        .add(&ECHO, routes!(echo))
        .add(&CAPTURE, routes!(capture))
        .add(&PART_OF, routes!(part_of))
        .add(&GET_PAIR, routes!(get_pair))
        .add(&GET_NOTE, routes!(get_note))
        .add(&START, routes!(start));
    let lists = Routes::new()
        .add(&OF_WALLET, routes!(of_wallet).with_query())
        .add(&ALL_NOTES, routes!(all_notes).with_query())
        .add(&NUMBERS, routes!(numbers).with_query())
        .add(&NAMES, routes!(names).with_query())
        .add(&AT, routes!(at).with_query());
    let others = Routes::new()
        .add(&BREAKS, routes!(breaks))
        .add(&LIBRARY, routes!(library))
        .add(&RULE, routes!(rule))
        .add(&OPEN, routes!(open))
        .add(&OWNERS, routes!(owners))
        .add(&OPERATORS, routes!(operators))
        .add(&SERVICES, routes!(services));
    bodies.merge(lists).merge(others)
}
