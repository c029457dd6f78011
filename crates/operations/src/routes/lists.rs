//! Lists for operators: sagas that are open, and events.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, List, Page, Problem, answer};
use kernel::Stored;
use kernel::operators::EventQuery;

use crate::bodies::{EventFilter, EventShown, SagaFilter, SagaShown, SagaState};
use crate::sagas::{self, OpenSaga};

/// Sagas that have not ended, in the order in which they speak again.
#[utoipa::path(get, path = "/sagas", tag = "operations", params(SagaFilter),
    responses((status = 200, body = Page<SagaShown>)))]
pub(super) async fn list_sagas(
    State(app): State<App>,
    list: List<SagaFilter>,
) -> Result<Response, Problem> {
    let now = app.store.now();
    let only_stuck = list.filter.state == Some(SagaState::Stuck);
    let keep = |stored: &Stored| {
        OpenSaga::of(stored).is_some_and(|open| !only_stuck || open.is_stuck(now))
    };
    let Page { items, next_cursor } = list.page_of(&app.store, sagas::queries(), keep).await?;
    let items = items.iter().filter_map(OpenSaga::of);
    let items = items.map(|open| SagaShown::of(&open, now)).collect();
    Ok(answer::ok(&Page { items, next_cursor }))
}

/// What was said, oldest first. An event that was said again stands there again.
///
/// On AWS `subject` must be given, and each event stands there once.
#[utoipa::path(get, path = "/events", tag = "operations", params(EventFilter),
    responses((status = 200, body = Page<EventShown>)))]
pub(super) async fn list_events(
    State(app): State<App>,
    list: List<EventFilter>,
) -> Result<Response, Problem> {
    let after = list.after_number()?;
    let limit = list.limit.saturating_add(1);
    let query = EventQuery { after, limit, ..list.filter.read()? };
    if query.subject.is_none() && !app.events.keeps_log() {
        return Err(Problem::bad_field("subject", "must name a payment or a loan here"));
    }
    let events = app.events.events(query).await?;
    let page = list.page_by_number(events, |event| event.position);
    Ok(answer::ok(&page.map(|event| EventShown(event.envelope))))
}
