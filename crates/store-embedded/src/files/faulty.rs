//! A folder in memory that is as bad as a disk may be: it forgets what was not synced, in part too,
//! it fails when told to, and it is repeatable by its seed. For tests.

mod disk;
mod random;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use self::disk::Disk;
use super::{Access, File, Files};

/// What goes wrong from now on, each of a thousand times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Only a part of what was given is written, and said so.
    pub short_writes: u16,
    /// A write fails after it has written a part or all.
    pub failed_writes: u16,
    /// A sync fails. What was not durable is durable in part, or not; the next sync does not try
    /// again what this one has lost, and may come back well. Half of the times programs see from then
    /// on what the disk has.
    pub failed_syncs: u16,
    /// A sync comes back well without having done anything. No disk may do that: with this, tests
    /// of what is durable must fail.
    pub swallowed_syncs: u16,
}

/// How often what went wrong, restarts or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    /// Writes that failed.
    pub writes: u64,
    /// Syncs that failed, of files and of the folder.
    pub syncs: u64,
}

/// The folder. Clones are the same one.
#[derive(Clone)]
pub struct FaultyFiles {
    machine: Arc<Machine>,
}

struct Machine {
    disk: Mutex<Disk>,
    unlocked: Condvar,
}

impl FaultyFiles {
    /// An empty folder. The same seed and the same calls give the same faults.
    pub fn new(seed: u64) -> Self {
        Self::with(Disk::new(seed))
    }

    fn with(disk: Disk) -> Self {
        Self { machine: Arc::new(Machine { disk: Mutex::new(disk), unlocked: Condvar::new() }) }
    }

    /// Lets things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.machine.disk.lock().faults = faults;
    }

    /// Lets the next so many syncs fail.
    pub fn fail_syncs(&self, count: u32) {
        self.machine.disk.lock().failing_syncs = count;
    }

    /// Lets the next so many writes fail.
    pub fn fail_writes(&self, count: u32) {
        self.machine.disk.lock().failing_writes = count;
    }

    /// How many bytes all files may have together; none: as many as they like.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.machine.disk.lock().room = bytes;
    }

    /// Lets the machine stop after so many more operations: from then on everything fails, until
    /// [`restart`](Self::restart).
    pub fn stop_after(&self, operations: u64) {
        self.machine.disk.lock().operations_left = Some(operations);
    }

    /// Whether the machine has not stopped yet.
    pub fn is_running(&self) -> bool {
        self.machine.disk.lock().operations_left != Some(0)
    }

    /// After [`stop_after`](Self::stop_after): only the program had stopped, and the machine had
    /// not. Another program sees everything that was written, synced or not.
    pub fn go_on(&self) {
        self.machine.disk.lock().operations_left = None;
    }

    /// Stops the machine, if it has not stopped yet, and gives what is on the disk afterwards: all
    /// that was synced; of what was not, each write whole, in part or not at all. Files opened
    /// before fail from now on.
    #[must_use]
    pub fn restart(&self) -> Self {
        Self::with(self.machine.disk.lock().restart())
    }

    /// How many syncs of files came back well.
    pub fn syncs(&self) -> u64 {
        self.machine.disk.lock().syncs
    }

    /// How many writes there were.
    pub fn writes(&self) -> u64 {
        self.machine.disk.lock().writes
    }

    /// How often what went wrong.
    pub fn failures(&self) -> Failures {
        self.machine.disk.lock().failures
    }

    /// Changes a file past all rules, durably: what rots on a disk, or is cut off.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.machine.disk.lock().tamper(name, change)
    }
}

impl Files for FaultyFiles {
    fn list(&self) -> io::Result<Vec<String>> {
        self.machine.disk.lock().list()
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Arc<dyn File>> {
        let node = self.machine.disk.lock().create(name, length)?;
        Ok(Arc::new(FaultyFile::new(&self.machine, node, Access::Write)))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn File>> {
        let node = self.machine.disk.lock().find(name)?;
        Ok(Arc::new(FaultyFile::new(&self.machine, node, access)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.machine.disk.lock().rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.machine.disk.lock().remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.machine.disk.lock().sync_folder()
    }
}

struct FaultyFile {
    machine: Arc<Machine>,
    node: usize,
    access: Access,
    held: Mutex<Held>,
}

/// The lock that a file has on its node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    No,
    WithOthers,
    Alone,
}

impl FaultyFile {
    fn new(machine: &Arc<Machine>, node: usize, access: Access) -> Self {
        Self { machine: Arc::clone(machine), node, access, held: Mutex::new(Held::No) }
    }

    fn refuse_reader(&self) -> io::Result<()> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

impl File for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        self.machine.disk.lock().length(self.node)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.refuse_reader()?;
        self.machine.disk.lock().set_length(self.node, length)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.machine.disk.lock().read(self.node, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.refuse_reader()?;
        self.machine.disk.lock().write(self.node, bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.machine.disk.lock().sync(self.node)
    }

    fn lock_with_others(&self) -> io::Result<()> {
        let mut disk = self.machine.disk.lock();
        let mut held = self.held.lock();
        if *held == Held::No {
            while !disk.lock_with_others(self.node)? {
                self.machine.unlocked.wait(&mut disk);
            }
            *held = Held::WithOthers;
        }
        Ok(())
    }

    fn try_lock_alone(&self) -> io::Result<bool> {
        let mut disk = self.machine.disk.lock();
        let mut held = self.held.lock();
        if *held == Held::No && disk.try_lock_alone(self.node)? {
            *held = Held::Alone;
        }
        Ok(*held == Held::Alone)
    }

    fn unlock(&self) -> io::Result<()> {
        let mut disk = self.machine.disk.lock();
        match std::mem::replace(&mut *self.held.lock(), Held::No) {
            Held::No => {}
            Held::WithOthers => disk.unlock_with_others(self.node),
            Held::Alone => disk.unlock_alone(self.node),
        }
        self.machine.unlocked.notify_all();
        Ok(())
    }
}

impl Drop for FaultyFile {
    fn drop(&mut self) {
        let _nothing_can_be_wrong = self.unlock();
    }
}
