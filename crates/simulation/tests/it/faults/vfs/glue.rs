//! SQLite's questions to a file system, in its own language. The one file with unsafe code: it turns
//! pointers into references and does nothing else.
#![allow(unsafe_code, reason = "SQLite hands out pointers")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{Ordering, fence};
use std::thread;
use std::time::Duration;

use kernel::Clock as _;
use kernel::time::System;
use rusqlite::ffi;

use super::opened::{self, Opened};

/// Under which the file system is registered with SQLite.
pub(crate) const NAME: &str = "faulty";
const C_NAME: &CStr = c"faulty";

/// The longest path, in bytes.
const PATH_BYTES_MAX: c_int = 512;

/// From the Julian epoch to 1970, in milliseconds.
const EPOCH_MS: i64 = 210_866_760_000_000;

/// An open file, as SQLite holds it. The first field is what SQLite knows of.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    opened: *mut Opened,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the file system known to SQLite, once and for good.
pub(super) fn register() {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    let code = *REGISTERED.get_or_init(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<Handle>().try_into().unwrap(),
            mxPathname: PATH_BYTES_MAX,
            pNext: ptr::null_mut(),
            zName: C_NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: None,
            xGetLastError: None,
            xCurrentTimeInt64: Some(current_time),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: what it points to is leaked, so that it stays as long as SQLite needs it.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) }
    });
    assert_eq!(code, ffi::SQLITE_OK, "SQLite takes no file system");
}

/// The open file behind SQLite's.
///
/// # Safety
/// `open` has made it, `close` has not unmade it, and nobody else uses it now: SQLite uses a file from
/// one thread at a time.
unsafe fn opened<'f>(file: *mut ffi::sqlite3_file) -> &'f mut Opened {
    // SAFETY: as above; `open` wrote a whole handle there.
    unsafe { &mut *(*file.cast::<Handle>()).opened }
}

/// A path, which is text.
///
/// # Safety
/// It points to a string that ends with a zero, or nowhere.
unsafe fn path<'p>(name: *const c_char) -> Option<&'p str> {
    // SAFETY: as above.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_str().unwrap())
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's name is a string, or there is none.
    let opened = Opened::open(unsafe { path(name) }, flags);
    let (methods, opened, code) = match opened {
        Ok(opened) => (&raw const METHODS, Box::into_raw(Box::new(opened)), ffi::SQLITE_OK),
        // Without methods it is not closed.
        Err(_) => (ptr::null(), ptr::null_mut(), ffi::SQLITE_CANTOPEN),
    };
    let handle = Handle { base: ffi::sqlite3_file { pMethods: methods }, opened };
    // SAFETY: SQLite gives `szOsFile` bytes, aligned for any pointer; where it asks for the flags it
    // gives their place.
    unsafe {
        file.cast::<Handle>().write(handle);
        if !flags_out.is_null() {
            *flags_out = flags;
        }
    }
    code
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let handle = file.cast::<Handle>();
    // SAFETY: `open` made the box; SQLite closes a file once and does not use it afterwards.
    unsafe {
        drop(Box::from_raw((*handle).opened));
        handle.write(Handle {
            base: ffi::sqlite3_file { pMethods: ptr::null() },
            opened: ptr::null_mut(),
        });
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let length = usize::try_from(length).unwrap();
    // SAFETY: SQLite gives a buffer of that length, whose bytes it has set before or sets by this.
    let (opened, buffer) = unsafe {
        ptr::write_bytes(buffer.cast::<u8>(), 0, length);
        (opened(file), std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length))
    };
    opened.read(buffer, offset.try_into().unwrap())
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let length = usize::try_from(length).unwrap();
    // SAFETY: SQLite gives that many bytes.
    let (opened, bytes) =
        unsafe { (opened(file), std::slice::from_raw_parts(bytes.cast::<u8>(), length)) };
    opened.write(bytes, offset.try_into().unwrap())
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: it is an open file of ours.
    unsafe { opened(file) }.truncate(length.try_into().unwrap())
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: it is an open file of ours.
    unsafe { opened(file) }.sync()
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: it is an open file of ours.
    match unsafe { opened(file) }.length() {
        Ok(length) => {
            // SAFETY: SQLite gives a place for it.
            unsafe { *size = length.try_into().unwrap() };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: it is an open file of ours.
    unsafe { opened(file) }.raise(level)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: it is an open file of ours.
    unsafe { opened(file) }.lower(level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: it is an open file of ours, and SQLite gives a place for the answer.
    unsafe { *out = c_int::from(opened(file).is_reserved()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

/// As SQLite takes a Unix file system to be: a write leaves the bytes beside it as they are.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    number: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (number, bytes) = (number.try_into().unwrap(), bytes.try_into().unwrap());
    // SAFETY: it is an open file of ours, and SQLite gives a place for the answer. What that points to
    // stays until `shm_unmap`, and every word of it may be changed through a shared reference.
    unsafe {
        let piece = opened(file).piece(number, bytes, extend != 0);
        *out = piece.unwrap_or(ptr::null_mut());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let start = usize::try_from(offset).unwrap();
    let end = start + usize::try_from(count).unwrap();
    // SAFETY: it is an open file of ours.
    unsafe { opened(file) }.index_lock(start..end, flags)
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: it is an open file of ours.
    unsafe { opened(file) }.leave_index();
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    syncs_folder: c_int,
) -> c_int {
    // SAFETY: SQLite's name is a string.
    let path = unsafe { path(name) };
    path.map_or(ffi::SQLITE_IOERR_DELETE, |path| opened::delete(path, syncs_folder != 0))
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's name is a string.
    let path = unsafe { path(name) };
    match path.map_or(Ok(false), opened::is_there) {
        Ok(is_there) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *out = c_int::from(is_there) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

/// Every path is whole: the test says where a folder is.
unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's name is a string.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if bytes.len() > usize::try_from(room).unwrap() {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: there is room for it, and the two are not the same place.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), out.cast::<u8>(), bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(
    _: *mut ffi::sqlite3_vfs,
    length: c_int,
    out: *mut c_char,
) -> c_int {
    let room = usize::try_from(length).unwrap();
    // SAFETY: SQLite gives so much room.
    let out = unsafe {
        ptr::write_bytes(out.cast::<u8>(), 0, room);
        std::slice::from_raw_parts_mut(out.cast::<u8>(), room)
    };
    let now = System.now().micros().to_le_bytes();
    out.iter_mut().zip(now).for_each(|(to, from)| *to = from);
    length
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    thread::park_timeout(Duration::from_micros(micros.try_into().unwrap_or_default()));
    micros
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *out = System.now().micros() / 1_000 + EPOCH_MS };
    ffi::SQLITE_OK
}
