//! What the connections to one database share of a write-ahead log: its index, in pieces, and eight
//! locks. It is gone when the last of them is, as after a crash.

use std::ffi::c_void;
use std::sync::atomic::AtomicU64;

/// As many locks as there are: `SQLITE_SHM_NLOCK`.
const LOCKS: usize = 8;

/// See the file's comment.
#[derive(Default)]
pub(super) struct Memory {
    /// They stay where they are while somebody uses them.
    pieces: Vec<Box<[AtomicU64]>>,
    users: usize,
    locks: [Lock; LOCKS],
}

#[derive(Default, Clone, Copy)]
struct Lock {
    with_others: usize,
    alone: bool,
}

/// What one connection holds.
#[derive(Default)]
pub(super) struct Held {
    is_user: bool,
    with_others: [bool; LOCKS],
    alone: [bool; LOCKS],
}

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    WithOthers,
    Alone,
}

impl Memory {
    /// A piece of that many bytes; none if it is not there and must not be made.
    pub(super) fn piece(
        &mut self,
        held: &mut Held,
        number: usize,
        bytes: usize,
        may_make: bool,
    ) -> Option<*mut c_void> {
        if !held.is_user {
            held.is_user = true;
            self.users += 1;
        }
        while may_make && self.pieces.len() <= number {
            let words = bytes.div_ceil(size_of::<u64>());
            self.pieces.push((0..words).map(|_| AtomicU64::new(0)).collect());
        }
        self.pieces.get(number).map(|piece| piece.as_ptr().cast_mut().cast())
    }

    /// Takes these locks, all or none. False when another connection is in the way.
    pub(super) fn lock(
        &mut self,
        held: &mut Held,
        range: std::ops::Range<usize>,
        mode: Mode,
    ) -> bool {
        let is_free = |place: usize| {
            let lock = self.locks[place];
            match mode {
                Mode::WithOthers => !lock.alone || held.alone[place],
                Mode::Alone => {
                    let others = lock.with_others - usize::from(held.with_others[place]);
                    others == 0 && (!lock.alone || held.alone[place])
                }
            }
        };
        if !range.clone().all(is_free) {
            return false;
        }
        for place in range {
            let (lock, with_others) = (&mut self.locks[place], &mut held.with_others[place]);
            match mode {
                Mode::WithOthers if *with_others => {}
                Mode::WithOthers => {
                    *with_others = true;
                    lock.with_others += 1;
                }
                Mode::Alone => {
                    lock.alone = true;
                    held.alone[place] = true;
                }
            }
        }
        true
    }

    /// Gives these locks back, as far as they are held so.
    pub(super) fn unlock(&mut self, held: &mut Held, range: std::ops::Range<usize>, mode: Mode) {
        for place in range {
            let lock = &mut self.locks[place];
            match mode {
                Mode::WithOthers => {
                    let was = std::mem::replace(&mut held.with_others[place], false);
                    lock.with_others -= usize::from(was);
                }
                Mode::Alone => {
                    let was = std::mem::replace(&mut held.alone[place], false);
                    lock.alone = lock.alone && !was;
                }
            }
        }
    }

    /// One connection is done with it.
    pub(super) fn leave(&mut self, held: &mut Held) {
        self.unlock(held, 0..LOCKS, Mode::WithOthers);
        self.unlock(held, 0..LOCKS, Mode::Alone);
        if std::mem::replace(&mut held.is_user, false) {
            self.users -= 1;
        }
        if self.users == 0 {
            self.pieces.clear();
        }
    }
}
