//! An export into a data folder of its own. How the folder is made is in the embedded store.

use std::path::Path;

use store_embedded::backup::BackupError;
use store_embedded::folder::FolderError;
use store_embedded::load::{LoadError, Loading};

use super::file::Export;
use crate::end::Failure;
use crate::{folder, output};

/// How many records were loaded.
///
/// # Errors
/// When the folder is not empty, or the file cannot be taken: then the folder has no database.
pub(super) fn load(export: &Export, folder: &Path) -> Result<u64, Failure> {
    let mut loading = Loading::begin(folder, &folder::kinds()).map_err(refused)?;
    let contents = export.check()?;
    loading.expect(&contents.sayings);
    let records = contents.records();
    let bar = output::progress_bar(records, "{pos} of {len} loaded");
    for stored in export.records()? {
        loading.put(stored?).map_err(refused)?;
        bar.inc(1);
    }
    loading.finish().map_err(refused)?;
    bar.finish_and_clear();
    Ok(records)
}

fn refused(error: LoadError) -> Failure {
    match error {
        LoadError::NotEmpty { .. } | LoadError::Event(_) => Failure::wrong_use(error),
        LoadError::Folder(
            FolderError::Held { .. } | FolderError::Missing { .. } | FolderError::Disk { .. },
        )
        | LoadError::Database(
            BackupError::Exists(_)
            | BackupError::Unfinished(_)
            | BackupError::NoFolder(_)
            | BackupError::Disk { .. }
            | BackupError::Sqlite(_),
        ) => Failure::cannot_run(error),
    }
}
