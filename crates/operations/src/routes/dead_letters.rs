//! Dead letters: listed, and delivered again to the one subscriber that could not hear them.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, List, NoFilter, Page, Part, Problem, Request, answer};
use kernel::audit::{Act, WasBooked};
use serde::Deserialize;

use crate::bodies::{DeadLetterShown, Redriven};
use crate::manifest::{MANIFEST, REDRIVE_DEAD_LETTER};

/// The longest id of a dead letter that is looked up, in bytes.
const ID_BYTES_MAX: usize = 128;

/// The body of a request that says all it has to say in its path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Messages that could not be delivered, oldest first.
#[utoipa::path(get, path = "/dead-letters", tag = "operations",
    responses((status = 200, body = Page<DeadLetterShown>)))]
pub(super) async fn list_dead_letters(
    State(app): State<App>,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    let after = list.after_name()?.map(str::to_owned);
    let letters = app.events.dead_letters(after, list.limit.saturating_add(1)).await?;
    let page = list.page_by_name(letters, |letter| letter.id.clone());
    Ok(answer::ok(&page.map(DeadLetterShown::from)))
}

/// Delivers a dead letter again, to its one subscriber.
///
/// If that fails once more, it is a dead letter again.
#[utoipa::path(post, path = "/dead-letters/{dead_letter_id}/redrive", tag = "operations",
    params(("dead_letter_id" = String, Path)), responses((status = 200, body = Redriven)))]
pub(super) async fn redrive_dead_letter(
    State(app): State<App>,
    Part(id): Part,
    request: Request,
    body: Body<Nothing>,
) -> Result<Response, Problem> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_graphic());
    if id.is_empty() || id.len() > ID_BYTES_MAX || !is_plain {
        return Err(Problem::not_found("dead letter"));
    }
    // A key names a line of the audit trail, which shows that its request was done.
    let key = request.key(&[REDRIVE_DEAD_LETTER.name, &id], body.hash);
    let act = Act::of(&request.caller, MANIFEST.name, REDRIVE_DEAD_LETTER.name, &id);
    let act = act.keyed(key);
    let was_booked = || app.store.decide(WasBooked(act.clone()), request.context);
    if !was_booked().await? {
        let done = app.events.redrive(id.clone(), act.clone(), request.context).await?;
        // Of two at once with one key, the other may have done it meanwhile.
        if !done && !was_booked().await? {
            return Err(Problem::not_found("dead letter"));
        }
    }
    Ok(answer::ok(&Redriven { dead_letter_id: id, state: "WAITING" }))
}
