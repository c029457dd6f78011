//! An export as it is loaded: its lines, read one after another, and what a first reading tells of
//! all of them. How a line looks is in `operations`.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};

use kernel::audit::FormerLine;
use kernel::{Kind, Record as _, Stored};
use operations::portable::{self, FORMAT, Header};
use store_embedded::load::Saying;

use crate::end::Failure;
use crate::{folder, output};

/// The file of an export.
pub(super) struct Export {
    path: PathBuf,
    bytes: u64,
}

/// What stands in an export: all of it can be taken.
pub(super) struct Contents {
    /// What each record said last, in their order.
    pub(super) sayings: Vec<Saying>,
    /// Whether lines are among them that only a data folder can take over.
    pub(super) has_former_lines: bool,
    lines: HashMap<u64, u64>,
    hashes: RandomState,
}

impl Contents {
    /// How many records there are.
    pub(super) fn records(&self) -> u64 {
        u64::try_from(self.sayings.len()).unwrap_or(u64::MAX)
    }

    /// Whether a record stands in it just as it is.
    pub(super) fn has(&self, stored: &Stored) -> bool {
        let (key, line) = self.hash(stored);
        self.lines.get(&key) == Some(&line)
    }

    /// Of a record's key, and of all of it.
    fn hash(&self, stored: &Stored) -> (u64, u64) {
        let record = &stored.record;
        let key = self.hashes.hash_one((record.kind().name, record.key()));
        (key, self.hashes.hash_one(portable::line(stored)))
    }
}

impl Export {
    /// A file, which can be read twice.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let found = path.metadata();
        let found =
            found.map_err(|error| Failure::wrong_use(format!("{name} cannot be read: {error}")))?;
        if !found.is_file() {
            let why =
                "is no file, and is read twice: put what comes out of a pipe into a file first";
            return Err(Failure::wrong_use(format!("{name} {why}")));
        }
        Ok(Self { path: path.to_owned(), bytes: found.len() })
    }

    /// Reads all of it, and sees whether it can be taken.
    ///
    /// # Errors
    /// Names the first line that cannot.
    pub(super) fn check(&self) -> Result<Contents, Failure> {
        let bar = output::progress_bar(self.bytes, "{bytes} of {total_bytes} checked");
        let mut contents = Contents {
            sayings: Vec::new(),
            has_former_lines: false,
            lines: HashMap::new(),
            hashes: RandomState::new(),
        };
        let mut records = self.records()?;
        while let Some(stored) = records.next() {
            let stored = stored?;
            contents.has_former_lines |= stored.record.kind() == FormerLine::KIND;
            let (key, line) = contents.hash(&stored);
            if contents.lines.insert(key, line).is_some() {
                let key = stored.record.key();
                return Err(records.refused(format_args!("{key:?} stands here a second time")));
            }
            let at = stored.said.last().map_or(kernel::Time::MIN, |said| said.at);
            let events = u64::try_from(stored.said.len()).unwrap_or(u64::MAX);
            contents.sayings.push(Saying { at, events });
            bar.set_position(records.bytes);
        }
        bar.finish_and_clear();
        Ok(contents)
    }

    /// Reads it from its beginning, record by record.
    ///
    /// # Errors
    /// When it is no export, or of another program's form.
    pub(super) fn records(&self) -> Result<Records<'_>, Failure> {
        let file = File::open(&self.path).map_err(|error| self.unreadable(error))?;
        let lines = BufReader::new(file).lines();
        let mut records =
            Records { export: self, lines, line: 0, bytes: 0, taken: 0, kinds: folder::kinds() };
        let first = records.text()?.unwrap_or_default();
        let header: Header = serde_json::from_str(&first)
            .map_err(|_| records.refused("it does not begin as what `fintech export` makes"))?;
        if header.fintech_export != FORMAT {
            let form = header.fintech_export;
            let why = format!("the export is of form {form}, and this program reads {FORMAT}");
            return Err(records.refused(why));
        }
        Ok(records)
    }

    fn unreadable(&self, error: impl fmt::Display) -> Failure {
        Failure::cannot_run(format!("{} cannot be read: {error}", self.path.display()))
    }
}

/// The records of an export, one after another. The last line says how many there are.
pub(super) struct Records<'e> {
    export: &'e Export,
    lines: Lines<BufReader<File>>,
    /// The number of the line that was read last; the first is 1.
    line: u64,
    /// How much is read.
    bytes: u64,
    taken: u64,
    kinds: Vec<&'static Kind>,
}

impl Iterator for Records<'_> {
    type Item = Result<Stored, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl Records<'_> {
    fn read(&mut self) -> Result<Option<Stored>, Failure> {
        let Some(text) = self.text()? else {
            let why = "the file is cut off: the line that says how many records there are is \
                       missing after this one";
            return Err(self.refused(why));
        };
        if let Some(total) = portable::trailer(&text) {
            let taken = self.taken;
            if total != taken {
                return Err(self.refused(format_args!("{total} records are told of, not {taken}")));
            }
            return match self.text()? {
                None => Ok(None),
                Some(_) => Err(self.refused("something follows after the end")),
            };
        }
        let stored = portable::read(&self.kinds, &text).map_err(|bad| self.refused(bad))?;
        self.taken = self.taken.saturating_add(1);
        Ok(Some(stored))
    }

    fn text(&mut self) -> Result<Option<String>, Failure> {
        let Some(text) = self.lines.next() else { return Ok(None) };
        self.line = self.line.saturating_add(1);
        let text = text.map_err(|error| self.refused(error))?;
        let length = u64::try_from(text.len()).unwrap_or_default();
        self.bytes = self.bytes.saturating_add(length).saturating_add(1);
        Ok(Some(text))
    }

    fn refused(&self, why: impl fmt::Display) -> Failure {
        let (path, line) = (self.export.path.display(), self.line);
        Failure::wrong_use(format!("{path}, line {line}: {why}; nothing of it was loaded"))
    }
}
