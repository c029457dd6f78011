//! Moments, in microseconds of UTC, and the two ports from which they and new ids come. No calendar
//! arithmetic beyond what every service needs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: microseconds since 1970 in UTC. Written in RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

/// The text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a time of RFC 3339 such as \"2026-01-31T09:30:00Z\"")]
pub struct BadTime;

impl Time {
    /// The first moment that can be written down.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The last: two days before the end of the year 9999, as far as the calendar library goes.
    pub const MAX: Self = Self(253_402_207_199_999_999);

    /// From microseconds since 1970; beyond `MIN` and `MAX` the nearest end is taken.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// In microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Later by `duration`; `MAX` at most.
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Earlier by `duration`; `MIN` at least.
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// How long after `earlier` this is; nothing if it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or_default()
    }
}

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        // The calendar library reads more than RFC 3339: a blank for the T, names of zones.
        let date_and_time = text.as_bytes().get(10).is_some_and(|byte| *byte == b'T');
        if !date_and_time || text.contains('[') {
            return Err(BadTime);
        }
        let timestamp: Timestamp = text.parse().map_err(|_| BadTime)?;
        let time = Self(timestamp.as_microsecond());
        if time < Self::MIN || time > Self::MAX { Err(BadTime) } else { Ok(time) }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.6}", self.timestamp())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Where the time comes from. A simulation gives its own.
pub trait Clock: Send + Sync + 'static {
    /// This moment.
    fn now(&self) -> Time;
}

/// Where new ids come from. A simulation gives its own.
pub trait Ids: Send + Sync + 'static {
    /// A UUID that was never drawn before (version 7 outside simulations).
    fn draw(&self) -> u128;
}

/// The machine's clock, and UUIDs of version 7.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "this is the port's one real source")]
    fn now(&self) -> Time {
        Time(Timestamp::now().as_microsecond())
    }
}

impl Ids for System {
    #[allow(clippy::disallowed_methods, reason = "this is the port's one real source")]
    fn draw(&self) -> u128 {
        uuid::Uuid::now_v7().as_u128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_microseconds() {
        let time: Time = "2026-01-31T10:30:00.25+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-31T09:30:00.250000Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!(time.plus(Duration::from_secs(60)).since(time), Duration::from_secs(60));
        assert_eq!(time.since(time.plus(Duration::from_secs(60))), Duration::ZERO);
        for wrong in [
            "",
            "yesterday",
            "2026-01-31",
            "2026-13-01T00:00:00Z",
            "1700000000",
            "2026-01-31 09:30:00Z",
            "2026-01-31T09:30:00Z[UTC]",
        ] {
            assert_eq!(wrong.parse::<Time>(), Err(BadTime), "{wrong}");
        }
    }

    #[test]
    fn the_ends_are_written_and_read() {
        for end in [Time::MIN, Time::MAX] {
            assert_eq!(end.to_string().parse(), Ok(end));
        }
    }
}
