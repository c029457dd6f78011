//! What is read of the event bus: the log, how far each delivery is, dead letters, and where the
//! dispatcher goes on after a start.

use std::sync::Arc;
use std::time::Duration;

use kernel::operators::{DeadLetter, Delivery, EventQuery, LoggedEvent};
use kernel::record::BadRecord;
use kernel::store::BadRow;
use kernel::{Envelope, EventKind, Time};

use super::bind::Binder;
use super::decode::{self, DELIVERY_COLUMNS, EVENT_COLUMNS};
use super::error::{At, SqliteError};
use super::reader::Reader;
use crate::rows::{CursorRow, DeliveryRow, EventRow};

/// No subscription has a greater number.
const LAST_SUBSCRIPTION: u16 = u16::MAX;

impl Reader {
    /// Events with their envelopes, oldest first.
    ///
    /// # Errors
    /// An event's row, or the record that said it, is damaged; the disk.
    pub fn events(&self, query: &EventQuery) -> Result<Vec<LoggedEvent>, SqliteError> {
        let moment = self.moment()?;
        let events = self.event_rows(query)?;
        let logged = events.iter().map(|event| {
            Ok(LoggedEvent { position: event.position, envelope: self.envelope(event)? })
        });
        let logged = logged.collect();
        drop(moment);
        logged
    }

    /// The rows of events, oldest first.
    ///
    /// # Errors
    /// A row is damaged; the disk.
    pub fn event_rows(&self, query: &EventQuery) -> Result<Vec<EventRow>, SqliteError> {
        let EventQuery { topic, kind, subject, after, limit } = query;
        let heard = |event: &&EventKind| {
            kind.is_none_or(|kind| **event == kind)
                && topic.is_none_or(|topic| event.topic() == topic)
        };
        let mut sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE position > ?1");
        if kind.is_some() || topic.is_some() {
            let names = EventKind::ALL.iter().filter(heard);
            let names: Vec<_> = names.map(|event| format!("'{}'", event.name())).collect();
            sql.push_str(&format!(" AND type IN ({})", names.join(", ")));
        }
        if subject.is_some() {
            sql.push_str(" AND subject = ?3");
        }
        sql.push_str(" ORDER BY position LIMIT ?2");
        let mut statement = self.prepare("event", &sql)?;
        let mut with = Binder::new(&mut statement);
        with.number(after.unwrap_or_default());
        with.integer(i64::try_from(*limit).unwrap_or(i64::MAX));
        if let Some(subject) = subject {
            with.id(*subject);
        }
        self.read_events(with)
    }

    /// The rows of events after a position, in order: what a subscription has not heard yet.
    ///
    /// # Errors
    /// A row is damaged; the disk.
    pub fn events_after(&self, position: u64, limit: usize) -> Result<Vec<EventRow>, SqliteError> {
        self.event_rows(&EventQuery { after: Some(position), limit, ..EventQuery::default() })
    }

    /// The row of the event at a position.
    ///
    /// # Errors
    /// It is damaged; the disk.
    pub fn event_at(&self, position: u64) -> Result<Option<EventRow>, SqliteError> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE position = ?1");
        let mut statement = self.prepare("event", &sql)?;
        let mut with = Binder::new(&mut statement);
        with.number(position);
        Ok(self.read_events(with)?.pop())
    }

    /// The envelope of an event, built with the record that said it.
    ///
    /// # Errors
    /// The record is not there, is damaged, or says no such event; the disk.
    pub fn envelope(&self, event: &EventRow) -> Result<Envelope, SqliteError> {
        let bad = |why: String| BadRow {
            key: format!("event {}", event.position),
            why: BadRecord::Contradiction { kind: "event", why },
        };
        let Some(row) = self.get(event.kind, event.key)? else {
            return Err(bad(format!("there is no {:?} {:?}", event.kind, event.key)).into());
        };
        Envelope::build(&*row.record, &event.said).map_err(|why| bad(why.to_string()).into())
    }

    /// How far the deliveries of the events at these positions are, in that order. What was not tried
    /// yet has no row, and is not among them.
    ///
    /// # Errors
    /// A row is damaged; the disk.
    pub fn deliveries(&self, positions: &[u64]) -> Result<Vec<Delivery>, SqliteError> {
        let names = self.subscriptions()?;
        let mut found = Vec::new();
        for position in positions {
            let Some(event) = self.event_at(*position)? else { continue };
            let sql = format!(
                "SELECT {DELIVERY_COLUMNS} FROM delivery WHERE position = ?1 ORDER BY subscription"
            );
            let mut statement = self.prepare("delivery", &sql)?;
            let mut with = Binder::new(&mut statement);
            with.number(*position);
            let rows = read_deliveries(with)?;
            found.extend(rows.into_iter().map(|row| Delivery {
                event: event.said.id,
                subscription: name_of(&names, row.subscription),
                attempts: row.attempts,
                state: row.state,
                at: Some(row.at),
                took: Some(Duration::from_micros(row.took_us)),
                reason: row.reason.map(String::from),
            }));
        }
        Ok(found)
    }

    /// Dead letters, oldest first, after the one of that id.
    ///
    /// # Errors
    /// A row, or the record that said it, is damaged; the id is of no letter; the disk.
    pub fn dead_letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, SqliteError> {
        let moment = self.moment()?;
        let place = after.map(|id| {
            read_letter_id(id)
                .ok_or_else(|| SqliteError::Refused(format!("`{id}` is no dead letter's id")))
        });
        let (position, subscription) = place.transpose()?.unwrap_or_default();
        let names = self.subscriptions()?;
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS} FROM delivery INDEXED BY delivery_dead \
             WHERE state = 'DEAD' AND (position, subscription) > (?1, ?2) \
             ORDER BY position, subscription LIMIT ?3"
        );
        let mut statement = self.prepare("delivery", &sql)?;
        let mut with = Binder::new(&mut statement);
        with.number(position);
        with.integer(i64::from(subscription));
        with.integer(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut letters = Vec::new();
        for row in read_deliveries(with)? {
            letters.push(DeadLetter {
                id: format!("{}-{}", row.position, row.subscription),
                subscription: name_of(&names, row.subscription),
                attempts: row.attempts,
                reason: row.reason.map(String::from).unwrap_or_default(),
                at: row.at,
                event: Some(self.envelope_at(row.position)?),
                message: None,
            });
        }
        drop(moment);
        Ok(letters)
    }

    /// The delivery that is a dead letter of that id, if there is one.
    ///
    /// # Errors
    /// Its row is damaged; the disk.
    pub fn dead_letter(&self, id: &str) -> Result<Option<DeliveryRow>, SqliteError> {
        let Some((position, subscription)) = read_letter_id(id) else { return Ok(None) };
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS} FROM delivery \
             WHERE position = ?1 AND subscription = ?2 AND state = 'DEAD'"
        );
        let mut statement = self.prepare("delivery", &sql)?;
        let mut with = Binder::new(&mut statement);
        with.number(position);
        with.integer(i64::from(subscription));
        Ok(read_deliveries(with)?.pop())
    }

    /// The deliveries that are dead letters, oldest first.
    ///
    /// # Errors
    /// A row is damaged; the disk.
    pub fn dead(&self) -> Result<Vec<DeliveryRow>, SqliteError> {
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS} FROM delivery INDEXED BY delivery_dead \
             WHERE state = 'DEAD' ORDER BY position, subscription"
        );
        let mut statement = self.prepare("delivery", &sql)?;
        read_deliveries(Binder::new(&mut statement))
    }

    /// Deliveries that are waiting or parked, those that are due first. Those alone that are due
    /// until a moment, if one is given; one that waits is always due.
    ///
    /// # Errors
    /// A row is damaged; the disk.
    pub fn open_deliveries(
        &self,
        due: Option<Time>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, SqliteError> {
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS} FROM delivery INDEXED BY delivery_open \
             WHERE state IN ('WAITING', 'PARKED') AND (next_at IS NULL OR next_at <= ?1) \
             ORDER BY next_at, position, subscription LIMIT ?2"
        );
        let mut statement = self.prepare("delivery", &sql)?;
        let mut with = Binder::new(&mut statement);
        with.time(due.unwrap_or(Time::MAX));
        with.integer(i64::try_from(limit).unwrap_or(i64::MAX));
        read_deliveries(with)
    }

    /// The position of the last event in the log; 0 before the first.
    ///
    /// # Errors
    /// The disk.
    pub fn max_position(&self) -> Result<u64, SqliteError> {
        let mut statement = self.prepare("event", "SELECT max(position) FROM event")?;
        let position: Option<i64> = statement.query_row((), |row| row.get(0)).at("event")?;
        Ok(u64::try_from(position.unwrap_or_default()).unwrap_or_default())
    }

    /// How far every subscription has heard.
    ///
    /// # Errors
    /// The disk.
    pub fn cursors(&self) -> Result<Vec<CursorRow>, SqliteError> {
        let sql = "SELECT subscription, position FROM cursor ORDER BY subscription";
        let mut statement = self.prepare("cursor", sql)?;
        let rows = statement.query_map((), |row| {
            let (subscription, position): (u16, i64) = (row.get(0)?, row.get(1)?);
            Ok(CursorRow { subscription, position: u64::try_from(position).unwrap_or_default() })
        });
        rows.and_then(Iterator::collect).at("cursor")
    }

    /// The numbers and names of all subscriptions that there ever were.
    ///
    /// # Errors
    /// The disk.
    pub fn subscriptions(&self) -> Result<Vec<(u16, Arc<str>)>, SqliteError> {
        let sql = "SELECT number, name FROM subscription ORDER BY number";
        let mut statement = self.prepare("subscription", sql)?;
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
        rows.and_then(Iterator::collect).at("subscription")
    }

    fn envelope_at(&self, position: u64) -> Result<Envelope, SqliteError> {
        let event = self.event_at(position)?.ok_or_else(|| BadRow {
            key: format!("delivery {position}"),
            why: BadRecord::Contradiction {
                kind: "delivery",
                why: "the log has no event at its position".to_owned(),
            },
        })?;
        self.envelope(&event)
    }

    /// A moment to be held, unless one is held already.
    fn moment(&self) -> Result<Option<super::reader::Snapshot<'_>>, SqliteError> {
        self.connection.is_autocommit().then(|| self.snapshot()).transpose()
    }

    fn read_events(&self, with: Binder<'_, '_>) -> Result<Vec<EventRow>, SqliteError> {
        let mut found = Vec::new();
        let mut rows = with.finish().at("event")?.raw_query();
        while let Some(row) = rows.next().at("event")? {
            found.push(decode::event(&self.schema, row)?);
        }
        Ok(found)
    }
}

fn read_deliveries(with: Binder<'_, '_>) -> Result<Vec<DeliveryRow>, SqliteError> {
    let mut found = Vec::new();
    let mut rows = with.finish().at("delivery")?.raw_query();
    while let Some(row) = rows.next().at("delivery")? {
        found.push(decode::delivery(row)?);
    }
    Ok(found)
}

fn name_of(names: &[(u16, Arc<str>)], number: u16) -> Arc<str> {
    let found = names.iter().find(|(of, _)| *of == number);
    found.map_or_else(|| number.to_string().into(), |(_, name)| Arc::clone(name))
}

fn read_letter_id(id: &str) -> Option<(u64, u16)> {
    let (position, subscription) = id.split_once('-')?;
    let (position, subscription) = (position.parse().ok()?, subscription.parse().ok()?);
    (i64::try_from(position).is_ok() && subscription < LAST_SUBSCRIPTION)
        .then_some((position, subscription))
}
