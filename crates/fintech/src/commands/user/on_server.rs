//! Users of a running server, by its HTTP interface. What its answers are is said in `identity::bodies`.

use http_api::ProblemKind;
use hyper::StatusCode;
use identity::records::UserKind;
use kernel::SubId;
use serde_json::{Value, json};

use super::{Act, Named, Outcome, nobody, taken};
use crate::client::{AccessOptions, Answer, Client};
use crate::end::Failure;

/// How many users are asked for at once; the most that a server gives.
const PAGE: usize = 100;

/// All of them, newest first.
pub(super) async fn list(url: &str, access: &AccessOptions) -> Result<Vec<Value>, Failure> {
    let mut client = Client::connect(url, access).await?;
    let mut users = Vec::new();
    let mut cursor = Some(String::new());
    while let Some(at) = cursor {
        let page = page(&mut client, &at).await?;
        users.extend(page.users);
        cursor = page.next;
    }
    Ok(users)
}

/// Does it.
pub(super) async fn act(
    act: &Act<'_>,
    url: &str,
    access: &AccessOptions,
) -> Result<Outcome, Failure> {
    let mut client = Client::connect(url, access).await?;
    let (whom, verb, body) = match act {
        Act::Add { kind, name, rights } => {
            let field = match kind {
                UserKind::Person => "email",
                UserKind::Service => "service",
            };
            let rights: Vec<_> = rights.iter().map(|right| right.as_str()).collect();
            let body = json!({ field: name.as_str(), "rights": rights });
            let path = "/v1/auth/users";
            let answer = client.try_post(path, &body).await?;
            if answer.is_problem(ProblemKind::NameTaken) {
                return Ok(taken(name));
            }
            return outcome(&client, path, answer);
        }
        Act::Grant(whom, right) => (whom, "grant", json!({ "right": right.as_str() })),
        Act::Revoke(whom, right) => (whom, "revoke", json!({ "right": right.as_str() })),
        Act::Disable(whom) => (whom, "disable", json!({})),
        Act::Enable(whom) => (whom, "enable", json!({})),
        Act::ResetPassword(whom) => (whom, "reset-password", json!({})),
    };
    match find(&mut client, whom).await? {
        Some(sub) => {
            let path = format!("/v1/auth/users/{sub}/{verb}");
            let answer = client.try_post(&path, &body).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(nobody(whom));
            }
            outcome(&client, &path, answer)
        }
        None => Ok(nobody(whom)),
    }
}

/// What an answer says of a user; everything but that is wrong with the command or the server.
fn outcome(client: &Client, path: &str, answer: Answer) -> Result<Outcome, Failure> {
    match answer.status {
        status if status.is_success() => Ok(Outcome::Done(answer.body)),
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => {
            Ok(Outcome::Refused(client.told(path, &answer)))
        }
        _ => Err(client.failure(path, &answer)),
    }
}

/// Who is named so; none if nobody is.
async fn find(client: &mut Client, named: &Named) -> Result<Option<SubId>, Failure> {
    let name = match named {
        Named::Sub(sub) => return Ok(Some(*sub)),
        Named::Name(name) => name.as_str(),
    };
    let mut cursor = Some(String::new());
    while let Some(at) = cursor {
        let page = page(client, &at).await?;
        let is_he = |user: &&Value| user.get("name").and_then(Value::as_str) == Some(name);
        if let Some(found) = page.users.iter().find(is_he) {
            let sub = found.get("sub").and_then(Value::as_str).unwrap_or_default();
            return sub.parse().map(Some).map_err(Failure::cannot_run);
        }
        cursor = page.next;
    }
    Ok(None)
}

/// A page of users, and where the next one begins.
struct Page {
    users: Vec<Value>,
    next: Option<String>,
}

/// The page that begins there; the first one where that is empty.
async fn page(client: &mut Client, cursor: &str) -> Result<Page, Failure> {
    let from = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
    let answer = client.get(&format!("/v1/auth/users?limit={PAGE}{from}")).await?;
    let users = answer.body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let next = Some(answer.text("/next_cursor").to_owned()).filter(|next| !next.is_empty());
    Ok(Page { users, next })
}
