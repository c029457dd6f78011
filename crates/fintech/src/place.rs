//! Where a command works that knows both: at a running server, or on a data folder. Not in here: tables
//! on AWS, which are another home, see `home`.

use std::path::PathBuf;

use clap::Args;

use crate::end::Failure;

/// The options that say it.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct Place {
    /// Ask a running server, such as http://127.0.0.1:8080 [env: FINTECH_SERVER]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Work on a data folder instead; to change something, only where no server has it open [env:
    /// FINTECH_DATA]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// What was said.
pub(crate) enum Source {
    /// A running server, by its address.
    Server(String),
    /// A data folder.
    Folder(PathBuf),
}

impl Place {
    /// The option, else the environment: a flag of either kind wins over both variables.
    ///
    /// # Errors
    /// When nothing says it.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        let of_environment = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (&self.server, &self.data) {
            (Some(server), _) => Ok(Source::Server(server.clone())),
            (None, Some(data)) => Ok(Source::Folder(data.clone())),
            (None, None) => {
                match (of_environment("FINTECH_SERVER"), of_environment("FINTECH_DATA")) {
                    (Some(server), _) => Ok(Source::Server(server)),
                    (None, Some(data)) => Ok(Source::Folder(data.into())),
                    (None, None) => Err(Failure::wrong_use(
                        "say where: --server http://127.0.0.1:8080 or --data ./fintech-data",
                    )),
                }
            }
        }
    }
}
