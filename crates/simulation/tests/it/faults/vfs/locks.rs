//! The five states of SQLite's lock on a database's file, as its file-locking page tells them.

use std::ffi::c_int;

use rusqlite::ffi::{
    SQLITE_LOCK_NONE, SQLITE_LOCK_PENDING, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED,
};

/// What all connections to one file hold.
#[derive(Default)]
pub(super) struct Locks {
    shared: usize,
    reserved: bool,
    pending: bool,
    exclusive: bool,
}

impl Locks {
    /// Raises what one of them holds. False while another one is in the way; then it may hold more
    /// than before.
    pub(super) fn raise(&mut self, held: &mut c_int, wanted: c_int) -> bool {
        if wanted <= *held {
            return true;
        }
        match wanted {
            SQLITE_LOCK_SHARED => {
                if self.pending || self.exclusive {
                    return false;
                }
                self.shared += 1;
            }
            SQLITE_LOCK_RESERVED => {
                if self.reserved || self.pending || self.exclusive {
                    return false;
                }
                self.reserved = true;
            }
            _ => {
                if *held < SQLITE_LOCK_PENDING {
                    let is_anothers = self.reserved && *held < SQLITE_LOCK_RESERVED;
                    if is_anothers || self.pending || self.exclusive {
                        return false;
                    }
                    self.pending = true;
                    *held = SQLITE_LOCK_PENDING;
                }
                if self.shared > 1 {
                    return false;
                }
                self.exclusive = true;
            }
        }
        *held = wanted;
        true
    }

    /// Lowers what one of them holds.
    pub(super) fn lower(&mut self, held: &mut c_int, wanted: c_int) {
        if *held > SQLITE_LOCK_SHARED && wanted <= SQLITE_LOCK_SHARED {
            (self.reserved, self.pending, self.exclusive) = (false, false, false);
            *held = SQLITE_LOCK_SHARED;
        }
        if *held == SQLITE_LOCK_SHARED && wanted == SQLITE_LOCK_NONE {
            self.shared -= 1;
            *held = SQLITE_LOCK_NONE;
        }
    }

    /// Whether somebody is about to write.
    pub(super) fn is_reserved(&self) -> bool {
        self.reserved || self.pending || self.exclusive
    }
}
