//! `GET /wallet/{wallet_id}/statement`: the movements of a period between two balances, as JSON or,
//! for a spreadsheet, as CSV. Pages are in `history`.

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use http_api::{App, Filter, Id, Problem, Request, answer};
use kernel::{Time, WalletId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{in_order, visible};
use crate::bodies::{StatementShown, TransactionShown};
use crate::read::{self, NoStatement};

/// Over which period.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Period {
    /// From then on, inclusive; since the wallet was opened if it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Until then, exclusive; until now if it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
}

/// A statement of a wallet.
///
/// What was in it before the period, what moved (oldest first), and what was in it after. At most
/// 10,000 entries. As CSV with `Accept: text/csv`.
#[utoipa::path(get, path = "/wallet/{wallet_id}/statement", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet."), Period),
    responses((status = 200, description = "The statement.", content(
        (StatementShown = "application/json"),
        (String = "text/csv", example = "type,transaction_id,…\nOPENING_BALANCE,…"),
    ))))]
pub(super) async fn get_statement(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    Filter(period): Filter<Period>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    visible(&app, &request, wallet_id).await?;
    let Period { from, to } = period;
    in_order(from, to)?;
    let head = read::head(&app.store, wallet_id).await?;
    let (first, end) = (from.unwrap_or(Time::MIN), to.unwrap_or(Time::MAX));
    let statement = read::statement(&app.store, &head, first, end).await.map_err(no_statement)?;
    let shown = StatementShown::of(wallet_id, &statement, from, to);
    let mut response = if wants_csv(&headers) { as_csv(&shown)? } else { answer::ok(&shown) };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn no_statement(why: NoStatement) -> Problem {
    match why {
        NoStatement::TooLong { .. } => Problem::bad_field("from", why.to_string()),
        NoStatement::Store(error) => error.into(),
    }
}

/// Whether `Accept` would rather have CSV than JSON. Whoever takes anything gets JSON.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = accepted.flat_map(|value| value.split(',')).map(weighed).collect();
    let weight = |of: &[&str]| {
        let named = ranges.iter().filter(|(range, _)| of.contains(range));
        named.map(|(_, weight)| *weight).max().unwrap_or_default()
    };
    let csv = weight(&["text/csv", "text/*"]);
    csv > 0 && csv >= weight(&["application/json", "application/*"])
}

/// A media range and its weight in thousandths.
fn weighed(range: &str) -> (&str, u32) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    (name, weight.map_or(1000, thousandths))
}

/// `0.5` as 500; what is no weight of RFC 9110 counts as nothing.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 {
        return 0;
    }
    format!("{whole}{fraction:0<3}").parse().unwrap_or_default()
}

const HEADING: [&str; 13] = [
    "type",
    "transaction_id",
    "sequence",
    "amount",
    "balance_after",
    "currency",
    "counterparty",
    "related_id",
    "description",
    "reference",
    "effective_at",
    "booked_at",
    "reverses",
];

/// A line for the balance before, one for each movement, one for the balance after.
fn as_csv(shown: &StatementShown) -> Result<Response, Problem> {
    let unwritable = |error: csv::Error| Problem::internal(error.to_string());
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    writer.write_record(HEADING).map_err(unwritable)?;
    let balance = |word, balance: &str, at: Option<Time>| {
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        let currency = shown.currency.code();
        [word, "", "", "", balance, currency, "", "", "", "", &at, "", ""].map(str::to_owned)
    };
    writer
        .write_record(balance("OPENING_BALANCE", &shown.opening_balance, shown.from))
        .map_err(unwritable)?;
    for entry in &shown.entries {
        writer.write_record(line(entry)).map_err(unwritable)?;
    }
    writer
        .write_record(balance("CLOSING_BALANCE", &shown.closing_balance, shown.to))
        .map_err(unwritable)?;
    let body = writer.into_inner().map_err(|error| Problem::internal(error.to_string()))?;
    let name = format!("attachment; filename=\"statement-{}.csv\"", shown.wallet_id);
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A spreadsheet takes a cell that begins so for a formula, and anybody can write a description: then
/// an apostrophe stands before it, as OWASP's page on CSV injection has it.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn line(entry: &TransactionShown) -> [String; 13] {
    let text = |text: Option<&str>| harmless(text.unwrap_or_default());
    [
        entry.r#type.0.text().to_owned(),
        entry.transaction_id.to_string(),
        entry.sequence.to_string(),
        entry.amount.clone(),
        entry.balance_after.clone(),
        entry.currency.to_string(),
        entry.counterparty.clone(),
        text(entry.related_id.as_deref()),
        text(entry.description.as_ref().map(|words| words.as_str())),
        text(entry.reference.as_ref().map(|words| words.as_str())),
        entry.effective_at.to_string(),
        entry.booked_at.to_string(),
        entry.reverses.map(|reversed| reversed.to_string()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in
            [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "'-5"), ("rent", "rent"), ("", "")]
        {
            assert_eq!(harmless(text), cell);
        }
    }
}
