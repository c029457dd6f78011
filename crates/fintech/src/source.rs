//! Where a command works that knows both: at a running server, or on a data folder. Not in here: tables
//! on AWS, which are another home, see `home`.

use std::path::PathBuf;

use clap::Args;

use crate::end::Failure;

/// The options that say it.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct SourceOptions {
    /// Ask a running server, such as http://127.0.0.1:8080. Where FINTECH_DATA is set too, one of both
    /// options must say where [env: FINTECH_SERVER]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Work on a data folder instead; to change something, only where no server has it open [env:
    /// FINTECH_DATA]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// What was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A running server, by its address.
    Server(String),
    /// A data folder.
    Folder(PathBuf),
}

impl SourceOptions {
    /// The option, else the environment: a flag of either kind wins over both variables. Of two variables
    /// neither wins, for what is changed is changed in one place, and nobody sees which was set last.
    ///
    /// # Errors
    /// When nothing says it, or both variables do.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        self.source_by(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn source_by(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Source, Failure> {
        if let Some(server) = &self.server {
            return Ok(Source::Server(server.clone()));
        }
        if let Some(data) = &self.data {
            return Ok(Source::Folder(data.clone()));
        }
        match (variable("FINTECH_SERVER"), variable("FINTECH_DATA")) {
            (Some(server), None) => Ok(Source::Server(server)),
            (None, Some(data)) => Ok(Source::Folder(data.into())),
            (Some(server), Some(data)) => Err(Failure::wrong_use(format!(
                "FINTECH_SERVER says {server}, FINTECH_DATA {data}: say which one by --server or --data"
            ))),
            (None, None) => Err(Failure::wrong_use(
                "say where: --server http://127.0.0.1:8080 or --data ./fintech-data",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_wins_and_of_two_variables_none() {
        let (url, folder) = ("http://127.0.0.1:8080", "./fintech-data");
        let check = |options: [bool; 2], variables: [bool; 2], expected: Result<Source, &str>| {
            let place = SourceOptions {
                server: options[0].then(|| url.to_owned()),
                data: options[1].then(|| folder.into()),
            };
            let variable = |name: &str| match name {
                "FINTECH_SERVER" => variables[0].then(|| "https://bank.example".to_owned()),
                "FINTECH_DATA" => variables[1].then(|| "/var/lib/bank".to_owned()),
                other => panic!("{other} is asked for"),
            };
            let found = place.source_by(variable);
            match (found, expected) {
                (Err(failure), Err(words)) => {
                    assert!(failure.to_string().contains(words), "{failure}");
                }
                (found, expected) => assert_eq!(found.ok(), expected.ok()),
            }
        };
        let server = |url: &str| Ok(Source::Server(url.to_owned()));
        check([true, false], [true, true], server(url));
        check([false, true], [true, true], Ok(Source::Folder(folder.into())));
        check([false, false], [true, false], server("https://bank.example"));
        check([false, false], [false, true], Ok(Source::Folder("/var/lib/bank".into())));
        check([false, false], [false, false], Err("say where"));
        let both = "FINTECH_SERVER says https://bank.example, FINTECH_DATA /var/lib/bank";
        check([false, false], [true, true], Err(both));
    }
}
