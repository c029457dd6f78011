//! `fintech token` and `fintech password`: what somebody does who has a name and a password here. What
//! a sign-in is, the server says.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use serde_json::json;

use crate::client::{Client, TrustOptions, USUAL};
use crate::end::{End, Failure};
use crate::{output, runtime};

const TOKEN_ABOUT: &str = "\
Sign in at a server, and print an access token, for scripts: it is good for ten minutes.

The password is that of FINTECH_PASSWORD, or is asked for on a terminal, or is the first line of \
standard input.";

const TOKEN_EXAMPLES: &str = "\
Examples:
  fintech token --email olga@example.org
  curl -H \"Authorization: Bearer $(fintech token --email olga@example.org)\" \\
    http://127.0.0.1:8080/v1/me";

/// Print an access token
#[derive(Debug, Args)]
#[command(long_about = TOKEN_ABOUT, after_long_help = TOKEN_EXAMPLES)]
pub(crate) struct Token {
    #[command(flatten)]
    who: Who,
}

const PASSWORD_ABOUT: &str = "\
Choose another password at a server; also the first of one's own, in place of one for one time. Every \
session of the user ends.

The passwords are those of FINTECH_PASSWORD and FINTECH_NEW_PASSWORD, or are asked for on a terminal, \
or are the first two lines of standard input: the one that there is, then the new one.";

const PASSWORD_EXAMPLES: &str = "\
Examples:
  fintech password --email operator@localhost";

/// Choose another password
#[derive(Debug, Args)]
#[command(long_about = PASSWORD_ABOUT, after_long_help = PASSWORD_EXAMPLES)]
pub(crate) struct Password {
    #[command(flatten)]
    who: Who,
}

/// Who, and where.
#[derive(Debug, Args)]
struct Who {
    /// The running server
    #[arg(long, value_name = "URL", env = "FINTECH_SERVER")]
    #[arg(default_value = USUAL)]
    server: String,
    /// The e-mail address
    #[arg(long, value_name = "EMAIL", env = "FINTECH_EMAIL")]
    email: String,
    #[command(flatten)]
    trust: TrustOptions,
}

/// Signs in.
pub(crate) fn run_token(options: &Token) -> Result<End, Failure> {
    let password = secret("FINTECH_PASSWORD", "Password", "first")?;
    let Who { server, email, trust } = &options.who;
    let answer = runtime::build("token")?.block_on(async {
        let mut client = Client::connect_as_nobody(server, trust).await?;
        client.post("/v1/auth/login", &json!({ "email": email, "password": password })).await
    })?;
    output::line(answer.text("/access_token"))?;
    Ok(End::Done)
}

/// Changes a password.
pub(crate) fn run_password(options: &Password) -> Result<End, Failure> {
    let password = secret("FINTECH_PASSWORD", "The password that there is", "first")?;
    let line = if of_environment("FINTECH_PASSWORD").is_some() { "first" } else { "second" };
    let new_password = secret("FINTECH_NEW_PASSWORD", "The new one", line)?;
    // Whoever does not see what he types may have slipped.
    let is_typed =
        of_environment("FINTECH_NEW_PASSWORD").is_none() && std::io::stdin().is_terminal();
    if is_typed && secret("FINTECH_NEW_PASSWORD", "The new one again", line)? != new_password {
        return Err(Failure::wrong_use("the two differ; nothing is changed"));
    }
    let Who { server, email, trust } = &options.who;
    let body = json!({ "email": email, "password": password, "new_password": new_password });
    runtime::build("password")?.block_on(async {
        Client::connect_as_nobody(server, trust).await?.post("/v1/auth/password", &body).await
    })?;
    output::tell("The password is changed.");
    Ok(End::Done)
}

/// What a variable holds; one that is empty holds nothing.
fn of_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|secret| !secret.is_empty())
}

/// A secret from the environment, from a person at a terminal who is not shown what he types, or from
/// a line of standard input: the first that is left, and `place` says which it is of all.
fn secret(variable: &str, words: &str, place: &str) -> Result<String, Failure> {
    if let Some(secret) = of_environment(variable) {
        return Ok(secret);
    }
    let input = std::io::stdin();
    let is_asked = input.is_terminal();
    let shown = if is_asked { Some(Hidden::begin(words)?) } else { None };
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    drop(shown);
    read.map_err(Failure::cannot_run)?;
    let secret = line.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Failure::wrong_use(format!(
            "{words} is missing; give it as {variable}, or as the {place} line of standard input"
        )));
    }
    Ok(secret.to_owned())
}

/// While it lives a terminal does not show what is typed.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin(words: &str) -> Result<Self, Failure> {
        let mut error = std::io::stderr().lock();
        write!(error, "{words}: ").and_then(|()| error.flush()).map_err(Failure::cannot_run)?;
        let input = std::io::stdin();
        let before = rustix::termios::tcgetattr(&input).map_err(Failure::cannot_run)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(rustix::termios::LocalModes::ECHO);
        let now = rustix::termios::OptionalActions::Flush;
        rustix::termios::tcsetattr(&input, now, &hidden).map_err(Failure::cannot_run)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let now = rustix::termios::OptionalActions::Flush;
        // Where it cannot be undone the terminal is gone.
        rustix::termios::tcsetattr(std::io::stdin(), now, &self.0).unwrap_or_default();
        output::tell("");
    }
}
