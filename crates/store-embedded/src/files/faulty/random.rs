//! Numbers that look drawn and are repeatable: SplitMix64 of Steele, Lea and Flood. Not for secrets.

/// Draws numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to and including `highest`.
    pub(super) fn up_to(&mut self, highest: usize) -> usize {
        let values = u64::try_from(highest).unwrap_or(u64::MAX).saturating_add(1);
        let drawn = self.draw().checked_rem(values).unwrap_or_default();
        usize::try_from(drawn).unwrap_or(highest)
    }

    /// True so many of a thousand times.
    pub(super) fn happens(&mut self, of_thousand: u16) -> bool {
        of_thousand > 0 && self.up_to(999) < usize::from(of_thousand)
    }
}
