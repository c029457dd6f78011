//! The moment of a check, for a store that does not stand still while it is read. What was written
//! before it was there when reading began, on all its sides: a decision writes them in one step, dated
//! by its time or later, and an answer is written after what it tells of. So what is settled must find
//! its other side, whenever either of them is read, and what is not yet settled need not: it will be by
//! the next check. What must find what is not said here.

use std::time::Duration;

use kernel::Time;

/// How long a write may be on its way after the moment that it is dated at: the store's patience, a last
/// attempt with its retries, and clocks that differ. What is dated before that is there.
const ON_ITS_WAY_MAX: Duration = Duration::from_secs(60);

/// See the file's comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(Time);

impl Moment {
    /// Of a store that stands still: everything in it is settled.
    pub const STANDS_STILL: Self = Self(Time::MAX);

    /// Of a store that is written meanwhile, if it is `now`.
    pub fn before(now: Time) -> Self {
        Self(now.minus(ON_ITS_WAY_MAX))
    }

    /// Whether the store stands still.
    pub(crate) fn stands_still(self) -> bool {
        self == Self::STANDS_STILL
    }

    /// Whether what is dated so was there, on all its sides, when reading began.
    pub(crate) fn has_settled(self, dated: Time) -> bool {
        self.stands_still() || dated < self.0
    }

    /// Whether that date is yet to come, so that what has it would not settle for as long. A store that
    /// stands still may be ahead of the machine's clock.
    pub(crate) fn is_yet_to_come(self, dated: Time, now: Time) -> bool {
        !self.stands_still() && dated > now.plus(ON_ITS_WAY_MAX)
    }

    /// What is dated from then on has not settled.
    pub(crate) fn time(self) -> Time {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_minute_has_settled() {
        let now = Time::from_micros(1_767_225_600_000_000);
        let moment = Moment::before(now);
        let ago = |seconds| now.minus(Duration::from_secs(seconds));
        assert!(moment.has_settled(ago(61)) && !moment.has_settled(ago(60)));
        let ahead = |seconds| now.plus(Duration::from_secs(seconds));
        assert!(moment.is_yet_to_come(ahead(61), now) && !moment.is_yet_to_come(ahead(60), now));
        assert!(Moment::STANDS_STILL.has_settled(Time::MAX));
        assert!(!Moment::STANDS_STILL.is_yet_to_come(Time::MAX, now));
    }
}
