//! The envelope: CloudEvents 1.0 in JSON. Built from a record and what it keeps of the event; read
//! back with older schema versions brought up to date.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{EventData, EventKind, Said};
use crate::context::{Context, CorrelationId, TraceParent};
use crate::id::EventId;
use crate::record::AnyRecord;
use crate::time::Time;

/// Where the schemas of the events stand; `PAYMENT_REQUESTED/1.json` follows.
pub const DATASCHEMA_BASE: &str = "https://fintech.example/events";

/// An event as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The event's id: the same each time it is said again.
    pub id: EventId,
    /// The version of the record that said it first.
    pub sequence: u64,
    /// When it was said first.
    pub time: Time,
    /// Shared by the whole saga.
    pub correlation: CorrelationId,
    /// The event that caused it; none for a request.
    pub causation: Option<EventId>,
    /// The trace it belongs to.
    pub trace: Option<TraceParent>,
    /// What happened, and its type.
    pub data: EventData,
}

/// The message is no event that this program can hear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// The record does not say such events, or lacks the datum for it.
    #[error("a {kind} of this kind says no {event}")]
    NotSaid {
        /// The kind of record.
        kind: &'static str,
        /// The type of the event.
        event: &'static str,
    },
    /// No such type.
    #[error("the event type `{0}` is unknown here")]
    UnknownType(String),
    /// A version from the future.
    #[error("{event} has schema version {found}; this program knows up to {known}: update it")]
    NewerVersion {
        /// The type of the event.
        event: &'static str,
        /// What was sent.
        found: u16,
        /// What this program knows.
        known: u16,
    },
    /// The JSON does not fit.
    #[error("the event is malformed: {0}")]
    Malformed(String),
}

/// Brings the data of an older schema version up to the next one: the type, the version that it
/// comes from, and how. Element by element until the current version is reached.
type Upgrade = (EventKind, u16, fn(&mut serde_json::Value));

/// None yet: every event is in its first version.
const UPGRADES: &[Upgrade] = &[];

impl Envelope {
    /// Builds the envelope from the record that says it.
    ///
    /// # Errors
    /// `NotSaid` when the record's rules know no such event.
    pub fn build(record: &dyn AnyRecord, said: &Said) -> Result<Self, BadEvent> {
        let not_said = BadEvent::NotSaid { kind: record.kind().name, event: said.kind.name() };
        let data = record.event_data(said).ok_or(not_said)?;
        assert_eq!(data.kind(), said.kind, "a record built another event than it says");
        Ok(Self {
            id: said.id,
            sequence: said.sequence,
            time: said.at,
            correlation: said.correlation,
            causation: said.causation,
            trace: said.trace,
            data,
        })
    }

    /// Its type.
    pub fn kind(&self) -> EventKind {
        self.data.kind()
    }

    /// What a decision that it causes is made in answer to.
    pub fn context(&self) -> Context {
        Context {
            correlation: self.correlation,
            causation: Some(self.id),
            trace: self.trace,
            from: None,
            not_before: self.time,
        }
    }

    /// Where the schema of its data stands.
    pub fn dataschema(&self) -> String {
        let kind = self.kind();
        format!("{DATASCHEMA_BASE}/{}/{}.json", kind.name(), kind.schema_version())
    }

    /// Reads an event, bringing an older version up to date.
    ///
    /// # Errors
    /// An unknown type, a newer version, or JSON that does not fit.
    pub fn read(json: &str) -> Result<Self, BadEvent> {
        Self::read_with(json, UPGRADES)
    }

    fn read_with(json: &str, upgrades: &[Upgrade]) -> Result<Self, BadEvent> {
        let malformed = |error: serde_json::Error| BadEvent::Malformed(error.to_string());
        let wire: Wire = serde_json::from_str(json).map_err(malformed)?;
        let kind = EventKind::from_name(&wire.r#type).ok_or(BadEvent::UnknownType(wire.r#type))?;
        let version: u16 = wire
            .dataschema
            .rsplit_once('/')
            .and_then(|(_, file)| file.strip_suffix(".json")?.parse().ok())
            .ok_or_else(|| BadEvent::Malformed("`dataschema` names no version".to_owned()))?;
        if version > kind.schema_version() {
            return Err(BadEvent::NewerVersion {
                event: kind.name(),
                found: version,
                known: kind.schema_version(),
            });
        }
        let mut data = wire.data;
        for (_, _, upgrade) in
            upgrades.iter().filter(|(of, from, _)| *of == kind && *from >= version)
        {
            upgrade(&mut data);
        }
        let correlation = wire
            .correlationid
            .parse()
            .map_err(|()| BadEvent::Malformed("`correlationid` is no UUID".to_owned()))?;
        Ok(Self {
            id: wire.id,
            sequence: wire.sequence,
            time: wire.time,
            correlation,
            causation: wire.causationid,
            trace: wire.traceparent.and_then(|trace| trace.parse().ok()),
            data: EventData::from_json(kind, data).map_err(malformed)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    specversion: String,
    id: EventId,
    r#type: String,
    source: String,
    subject: String,
    sequence: u64,
    time: Time,
    dataschema: String,
    correlationid: String,
    causationid: Option<EventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    data: serde_json::Value,
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.kind();
        Wire {
            specversion: "1.0".to_owned(),
            id: self.id,
            r#type: kind.name().to_owned(),
            source: kind.source().to_owned(),
            subject: self.data.subject().to_string(),
            sequence: self.sequence,
            time: self.time,
            dataschema: self.dataschema(),
            correlationid: self.correlation.to_string(),
            causationid: self.causation,
            traceparent: self.trace.map(|trace| trace.to_string()),
            data: self.data.to_json().map_err(serde::ser::Error::custom)?,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        Self::read(&json.to_string()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{LoanRejected, PaymentVoided, VoidReason};
    use super::*;
    use crate::id::{HoldId, Id, LoanId, PaymentId, WalletId};
    use crate::text::Reason;

    fn sample() -> Envelope {
        Envelope {
            id: EventId::from_uuid(1),
            sequence: 2,
            time: Time::from_micros(0),
            correlation: CorrelationId(3),
            causation: Some(EventId::from_uuid(4)),
            trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().ok(),
            data: PaymentVoided {
                transaction_id: PaymentId::from_uuid(5),
                wallet_id: WalletId::from_uuid(6),
                hold_id: HoldId::from_uuid(7),
                reason: VoidReason::Expired,
            }
            .into(),
        }
    }

    #[test]
    fn an_event_is_written_and_read() {
        let written = serde_json::to_string(&sample()).unwrap();
        assert_eq!(Envelope::read(&written), Ok(sample()));
        let json: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(json["specversion"], "1.0");
        assert_eq!(json["subject"], json["data"]["transaction_id"]);
        assert_eq!(json["dataschema"], "https://fintech.example/events/PAYMENT_VOIDED/1.json");
    }

    #[test]
    fn what_cannot_be_heard_says_why() {
        let change = |field: &str, value: serde_json::Value| {
            let mut json = serde_json::to_value(sample()).unwrap();
            json[field] = value;
            Envelope::read(&json.to_string()).unwrap_err().to_string()
        };
        assert_eq!(
            change("type", json!("PAYMENT_LOST")),
            "the event type `PAYMENT_LOST` is unknown here"
        );
        assert!(
            change("dataschema", json!("x/PAYMENT_VOIDED/2.json")).contains("schema version 2")
        );
        assert!(change("data", json!({})).contains("missing field"));
        assert!(change("correlationid", json!("?")).contains("correlationid"));
    }

    #[test]
    fn an_older_version_is_brought_up_to_date() {
        let mut json = serde_json::to_value(sample()).unwrap();
        json["type"] = json!("LOAN_REJECTED");
        json["dataschema"] = json!("x/LOAN_REJECTED/0.json");
        let loan_id = LoanId::from_uuid(8);
        json["data"] =
            json!({ "loan_id": loan_id, "wallet_id": WalletId::from_uuid(6), "why": "too much" });
        let upgrades: &[Upgrade] = &[(EventKind::LoanRejected, 0, |data| {
            let why = data["why"].take();
            data["reason"] = why;
        })];
        let expected = LoanRejected {
            loan_id,
            wallet_id: WalletId::from_uuid(6),
            reason: Some(Reason::new("too much").unwrap()),
        };
        assert_eq!(Envelope::read_with(&json.to_string(), upgrades).unwrap().data, expected.into());
    }
}
