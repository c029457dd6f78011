//! `GET /payment/{transaction_id}/timeline`: who said what, and who heard it. How events travel is
//! not known here.

use std::collections::{HashMap, HashSet};

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Deployment, Id, Problem, Request, answer};
use kernel::operators::{EventQuery, LoggedEvent};
use kernel::{EventId, PaymentId, StoreError};

use super::visible;
use crate::bodies::{DeliveryShown, Timeline, TimelineItem};

/// How many events are read at once.
const EVENTS_AT_ONCE: usize = 500;

/// Every event of a payment's saga, in order, with who said it and who heard it.
///
/// An event that was said again stands where it was said first. On AWS nobody counts deliveries, and
/// the lists of them are empty.
#[utoipa::path(get, path = "/payment/{transaction_id}/timeline", tag = "payment",
    params(("transaction_id" = String, Path, description = "The payment.")),
    responses((status = 200, body = Timeline, description = "All that was said so far.")))]
pub(super) async fn get_payment_timeline(
    State(app): State<App>,
    request: Request,
    Id(payment_id): Id<PaymentId>,
) -> Result<Response, Problem> {
    visible(&app, &request, payment_id).await?;
    let said = said_of(&app, payment_id).await?;
    let mut deliveries = deliveries_of(&app, &said).await?;
    let mut known = HashSet::new();
    let events = said.into_iter().map(|said| said.envelope);
    let items = events.filter(|event| known.insert(event.id)).map(|event| TimelineItem {
        said_by: event.kind().source(),
        deliveries: deliveries.remove(&event.id).unwrap_or_default(),
        event,
    });
    Ok(answer::ok(&Timeline { items: items.collect() }))
}

async fn said_of(app: &Deployment, payment_id: PaymentId) -> Result<Vec<LoggedEvent>, StoreError> {
    let subject = Some(kernel::Id::any(payment_id));
    let mut query = EventQuery { subject, limit: EVENTS_AT_ONCE, ..EventQuery::default() };
    let mut events = Vec::new();
    loop {
        let found = app.events.events(query.clone()).await?;
        let is_last = found.len() < EVENTS_AT_ONCE;
        query.after = found.last().map(|event| event.position);
        events.extend(found);
        if is_last {
            return Ok(events);
        }
    }
}

async fn deliveries_of(
    app: &Deployment,
    events: &[LoggedEvent],
) -> Result<HashMap<EventId, Vec<DeliveryShown>>, StoreError> {
    let mut by_event: HashMap<EventId, Vec<DeliveryShown>> = HashMap::new();
    for some in events.chunks(EVENTS_AT_ONCE) {
        let positions = some.iter().map(|event| event.position).collect();
        for delivery in app.events.deliveries(positions).await? {
            by_event.entry(delivery.event).or_default().push(DeliveryShown::from(&delivery));
        }
    }
    Ok(by_event)
}
