//! `fintech user`: who can sign in, listed, made and changed; of a running server, or of a folder that no
//! server has open. Here are the options and what is printed; how it is done stands in `on_server` and
//! `in_folder`, and what it means in `identity`.

mod in_folder;
mod on_server;

use std::fmt;

use clap::{Args, Subcommand};
use identity::records::{LoginName, Right, UserKind};
use kernel::SubId;
use serde_json::Value;

use crate::client::{self, AccessOptions};
use crate::end::{End, Failure};
use crate::source::{Source, SourceOptions};
use crate::{output, runtime};

const EXAMPLES: &str = operators_examples!(
    "  fintech user add --email olga@example.org --right operators --server http://127.0.0.1:8080
  fintech user list --server http://127.0.0.1:8080
  fintech user disable olga@example.org --server http://127.0.0.1:8080
  fintech user enable olga@example.org --server http://127.0.0.1:8080

Without a token, where no server has the folder open:
  fintech user reset-password operator@localhost --data ./fintech-data"
);

/// About who can sign in
#[derive(Debug, Subcommand)]
#[command(after_long_help = EXAMPLES)]
pub(crate) enum Command {
    List(List),
    Add(Add),
    Grant(Grant),
    Revoke(Revoke),
    Disable(Disable),
    Enable(Enable),
    ResetPassword(ResetPassword),
}

const LIST_ABOUT: &str = "\
List who can sign in, newest first: the id, whether he may, what he is, his name, his rights.

With --data it works beside a running server.";

const LIST_EXAMPLES: &str = operators_examples!(
    "  fintech user list --server http://127.0.0.1:8080
  fintech user list --data ./fintech-data --json"
);

/// List them
#[derive(Debug, Args)]
#[command(long_about = LIST_ABOUT, after_long_help = LIST_EXAMPLES)]
pub(crate) struct List {
    #[command(flatten)]
    way: Way,
}

const ADD_ABOUT: &str = "\
Make somebody a user: a person, whose password for one time is printed, once, or a service, whose secret \
is. The person chooses his own by `fintech password`, within 7 days.";

const ADD_EXAMPLES: &str = operators_examples!(
    "  fintech user add --server http://127.0.0.1:8080 --email olga@example.org --right operators
  fintech user add --data ./fintech-data --service shop --right payments"
);

/// Make somebody a user
#[derive(Debug, Args)]
#[command(long_about = ADD_ABOUT, after_long_help = ADD_EXAMPLES)]
pub(crate) struct Add {
    #[command(flatten)]
    new: New,
    /// A group of the person (`operators`) or a scope of the service (`payments`, `metrics`); several
    /// one after another
    #[arg(long = "right", value_name = "RIGHT", value_parser = Right::new)]
    rights: Vec<Right>,
    #[command(flatten)]
    way: Way,
}

/// Who is new.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct New {
    /// A person, by his e-mail address
    #[arg(long, value_name = "EMAIL", value_parser = LoginName::email)]
    email: Option<LoginName>,
    /// A service, by its name
    #[arg(long, value_name = "NAME", value_parser = LoginName::service)]
    service: Option<LoginName>,
}

const GRANT_ABOUT: &str = "\
Give somebody a group or a scope more: who is in `operators` is an operator. He signs in again. The \
exit code is 1 where there is no such user, or no such right for him.";

const GRANT_EXAMPLES: &str = operators_examples!(
    "  fintech user grant olga@example.org operators --server http://127.0.0.1:8080"
);

/// Give somebody a right more
#[derive(Debug, Args)]
#[command(long_about = GRANT_ABOUT, after_long_help = GRANT_EXAMPLES)]
pub(crate) struct Grant {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    right: OneRight,
    #[command(flatten)]
    way: Way,
}

const REVOKE_ABOUT: &str = "\
Take a group or a scope from somebody, at once; he signs in again. A server refuses to take it from its \
last operator; a folder does not. The exit code is 1 where it is refused, or there is no such user.";

const REVOKE_EXAMPLES: &str = operators_examples!(
    "  fintech user revoke olga@example.org operators --server http://127.0.0.1:8080"
);

/// Take a right from somebody
#[derive(Debug, Args)]
#[command(long_about = REVOKE_ABOUT, after_long_help = REVOKE_EXAMPLES)]
pub(crate) struct Revoke {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    right: OneRight,
    #[command(flatten)]
    way: Way,
}

const DISABLE_ABOUT: &str = "\
Keep somebody out, at once: his tokens and sessions are good no longer. A server refuses to do that to \
its last operator; a folder does not. The exit code is 1 where it is refused, or there is no such user.";

const DISABLE_EXAMPLES: &str =
    operators_examples!("  fintech user disable ada@example.org --server http://127.0.0.1:8080");

/// Keep somebody out
#[derive(Debug, Args)]
#[command(long_about = DISABLE_ABOUT, after_long_help = DISABLE_EXAMPLES)]
pub(crate) struct Disable {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    way: Way,
}

const ENABLE_ABOUT: &str = "\
Let somebody sign in again. The exit code is 1 where there is no such user.";

const ENABLE_EXAMPLES: &str =
    operators_examples!("  fintech user enable ada@example.org --server http://127.0.0.1:8080");

/// Let somebody sign in again
#[derive(Debug, Args)]
#[command(long_about = ENABLE_ABOUT, after_long_help = ENABLE_EXAMPLES)]
pub(crate) struct Enable {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    way: Way,
}

const RESET_ABOUT: &str = "\
Make another password for one time for a person, or another secret for a service, and print it, once. \
The former one is good no longer, nor is what was given for it. The person chooses his own by `fintech \
password`, within 7 days.

This is also how an operator gets in again who has lost his password: stop the server, and do it with \
--data; `enable` him too if he was disabled. The exit code is 1 where there is no such user.";

const RESET_EXAMPLES: &str = operators_examples!(
    "  fintech user reset-password operator@localhost --data ./fintech-data
  fintech user reset-password ada@example.org --server http://127.0.0.1:8080"
);

/// Make another password for one time
#[derive(Debug, Args)]
#[command(long_about = RESET_ABOUT, after_long_help = RESET_EXAMPLES)]
pub(crate) struct ResetPassword {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    way: Way,
}

/// Which user.
#[derive(Debug, Args)]
struct Whom {
    /// The id, as `list` shows it, the e-mail address, or the service's name
    #[arg(value_name = "USER", value_parser = Named::read)]
    user: Named,
}

/// Which right.
#[derive(Debug, Args)]
struct OneRight {
    /// A group of a person (`operators`) or a scope of a service (`payments`, `metrics`)
    #[arg(value_name = "RIGHT", value_parser = Right::new)]
    right: Right,
}

/// Where, as whom, and how it is printed.
#[derive(Debug, Args)]
struct Way {
    #[command(flatten)]
    at: SourceOptions,
    #[command(flatten)]
    access: AccessOptions,
    /// Print it as JSON
    #[arg(long, env = "FINTECH_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    json: bool,
}

/// How a user is named.
#[derive(Debug, Clone)]
enum Named {
    Sub(SubId),
    Name(LoginName),
}

/// The text names nobody.
#[derive(Debug, thiserror::Error)]
#[error("is no id such as usr_…, no e-mail address and no service's name")]
struct NamesNobody;

impl Named {
    fn read(text: &str) -> Result<Self, NamesNobody> {
        if let Ok(sub) = text.parse() {
            return Ok(Self::Sub(sub));
        }
        let name = LoginName::email(text).or_else(|_| LoginName::service(text));
        name.map(Self::Name).map_err(|_| NamesNobody)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sub(sub) => sub.fmt(out),
            Self::Name(name) => out.write_str(name.as_str()),
        }
    }
}

/// What is done.
enum Act<'a> {
    Add { kind: UserKind, name: &'a LoginName, rights: &'a [Right] },
    Grant(&'a Named, &'a Right),
    Revoke(&'a Named, &'a Right),
    Disable(&'a Named),
    Enable(&'a Named),
    ResetPassword(&'a Named),
}

/// What came of it.
enum Outcome {
    /// The user as he is now, or with what was made for him, in the words of the HTTP interface.
    Done(Value),
    /// Why nothing was done.
    Refused(String),
}

/// Of whom there is none.
fn nobody(named: &Named) -> Outcome {
    Outcome::Refused(format!("{named} is no user"))
}

/// Whose name is somebody's already, as after an `add` whose answer nobody saw.
fn taken(name: &LoginName) -> Outcome {
    let name = name.as_str();
    Outcome::Refused(format!(
        "{name} is a user already; `fintech user reset-password {name}` makes another password or secret"
    ))
}

/// Runs it.
pub(crate) fn run(command: &Command) -> Result<End, Failure> {
    let runtime = runtime::build("users")?;
    match command {
        Command::List(list) => runtime.block_on(run_list(&list.way)),
        Command::Add(add) => runtime.block_on(run_act(&add.act(), &add.way)),
        Command::Grant(Grant { whom, right, way }) => {
            runtime.block_on(run_act(&Act::Grant(&whom.user, &right.right), way))
        }
        Command::Revoke(Revoke { whom, right, way }) => {
            runtime.block_on(run_act(&Act::Revoke(&whom.user, &right.right), way))
        }
        Command::Disable(Disable { whom, way }) => {
            runtime.block_on(run_act(&Act::Disable(&whom.user), way))
        }
        Command::Enable(Enable { whom, way }) => {
            runtime.block_on(run_act(&Act::Enable(&whom.user), way))
        }
        Command::ResetPassword(ResetPassword { whom, way }) => {
            runtime.block_on(run_act(&Act::ResetPassword(&whom.user), way))
        }
    }
}

impl Add {
    fn act(&self) -> Act<'_> {
        let (kind, name) = match (&self.new.email, &self.new.service) {
            (Some(email), _) => (UserKind::Person, email),
            (None, Some(service)) => (UserKind::Service, service),
            (None, None) => unreachable!("one of the group is required"),
        };
        Act::Add { kind, name, rights: &self.rights }
    }
}

async fn run_list(way: &Way) -> Result<End, Failure> {
    let users = match way.at.source()? {
        Source::Server(url) => on_server::list(&url, &way.access).await?,
        Source::Folder(data) => in_folder::list(&data).await?,
    };
    if way.json {
        output::json(&users)?;
        return Ok(End::Done);
    }
    let rows: Vec<_> = users.iter().map(row).collect();
    output::table(&rows)?;
    if users.is_empty() {
        output::tell("There are no users; the first `fintech serve` makes an operator.");
    }
    Ok(End::Done)
}

async fn run_act(act: &Act<'_>, way: &Way) -> Result<End, Failure> {
    let (outcome, at) = match way.at.source()? {
        Source::Server(url) => {
            (on_server::act(act, &url, &way.access).await?, client::at(url.trim_end_matches('/')))
        }
        Source::Folder(data) => (in_folder::act(act, &data).await?, String::new()),
    };
    let shown = match outcome {
        Outcome::Refused(why) => {
            output::tell(format_args!("fintech: {why}"));
            return Ok(End::Flawed);
        }
        Outcome::Done(shown) => shown,
    };
    if way.json {
        output::json(&shown)?;
        return Ok(End::Done);
    }
    output::table(&[row(shown.get("user").unwrap_or(&shown))])?;
    for (name, words) in
        [("one_time_password", "password for one time"), ("client_secret", "secret")]
    {
        if let Some(secret) = shown.get(name).and_then(Value::as_str) {
            output::line(format_args!("{words}: {secret}"))?;
        }
    }
    if shown.get("one_time_password").is_some_and(Value::is_string) {
        let name = shown.pointer("/user/name").and_then(Value::as_str).unwrap_or_default();
        output::tell(format_args!(
            "It is good for 7 days, to choose one of his own by `fintech password --email {name}{at}`."
        ));
    }
    Ok(End::Done)
}

/// A user in words.
fn row(user: &Value) -> [String; 5] {
    let text = |name| user.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rights = user.get("rights").and_then(Value::as_array).into_iter().flatten();
    let rights: Vec<_> = rights.filter_map(Value::as_str).collect();
    [text("sub"), text("state"), text("kind"), text("name"), rights.join(" ")]
}
