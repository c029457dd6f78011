//! Lists for operators: sagas that are open, events, what operators did.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, List, NoFilter, Page, Problem, answer};
use kernel::audit::Audit;
use kernel::operators::EventQuery;
use kernel::record::Homes;
use kernel::store::{Order, Query};
use kernel::{Record, Stored, Value};

use crate::bodies::{AuditShown, EventFilter, EventShown, SagaFilter, SagaShown, SagaState};
use crate::manifest::{MANIFEST, SERVICES};
use crate::sagas::{self, OpenSaga};

/// The service that signs people in, of which nothing is known here but its lines.
const SIGN_IN: &str = "identity";

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

/// What operators did, newest first.
#[utoipa::path(get, path = "/audit", tag = "operations",
    responses((status = 200, body = Page<AuditShown>)))]
pub(super) async fn list_audit(
    State(app): State<App>,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    let names = SERVICES.into_iter().chain([&MANIFEST]).map(|service| service.name);
    // Of signing in the one program keeps lines; elsewhere others do that.
    let here_alone = app.store.keeps(Homes::Embedded).then_some(SIGN_IN);
    let services = names.chain(here_alone).map(|name| Query {
        kind: Audit::KIND,
        index: Some("by_service"),
        partition: Value::from(name),
        from: None,
        to: None,
        after: None,
        order: Order::NewestFirst,
        limit: 0,
    });
    let page = list.page_where::<Audit>(&app.store, services.collect(), |_| true).await?;
    Ok(answer::ok(&page.map(|audit| AuditShown::from(&*audit))))
}
