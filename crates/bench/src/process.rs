//! What the kernel tells of a process: its processor time by thread, what it wrote, its memory;
//! and what a folder and this machine are.
//!
//! Starting and ending a server is elsewhere (`server.rs`). Linux only: all of it is read from
//! `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const MICROSECONDS_A_SECOND: u64 = 1_000_000;
const DISK_BLOCK_BYTES: u64 = 512;

/// What a process has used since it began, in microseconds of processor time and in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// User and system time of all threads, ended ones included.
    pub(crate) cpu_us: u64,
    /// The same for each name of a living thread; numbered threads share a name.
    pub(crate) cpu_us_by_thread: BTreeMap<String, u64>,
    /// Bytes that it caused to be sent to storage.
    pub(crate) written_bytes: u64,
}

impl Usage {
    /// What was used from then to now.
    pub(crate) fn since(&self, earlier: &Usage) -> Usage {
        let by_thread = self.cpu_us_by_thread.iter().map(|(name, now)| {
            let then = earlier.cpu_us_by_thread.get(name).copied().unwrap_or_default();
            (name.clone(), now.saturating_sub(then))
        });
        Usage {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            cpu_us_by_thread: by_thread.collect(),
            written_bytes: self.written_bytes.saturating_sub(earlier.written_bytes),
        }
    }
}

/// Reads what a process of ours has used.
///
/// # Errors
/// Where the process is gone, or is not ours.
pub(crate) fn usage(pid: u32) -> io::Result<Usage> {
    let ticks_a_second = rustix::param::clock_ticks_per_second();
    let microseconds = |ticks: u64| {
        ticks.saturating_mul(MICROSECONDS_A_SECOND).checked_div(ticks_a_second).unwrap_or_default()
    };
    let root = format!("/proc/{pid}");
    let (_, ticks) = parse_stat(&fs::read_to_string(format!("{root}/stat"))?)?;
    let mut by_thread: BTreeMap<String, u64> = BTreeMap::new();
    for task in fs::read_dir(format!("{root}/task"))? {
        // A thread may end between being listed and being read.
        let Ok(text) = fs::read_to_string(task?.path().join("stat")) else {
            continue;
        };
        let (name, ticks) = parse_stat(&text)?;
        let sum = by_thread.entry(name).or_default();
        *sum = sum.saturating_add(microseconds(ticks));
    }
    Ok(Usage {
        cpu_us: microseconds(ticks),
        cpu_us_by_thread: by_thread,
        written_bytes: parse_field(&fs::read_to_string(format!("{root}/io"))?, "write_bytes")?,
    })
}

/// Resident memory of a process, in bytes: now, and the most that it ever was.
///
/// # Errors
/// As [`usage`].
pub(crate) fn resident_bytes(pid: u32) -> io::Result<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let bytes = |name| Ok::<_, io::Error>(parse_field(&text, name)?.saturating_mul(1024));
    Ok((bytes("VmRSS")?, bytes("VmHWM")?))
}

/// The name of a thread, without its number, and its user and system time in clock ticks; from the
/// text of a `stat` file (proc_pid_stat(5), fields 2, 14 and 15).
fn parse_stat(text: &str) -> io::Result<(String, u64)> {
    let parts = || {
        let (_, rest) = text.split_once('(')?;
        // The name may itself hold parentheses and spaces.
        let (name, rest) = rest.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace().skip(11);
        let user: u64 = fields.next()?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        let numbered = |c: char| c.is_ascii_digit() || c == '-' || c == '_' || c == '#';
        let group = name.trim_end_matches(numbered);
        Some((if group.is_empty() { name } else { group }.to_owned(), user.checked_add(system)?))
    };
    parts().ok_or_else(|| unreadable("stat", text))
}

/// The number after `name:` in a text of such lines.
fn parse_field(text: &str, name: &str) -> io::Result<u64> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.split_ascii_whitespace().next()?.parse().ok())
        .ok_or_else(|| unreadable(name, text))
}

fn unreadable(what: &str, text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no {what} in {text:?}"))
}

/// The sizes of all files below a folder, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FolderSize {
    /// What their lengths say.
    pub(crate) apparent_bytes: u64,
    /// What is taken on the disk: holes left out, space set aside counted.
    pub(crate) allocated_bytes: u64,
}

/// Adds up a folder. Files that go meanwhile are left out.
///
/// # Errors
/// Those of the operating system.
pub(crate) fn folder_size(folder: &Path) -> io::Result<FolderSize> {
    let mut size = FolderSize::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                let allocated = metadata.blocks().saturating_mul(DISK_BLOCK_BYTES);
                size.apparent_bytes = size.apparent_bytes.saturating_add(metadata.len());
                size.allocated_bytes = size.allocated_bytes.saturating_add(allocated);
            }
        }
    }
    Ok(size)
}

/// The machine that the figures are of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
}

/// Asks the kernel what this machine is. What cannot be found out is empty or zero.
pub(crate) fn machine() -> Machine {
    let cpu_information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_information
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == "model name")
        .map(|(_, value)| value.trim().to_owned());
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Machine {
        cpu: model.unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        memory_bytes: parse_field(&memory, "MemTotal").unwrap_or_default().saturating_mul(1024),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim()
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_stat(text: &str, expected: Option<(&str, u64)>) {
        let found = parse_stat(text).ok();
        assert_eq!(found.as_ref().map(|(name, ticks)| (name.as_str(), *ticks)), expected, "{text}");
    }

    #[test]
    fn a_stat_line_gives_name_and_ticks() {
        let tail = "S 1 812 812 0 -1 4194304 94 0 0 0 731 269 0 0 20 0 9 0 5120 1 2";
        check_stat(&format!("812 (ledger) {tail}"), Some(("ledger", 1_000)));
        check_stat(&format!("812 (http-12) {tail}"), Some(("http", 1_000)));
        check_stat(&format!("812 (tokio-rt-worker) {tail}"), Some(("tokio-rt-worker", 1_000)));
        check_stat(&format!("812 (odd ) (name) {tail}"), Some(("odd ) (name", 1_000)));
        check_stat(&format!("812 (42) {tail}"), Some(("42", 1_000)));
        check_stat("812 (ledger) S 1 812", None);
        check_stat("", None);
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let io = "rchar: 12\nwchar: 9000\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n";
        assert_eq!(parse_field(io, "write_bytes").unwrap(), 8192);
        let status = "Name:\tfintech\nVmHWM:\t  120832 kB\nVmRSS:\t  98304 kB\n";
        assert_eq!(parse_field(status, "VmRSS").unwrap(), 98_304);
        assert!(parse_field(status, "Vm").is_err());
        assert!(parse_field(status, "Name").is_err());
    }

    #[test]
    fn usage_since_is_the_difference_by_thread() {
        let of = |cpu_us, threads: &[(&str, u64)], written_bytes| Usage {
            cpu_us,
            cpu_us_by_thread: threads.iter().map(|(name, us)| ((*name).into(), *us)).collect(),
            written_bytes,
        };
        let earlier = of(100, &[("ledger", 60), ("ended", 40)], 10);
        let later = of(250, &[("ledger", 160), ("new", 50)], 30);
        assert_eq!(later.since(&earlier), of(150, &[("ledger", 100), ("new", 50)], 20));
    }

    #[test]
    fn this_process_can_be_read() {
        let pid = std::process::id();
        assert!(!usage(pid).unwrap().cpu_us_by_thread.is_empty());
        let (now, most) = resident_bytes(pid).unwrap();
        assert!(now > 0 && most >= now);
        assert!(machine().cores > 0);
    }

    #[test]
    fn a_folder_is_the_sum_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("a"), [1; 5000]).unwrap();
        fs::write(folder.path().join("inner/b"), [1; 1234]).unwrap();
        fs::File::create(folder.path().join("hole")).unwrap().set_len(1 << 20).unwrap();
        let size = folder_size(folder.path()).unwrap();
        assert_eq!(size.apparent_bytes, 6234 + (1 << 20));
        assert!(size.allocated_bytes < 1 << 20);
    }
}
