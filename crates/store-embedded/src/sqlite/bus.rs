//! The tables of the event bus and of the store itself, and the statements that write them. What is
//! read from them stands in `events`.

/// The tables and indexes, in the order in which they are made.
///
/// A subscription stands in `delivery` by its number, for there are two or more rows a payment; the
/// view `deliveries` says its name. A record that is itself what its event is about is not named
/// twice: then `record_id` is absent. The topic is told by the type. `folded` says what a journal in
/// front of this database is held against, see `Standing`.
pub(super) const CREATE: &str = "
CREATE TABLE meta (
  kind TEXT NOT NULL PRIMARY KEY,
  schema_version INTEGER NOT NULL,
  columns TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE folded (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  batch INTEGER NOT NULL,
  lineage BLOB NOT NULL CHECK (length(lineage) = 16),
  journal_in_use INTEGER NOT NULL CHECK (journal_in_use IN (0, 1))
) STRICT;
INSERT INTO folded VALUES (1, 0, randomblob(16), 0);
CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  time INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  causation TEXT,
  correlation TEXT NOT NULL,
  traceparent TEXT,
  detail TEXT,
  record_kind TEXT NOT NULL,
  record_id TEXT,
  record_sequence INTEGER
) STRICT;
CREATE INDEX event_by_subject ON event (subject);
CREATE TABLE subscription (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE cursor (
  subscription INTEGER PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT;
CREATE TABLE delivery (
  position INTEGER NOT NULL,
  subscription INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  at INTEGER NOT NULL,
  took_us INTEGER NOT NULL,
  next_at INTEGER,
  reason TEXT,
  PRIMARY KEY (position, subscription)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_open ON delivery (next_at) WHERE state IN ('WAITING', 'PARKED');
CREATE INDEX delivery_dead ON delivery (position, subscription) WHERE state = 'DEAD';
CREATE VIEW deliveries AS
  SELECT delivery.position, event.event_id, event.type, event.subject,
    coalesce(subscription.name, delivery.subscription) AS subscription,
    delivery.state, delivery.attempts, delivery.at, delivery.took_us, delivery.next_at,
    delivery.reason
  FROM delivery
    LEFT JOIN event ON event.position = delivery.position
    LEFT JOIN subscription ON subscription.number = delivery.subscription;
";

/// Names that no kind of record may have.
pub(super) const NAMES: [&str; 7] =
    ["meta", "folded", "event", "subscription", "cursor", "delivery", "deliveries"];

pub(super) const PUT_EVENT: &str = "INSERT INTO event (position, event_id, type, subject, time, \
    sequence, causation, correlation, traceparent, detail, record_kind, record_id, record_sequence) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

pub(super) const PUT_DELIVERY: &str = "INSERT INTO delivery (position, subscription, state, attempts, \
    at, took_us, next_at, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
    ON CONFLICT DO UPDATE SET state = excluded.state, attempts = excluded.attempts, \
    at = excluded.at, took_us = excluded.took_us, next_at = excluded.next_at, \
    reason = excluded.reason";

pub(super) const PUT_CURSOR: &str = "INSERT INTO cursor (subscription, position) VALUES (?1, ?2) \
    ON CONFLICT DO UPDATE SET position = excluded.position";

pub(super) const PUT_FOLDED: &str = "UPDATE folded SET batch = ?1";

pub(super) const GET_STANDING: &str = "SELECT lineage, batch, journal_in_use FROM folded";

pub(super) const PUT_JOURNAL_IN_USE: &str = "UPDATE folded SET journal_in_use = ?1";

/// A copy is another database from here on, and no journal stands in front of it.
pub(super) const RENEW_LINEAGE: &str =
    "UPDATE folded SET lineage = randomblob(16), journal_in_use = 0";

pub(super) const PUT_SUBSCRIPTION: &str =
    "INSERT INTO subscription (name) VALUES (?1) ON CONFLICT DO NOTHING";

/// A new subscription hears what is said from now on.
pub(super) const START_CURSOR: &str = "INSERT INTO cursor (subscription, position) \
    SELECT ?1, coalesce(max(position), 0) FROM event WHERE true ON CONFLICT DO NOTHING";
