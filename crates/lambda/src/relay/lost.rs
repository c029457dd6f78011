//! A record that a relay gave up: the letter that names it, and saying it again when an operator asks for
//! that. Whoever looks at the record then finds what it says and what its former versions said, the last
//! 32 events of it, however old it is, and whether anybody waits for its answer or not. Not in here: when
//! a relay gives up.

use kernel::manifest::ServiceManifest;
use kernel::record::Key;
use kernel::{AnyId, DeadLetterId, Envelope, Id, Kind, Store};
use operations::records::{DeadLetter, LetterState};
use operations::said;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Record;
use crate::failure::Failure;
use crate::function::RELAY;
use crate::letters::{plain, words};

/// A record, as the letter of a relay names it; the relay takes the same to say it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lost {
    /// Its id, or that of its chain.
    record: String,
    /// Its place in the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
}

impl Lost {
    /// What an invocation names that is none of a stream.
    pub(crate) fn named(payload: &Value) -> Option<Self> {
        serde_json::from_value(payload.clone()).ok()
    }

    /// The record of an image; none where its key cannot be read.
    fn of_image(service: &ServiceManifest, image: &Map<String, Value>) -> Option<Self> {
        let record = image.get("id")?.get("S")?.as_str()?;
        let kind = kind_of(service, record.parse().ok()?)?;
        let sequence = match kind.sort {
            Some(_) => Some(image.get("sequence")?.get("N")?.as_str()?.parse().ok()?),
            None => None,
        };
        Some(Self { record: record.to_owned(), sequence })
    }

    /// What the letter is about: each time the same, so that a record that is lost twice is one letter.
    pub(crate) fn about(&self) -> String {
        let Self { record, sequence } = self;
        sequence.map_or_else(|| record.clone(), |sequence| format!("{record}/{sequence}"))
    }

    /// The letter's message, which is the relay's payload.
    pub(crate) fn message(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// What the record says, and what it keeps of what its former versions said: it may have gone on
    /// since the relay gave it up.
    ///
    /// # Errors
    /// When it is not there, still cannot be read, or keeps nothing.
    pub(super) async fn events(
        &self,
        store: &Store,
        service: &ServiceManifest,
    ) -> Result<Vec<Envelope>, Failure> {
        let lost = |why: &str| Failure::Unprocessable(format!("{} {why}", self.about()));
        let id: AnyId = self.record.parse().map_err(|_bad| lost("is no id"))?;
        let kind = kind_of(service, id);
        let kind = kind.ok_or_else(|| lost("is no record of this relay's service"))?;
        if kind.sort.is_some() != self.sequence.is_some() {
            return Err(lost("is no whole key of a record"));
        }
        let key = Key { id, sequence: self.sequence };
        let stored = store.port().get(kind, key).await?.ok_or_else(|| lost("is not there"))?;
        let events = said::kept(&stored).map_err(|bad| lost(&bad.to_string()))?;
        if events.is_empty() {
            return Err(lost(
                "says nothing and keeps nothing that it said, so nobody was told anything",
            ));
        }
        Ok(events)
    }
}

fn kind_of(service: &ServiceManifest, id: AnyId) -> Option<&'static Kind> {
    service.kinds.iter().copied().find(|kind| kind.prefixes.contains(&id.prefix))
}

/// The letter of a record that the relay gives up. One whose key cannot be read is named by its place
/// in the stream, and cannot be said again.
pub(super) fn letter(
    store: &Store,
    service: &ServiceManifest,
    record: &Record,
    why: &str,
) -> DeadLetter {
    let function = format!("{RELAY}{}", service.name);
    let place = &record.dynamodb.sequence_number;
    let lost = record.dynamodb.new_image.as_ref();
    let lost = lost.and_then(|image| Lost::of_image(service, image));
    let about = lost.as_ref().map_or_else(|| format!("Record {place}"), Lost::about);
    DeadLetter {
        dead_letter_id: DeadLetterId::named(&["dead_letter", &function, &about]),
        function: words(&function),
        state: LetterState::Waiting,
        attempts: 1,
        reason: plain(&format!("{about} could not be relayed: {why}")),
        died_at: store.now(),
        message: lost.as_ref().map(Lost::message),
        told_by: place.clone(),
    }
}
