//! Who asks a server, and whom TLS trusts: the options of the commands that ask one. A token is repeated
//! nowhere. Not in here: how a token is got, see `commands::token`.

use std::fmt;
use std::io::Read;
use std::path::{Display, Path, PathBuf};

use clap::Args;
use hyper::header::HeaderValue;

use crate::end::Failure;

/// The most bytes of a file with a token.
const TOKEN_FILE_BYTES_MAX: u64 = 16 * 1024;

/// Who asks a server, and whom TLS trusts.
#[derive(Debug, Args)]
pub(crate) struct AccessOptions {
    /// The bearer token to ask with, as `fintech token` prints it. A command line can be read by everybody
    /// on this machine: better in the environment, or in a file
    #[arg(long, value_name = "TOKEN", env = "FINTECH_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// Read the bearer token from this file instead; - is standard input
    #[arg(long, value_name = "FILE", env = "FINTECH_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) trust: TrustOptions,
}

/// Whom TLS trusts, and whether it may be left out.
#[derive(Debug, Args)]
pub(crate) struct TrustOptions {
    /// Trust the certificate authorities in this PEM file, not those that the machine trusts
    #[arg(long, value_name = "FILE", env = "FINTECH_CA")]
    pub(super) ca: Option<PathBuf>,
    /// Ask over http:// a server that is not on this machine: whoever is between reads tokens,
    /// passwords and all else
    #[arg(long, env = "FINTECH_INSECURE_HTTP")]
    #[arg(value_parser = clap::builder::BoolishValueParser::new())]
    pub(super) insecure_http: bool,
}

/// A text that is shown to nobody.
#[derive(Clone)]
struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

impl AccessOptions {
    /// The header by which the server knows who asks; none without a token. An empty variable is
    /// none, as one is whose command failed; a file that was named must have one.
    pub(super) fn authorization(&self) -> Result<Option<HeaderValue>, Failure> {
        let token = match (&self.token_file, &self.token) {
            (Some(file), _) => Secret(read_token(file)?),
            (None, Some(token)) => token.clone(),
            (None, None) => return Ok(None),
        };
        if token.0.trim().is_empty() {
            return match &self.token_file {
                Some(file) => {
                    Err(Failure::wrong_use(format!("{}: no token is in it", named(file))))
                }
                None => Ok(None),
            };
        }
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.0.trim()));
        // Nothing of it is repeated.
        let mut bearer = bearer.map_err(|_| Failure::wrong_use("the token is no bearer token"))?;
        bearer.set_sensitive(true);
        Ok(Some(bearer))
    }
}

fn named(file: &Path) -> Display<'_> {
    if file == Path::new("-") { Path::new("standard input").display() } else { file.display() }
}

fn read_token(file: &Path) -> Result<String, Failure> {
    let mut token = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut token)
    } else {
        std::fs::File::open(file)
            .and_then(|file| file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut token))
    };
    read.map_err(|error| Failure::wrong_use(format!("{}: {error}", named(file))))?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_and_shown_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "abc.def\n").unwrap();
        let options = |token: Option<&str>, token_file| AccessOptions {
            token: token.map(|token| Secret(token.to_owned())),
            token_file,
            trust: TrustOptions { ca: None, insecure_http: false },
        };
        let check = |options: AccessOptions, expected: Option<&str>| {
            let header = options.authorization().unwrap();
            assert_eq!(header.as_ref().map(|header| header.to_str().unwrap()), expected);
            assert!(!format!("{options:?} {header:?}").contains("abc"));
        };
        check(options(None, None), None);
        check(options(Some(" \n"), None), None);
        check(options(Some("abc"), None), Some("Bearer abc"));
        check(options(Some("abc"), Some(file.clone())), Some("Bearer abc.def"));
        std::fs::write(&file, "\n").unwrap();
        let empty = options(Some("abc"), Some(file.clone())).authorization().unwrap_err();
        assert_eq!(empty.to_string(), format!("{}: no token is in it", file.display()));
        let refused = options(Some("a\nbc"), None).authorization().unwrap_err().to_string();
        assert!(!refused.contains("bc"), "{refused}");
        options(None, Some(folder.path().join("none"))).authorization().unwrap_err();
    }
}
