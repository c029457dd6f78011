//! A folder in which something happens at a chosen moment of somebody's reading or writing: what
//! others do meanwhile, made repeatable.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::files::faulty::FaultyFiles;
use crate::files::{Access, File, Files};

type Act = Box<dyn FnOnce() + Send>;

/// When it happens, once.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the file of that name is opened.
    Open(&'static str),
    /// When so many bytes of a file were read, and before the rest is.
    Read(u64),
    /// Before a file is synced that has these bytes at that place.
    Sync(u64, &'static [u8]),
}

#[derive(Clone)]
pub(super) struct Meddled {
    files: FaultyFiles,
    act: Arc<Mutex<Option<(Moment, Act)>>>,
}

impl Meddled {
    pub(super) fn new(
        files: &FaultyFiles,
        moment: Moment,
        act: impl FnOnce() + Send + 'static,
    ) -> Self {
        Self { files: files.clone(), act: Arc::new(Mutex::new(Some((moment, Box::new(act))))) }
    }

    pub(super) fn has_happened(&self) -> bool {
        self.act.lock().is_none()
    }

    fn come(&self, is_now: impl FnOnce(&Moment) -> bool) {
        let act = self.act.lock().take_if(|(moment, _)| is_now(moment));
        if let Some((_, act)) = act {
            act();
        }
    }
}

impl Files for Meddled {
    fn list(&self) -> io::Result<Vec<String>> {
        self.files.list()
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Arc<dyn File>> {
        let file = self.files.create(name, length)?;
        Ok(Arc::new(MeddledFile { file, meddled: self.clone() }))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn File>> {
        self.come(|moment| matches!(moment, Moment::Open(at) if *at == name));
        let file = self.files.open(name, access)?;
        Ok(Arc::new(MeddledFile { file, meddled: self.clone() }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.files.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.files.sync_folder()
    }
}

struct MeddledFile {
    file: Arc<dyn File>,
    meddled: Meddled,
}

impl File for MeddledFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.meddled.come(|moment| *moment == Moment::Read(offset));
        let end = offset + u64::try_from(buffer.len()).unwrap();
        let short = match &*self.meddled.act.lock() {
            Some((Moment::Read(at), _)) if offset < *at && *at < end => *at - offset,
            _ => end - offset,
        };
        self.file.read_at(&mut buffer[..usize::try_from(short).unwrap()], offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        let has = |at: u64, bytes: &[u8]| {
            let mut there = vec![0; bytes.len()];
            self.file.read_at(&mut there, at).is_ok() && there == bytes
        };
        let is_now = |moment: &Moment| matches!(moment, Moment::Sync(at, bytes) if has(*at, bytes));
        self.meddled.come(is_now);
        self.file.sync()
    }

    fn lock_with_others(&self) -> io::Result<()> {
        self.file.lock_with_others()
    }

    fn try_lock_alone(&self) -> io::Result<bool> {
        self.file.try_lock_alone()
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
}
