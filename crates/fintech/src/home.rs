//! Where records are, as the commands for both homes are told it: in a data folder, or in the tables of
//! a deployment on AWS. How each is opened stands in `folder` and `tables`.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use kernel::Time;
use kernel::store::StorePort;
use operations::verify::Moment;

use crate::end::Failure;
use crate::{folder, tables};

/// What stands before the prefix of tables.
const DYNAMODB: &str = "dynamodb:";

/// The option that every command for both homes has.
#[derive(Debug, Args)]
pub(crate) struct HomeOption {
    /// The data folder; or dynamodb:PREFIX, the tables of a deployment on AWS, which the usual
    /// variables of AWS lead to
    #[arg(
        long,
        value_name = "HOME",
        env = "FINTECH_DATA",
        default_value = "./fintech-data",
        value_parser = OsStringValueParser::new().map(Home::of)
    )]
    pub(crate) data: Home,
}

/// Where records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Home {
    /// A data folder.
    Folder(PathBuf),
    /// Tables on DynamoDB that are named `PREFIX-…`.
    Tables(String),
}

impl Home {
    /// As it stands in an option.
    pub(crate) fn of(text: OsString) -> Self {
        match text.to_str().and_then(|text| text.strip_prefix(DYNAMODB)) {
            Some(prefix) => Self::Tables(prefix.to_owned()),
            None => Self::Folder(text.into()),
        }
    }

    /// Opens it for reading: a folder as it is now, tables as they are when each is read.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub(crate) async fn read(&self) -> Result<Arc<dyn StorePort>, Failure> {
        Ok(match self {
            Self::Folder(path) => folder::snapshot(path)?,
            Self::Tables(prefix) => Arc::new(tables::open(prefix).await?),
        })
    }
}

impl Home {
    /// As of when it is checked, if it is `now`: a folder is read as it is at one moment, tables are
    /// written meanwhile unless somebody says that they stand still.
    pub(crate) fn moment(&self, now: Time, is_still: bool) -> Moment {
        match self {
            Self::Tables(_) if !is_still => Moment::before(now),
            Self::Folder(_) | Self::Tables(_) => Moment::STANDS_STILL,
        }
    }
}

impl fmt::Display for Home {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(out),
            Self::Tables(prefix) => write!(out, "{DYNAMODB}{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_a_folder_unless_it_says_otherwise() {
        let folder = |path: &str| Home::Folder(path.into());
        assert_eq!(Home::of("./data".into()), folder("./data"));
        assert_eq!(Home::of("./dynamodb:x".into()), folder("./dynamodb:x"));
        assert_eq!(Home::of("dynamodb:fintech".into()), Home::Tables("fintech".to_owned()));
        for text in ["./data", "dynamodb:fintech"] {
            assert_eq!(Home::of(text.into()).to_string(), text);
        }
    }
}
