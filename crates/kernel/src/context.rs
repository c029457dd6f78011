//! What a decision is made in answer to: the request or event, and the trace it belongs to.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

use crate::id::EventId;
use crate::time::{Ids, Time};

/// What all requests and events of one saga share. Written as a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CorrelationId(pub u128);

impl fmt::Display for CorrelationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&uuid::Uuid::from_u128(self.0), out)
    }
}

impl FromStr for CorrelationId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        uuid::Uuid::try_parse(text).map(|uuid| Self(uuid.as_u128())).map_err(|_| ())
    }
}

/// The header `traceparent`, version 00 of W3C Trace Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace, not zero.
    pub trace: u128,
    /// The caller's span, not zero.
    pub span: u64,
    /// Bit 0: sampled.
    pub flags: u8,
}

impl fmt::Display for TraceParent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = ();

    /// Later versions are read as far as version 00 goes, as the recommendation asks; anything
    /// malformed is as if it were not there.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let mut hex = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits).ok_or(())?;
            let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            if !part.bytes().all(lower) {
                return Err(());
            }
            u128::from_str_radix(part, 16).map_err(|_| ())
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        if version == 0xff || (version == 0 && parts.next().is_some()) || trace == 0 || span == 0 {
            return Err(());
        }
        let span = u64::try_from(span).map_err(|_| ())?;
        Ok(Self { trace, span, flags: u8::try_from(flags).map_err(|_| ())? })
    }
}

/// What a decision is made in answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Shared by the whole saga.
    pub correlation: CorrelationId,
    /// The event that caused it; none for a request.
    pub causation: Option<EventId>,
    /// The trace it belongs to.
    pub trace: Option<TraceParent>,
    /// The address that the request came from; none for an event, or where nobody knows.
    pub from: Option<IpAddr>,
    /// When its cause was said; nothing that it books is dated earlier. `Time::MIN` for a request.
    pub not_before: Time,
}

impl Context {
    /// A request from outside.
    pub fn request(correlation: CorrelationId, trace: Option<TraceParent>) -> Self {
        Self { correlation, causation: None, trace, from: None, not_before: Time::MIN }
    }

    /// The program's own doing, which nobody asked for.
    pub fn own(ids: &dyn Ids) -> Self {
        Self::request(CorrelationId(ids.draw()), None)
    }

    /// The same, from that address.
    #[must_use]
    pub fn from_address(self, from: Option<IpAddr>) -> Self {
        Self { from, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_is_read_strictly_and_written_back() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(text.parse::<TraceParent>().unwrap().to_string(), text);
        assert!(
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what"
                .parse::<TraceParent>()
                .is_ok()
        );
        for wrong in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert!(wrong.parse::<TraceParent>().is_err(), "{wrong}");
        }
    }
}
