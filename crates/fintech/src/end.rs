//! How a command ends, and the exit code that says so. Nothing else decides on exit codes.

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

/// The exit codes, as `--help` tells them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, but something was refused or found wrong; or a server said no, as to a wrong password
  2  wrong use: an option, a file or a mapping that cannot be
  3  cannot run: the data folder is held by another process, the disk fails, the address is in use,
     a server is not reached or cannot do it now
  141  whoever read what it prints has gone, as `head` does";

/// As of a program that SIGPIPE ends, which is what others do then.
const READER_GONE: u8 = 128 + 13;

/// How a command ended that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All is well.
    Done,
    /// Something was refused or found wrong, and was said so.
    Flawed,
}

impl End {
    /// Flawed if it is.
    pub(crate) fn flawed_if(is_flawed: bool) -> Self {
        if is_flawed { Self::Flawed } else { Self::Done }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A server said no, to what or to whom.
    #[error("{0}")]
    Refused(String),
    /// Whoever called it must call it otherwise.
    #[error("{0}")]
    WrongUse(String),
    /// The machine or another process stands in the way.
    #[error("{0}")]
    CannotRun(String),
    /// Whoever read what it prints has gone, as `head` does: nobody is told.
    #[error("whoever read it has gone")]
    ReaderGone,
}

impl Failure {
    /// A server's no, in a sentence that says what to do.
    pub(crate) fn refused(why: impl fmt::Display) -> Self {
        Self::Refused(why.to_string())
    }

    /// A wrong use, in a sentence that says what to do.
    pub(crate) fn wrong_use(why: impl fmt::Display) -> Self {
        Self::WrongUse(why.to_string())
    }

    /// Something in the way, in a sentence that says what to do.
    pub(crate) fn cannot_run(why: impl fmt::Display) -> Self {
        Self::CannotRun(why.to_string())
    }

    /// With its sentence put into a longer one.
    pub(crate) fn map(self, say: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(say(why)),
            Self::WrongUse(why) => Self::WrongUse(say(why)),
            Self::CannotRun(why) => Self::CannotRun(say(why)),
            Self::ReaderGone => Self::ReaderGone,
        }
    }
}

/// Writing to standard output failed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::CannotRun(format!("cannot write to standard output: {error}"))
    }
}

/// The exit code of an end.
pub(crate) fn exit_code(end: &Result<End, Failure>) -> ExitCode {
    ExitCode::from(match end {
        Ok(End::Done) => 0,
        Ok(End::Flawed) | Err(Failure::Refused(_)) => 1,
        Err(Failure::WrongUse(_)) => 2,
        Err(Failure::CannotRun(_)) => 3,
        Err(Failure::ReaderGone) => READER_GONE,
    })
}
