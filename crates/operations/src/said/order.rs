//! The order of events that stand in many records: by time, an answer after its question, each at a
//! position that stays while others are added. Which events they are is not known here.

use std::collections::HashMap;

use kernel::operators::LoggedEvent;
use kernel::{Envelope, EventId, Id};

/// So many positions there are in a microsecond: few enough for times up to the year 2112.
const IN_A_MICROSECOND: u64 = 1 << 12;

/// So deep is told apart within a microsecond.
const DEPTH_MAX: usize = 15;

/// In their order, with their positions. A position is made from the event alone: from its time, and
/// within a microsecond from how many others led to it and from its id.
pub(super) fn in_order(events: Vec<Envelope>) -> Vec<LoggedEvent> {
    let causes: HashMap<_, _> = events.iter().map(|event| (event.id, event.causation)).collect();
    let logged =
        |envelope: Envelope| LoggedEvent { position: position(&envelope, &causes), envelope };
    let mut logged: Vec<_> = events.into_iter().map(logged).collect();
    logged.sort_by_key(|event| (event.position, event.envelope.id));
    let mut last = None;
    for event in &mut logged {
        // Of two that would meet, the second goes one further.
        let free = last.map_or(0, |last: u64| last.saturating_add(1));
        event.position = event.position.max(free);
        last = Some(event.position);
    }
    logged
}

fn position(event: &Envelope, causes: &HashMap<EventId, Option<EventId>>) -> u64 {
    let micros = u64::try_from(event.time.micros()).unwrap_or(0);
    let [.., low] = event.id.uuid().to_be_bytes();
    let within = depth(event, causes).saturating_mul(256).saturating_add(u64::from(low));
    micros.saturating_mul(IN_A_MICROSECOND).saturating_add(within)
}

/// How many of these events led to it, up to the most that have a place within a microsecond.
fn depth(event: &Envelope, causes: &HashMap<EventId, Option<EventId>>) -> u64 {
    let before = |cause: Option<EventId>| cause.and_then(|cause| causes.get(&cause)).copied();
    let led = std::iter::successors(before(event.causation), |cause| before(*cause));
    u64::try_from(led.take(DEPTH_MAX).count()).unwrap_or_default()
}
