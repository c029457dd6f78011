//! What waits to be delivered, in memory: in order unless a mishap is asked for.

use std::collections::{HashSet, VecDeque};

use kernel::manifest::Subscription;
use kernel::{Envelope, EventId};

use super::Mishap;
use crate::dice::Dice;

/// An event on its way to a subscription.
pub(super) type Letter = (&'static Subscription, Envelope);

/// See the file's comment.
pub(super) struct Post {
    mishap: Mishap,
    waiting: VecDeque<Letter>,
    /// They failed once and are tried again when nothing else waits.
    late: Vec<Letter>,
    dead: Vec<Letter>,
    /// What was lost once.
    lost: HashSet<(&'static str, EventId)>,
    tried: u64,
    dice: Dice,
}

impl Post {
    pub(super) fn new(mishap: Mishap) -> Self {
        let seed = if let Mishap::Shuffled(seed) = mishap { seed } else { 0 };
        Self {
            mishap,
            waiting: VecDeque::new(),
            late: Vec::new(),
            dead: Vec::new(),
            lost: HashSet::new(),
            tried: 0,
            dice: Dice::of(seed),
        }
    }

    pub(super) fn take_up(&mut self, letters: impl IntoIterator<Item = Letter>) {
        self.waiting.extend(letters);
    }

    /// The next one to be delivered; none when nothing waits.
    pub(super) fn next(&mut self) -> Option<Letter> {
        while let Some(letter) = self.pick() {
            let number = self.tried;
            self.tried += 1;
            match self.mishap {
                Mishap::Fails(failing) if failing == number => self.late.push(letter),
                Mishap::AllFail => self.late.push(letter),
                Mishap::Dies(dying) if dying == number => self.dead.push(letter),
                Mishap::Loses(losing) if losing == number => {}
                Mishap::AllLost if self.lost.insert((letter.0.name, letter.1.id)) => {}
                Mishap::None
                | Mishap::Fails(_)
                | Mishap::Dies(_)
                | Mishap::Loses(_)
                | Mishap::AllLost
                | Mishap::Shuffled(_) => return Some(letter),
            }
        }
        self.late.pop()
    }

    /// What is dead until it is redriven; nothing is any more.
    pub(super) fn take_dead(&mut self) -> Vec<Letter> {
        std::mem::take(&mut self.dead)
    }

    fn pick(&mut self) -> Option<Letter> {
        if !matches!(self.mishap, Mishap::Shuffled(_)) || self.waiting.is_empty() {
            return self.waiting.pop_front();
        }
        let place = self.dice.below(self.waiting.len());
        if self.dice.once_in(3) {
            self.waiting.get(place).cloned()
        } else {
            self.waiting.remove(place)
        }
    }
}
