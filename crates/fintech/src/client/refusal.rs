//! What a server's problem means to whoever ran a command: its detail, or, where that speaks to who writes
//! programs, its title and what a command does about it. Not in here: a server that is not reached, see
//! `unreached`.

use http_api::ProblemKind;
use hyper::StatusCode;
use serde_json::Value;

use super::Answer;
use crate::end::Failure;

/// What is said beside a problem's `detail`.
enum Words {
    /// This and the title in place of it.
    Instead(&'static str),
    /// This after it.
    And(&'static str),
}

use Words::{And, Instead};

/// The kinds whose `detail` alone does not tell what a command can do. `{at}` is how a command says which
/// server, if that is not the usual one.
const WORDS: [(ProblemKind, Words); 7] = [
    (
        ProblemKind::Unauthorized,
        And(
            "Get one: export FINTECH_TOKEN=$(fintech token --email EMAIL{at}), or from the provider \
             that the server trusts",
        ),
    ),
    (
        ProblemKind::PasswordChangeRequired,
        Instead(
            "This password is for one time; choose your own: fintech password --email EMAIL{at}",
        ),
    ),
    (ProblemKind::Forbidden, And("FINTECH_TOKEN must be a token of somebody who may.")),
    (ProblemKind::Misdirected, And("Say it with --server.")),
    (ProblemKind::TooManyRequests, Instead("Nothing was done.")),
    (ProblemKind::Busy, Instead("Nothing was done.")),
    (ProblemKind::OutcomeUnknown, Instead("Look whether it was done before you do it once more.")),
];

/// Whom was asked for what, and how.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// `http://host:port`.
    pub(super) url: &'a str,
    pub(super) path: &'a str,
    pub(super) has_token: bool,
}

impl Asked<'_> {
    /// How the command ends by an answer that is no success: refused, or, where it may do it another
    /// time, unable to.
    pub(super) fn failure(self, answer: &Answer) -> Failure {
        let why = format!("{}: {}", self.url, self.told(answer));
        let is_of_now = answer.status == StatusCode::TOO_MANY_REQUESTS;
        if kind_of(answer).is_some() && answer.status.is_client_error() && !is_of_now {
            Failure::refused(why)
        } else {
            Failure::cannot_run(why)
        }
    }

    /// Why it is no success, and what to do.
    pub(super) fn told(self, answer: &Answer) -> String {
        let Some(kind) = kind_of(answer) else {
            let status = answer.status;
            return format!(
                "it answered {status}, not as `fintech serve` does; is it another program?"
            );
        };
        let words = WORDS.iter().find(|(known, _)| *known == kind).map(|(_, words)| words);
        let mut told = match words {
            Some(Instead(words)) => vec![format!("{}.", kind.title()), self.at(words)],
            Some(And(words)) => vec![self.detail(kind, answer).to_owned(), self.at(words)],
            None => vec![self.detail(kind, answer).to_owned()],
        };
        if let Some(seconds) = answer.retry_after {
            told.push(format!("Try again in {seconds} s."));
        }
        if kind == ProblemKind::Internal {
            told.push(format!("It is {}.", answer.text("/request_id")));
        }
        told.retain(|words| !words.is_empty());
        told.join(" ")
    }

    fn detail(self, kind: ProblemKind, answer: &Answer) -> &str {
        if kind == ProblemKind::Unauthorized && !self.has_token {
            return "It wants a token: FINTECH_TOKEN is empty, and there is no --token-file.";
        }
        if kind == ProblemKind::NotFound && self.path.starts_with("/v1/auth/") {
            return "This server has no accounts of its own: it trusts a provider's tokens, or lets \
                    everybody in.";
        }
        match answer.text("/detail") {
            "" => answer.text("/message"),
            detail => detail,
        }
    }

    fn at(self, words: &str) -> String {
        words.replace("{at}", &super::at(self.url))
    }
}

/// What went wrong: as a problem says, or, where a gateway before the server refused, as its status does.
pub(super) fn kind_of(answer: &Answer) -> Option<ProblemKind> {
    if let Some(named) = answer.body.get("type").and_then(Value::as_str) {
        return ProblemKind::from_slug(named.strip_prefix(ProblemKind::BASE)?);
    }
    match answer.status {
        StatusCode::UNAUTHORIZED => Some(ProblemKind::Unauthorized),
        StatusCode::FORBIDDEN => Some(ProblemKind::Forbidden),
        StatusCode::TOO_MANY_REQUESTS => Some(ProblemKind::TooManyRequests),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::end::exit_code;

    const HOME: &str = "http://127.0.0.1:8080";

    /// What is told of a problem with that detail, and how the command ends.
    fn check(kind: ProblemKind, asked: Asked<'_>, detail: &str, expected: (&str, u8)) {
        let body = json!({
            "type": format!("{}{}", ProblemKind::BASE, kind.slug()),
            "detail": detail, "request_id": "req-7",
        });
        let may_come_back = matches!(kind.status().as_u16(), 429 | 503);
        let answer =
            Answer { status: kind.status(), retry_after: may_come_back.then_some(7), body };
        assert_eq!(asked.told(&answer), expected.0, "{kind:?}");
        let failure = asked.failure(&answer);
        assert_eq!(failure.to_string(), format!("{}: {}", asked.url, expected.0));
        let code = format!("{:?}", exit_code(&Err(failure)));
        assert_eq!(code, format!("{:?}", std::process::ExitCode::from(expected.1)), "{kind:?}");
    }

    #[test]
    fn every_problem_that_speaks_of_http_is_told_as_what_a_command_does() {
        let with_token = Asked { url: HOME, path: "/v1/wallet", has_token: true };
        let without = Asked { has_token: false, ..with_token };
        let accounts = Asked { path: "/v1/auth/login", ..without };
        let elsewhere = Asked { url: "https://bank.example", ..accounts };

        let get = "Get one: export FINTECH_TOKEN=$(fintech token --email EMAIL), or from the provider \
                   that the server trusts";
        let none = "It wants a token: FINTECH_TOKEN is empty, and there is no --token-file.";
        check(ProblemKind::Unauthorized, without, "Send.", (&format!("{none} {get}"), 1));
        let over = format!("The token has expired; get a new one. {get}");
        let expired = "The token has expired; get a new one.";
        check(ProblemKind::Unauthorized, with_token, expired, (&over, 1));
        let choose = "Another password must be chosen. This password is for one time; choose your own: \
                      fintech password --email EMAIL --server https://bank.example";
        check(ProblemKind::PasswordChangeRequired, elsewhere, "POST.", (choose, 1));
        let wrong = "The name or what proves it is wrong; check both.";
        check(ProblemKind::SignInRefused, accounts, wrong, (wrong, 1));
        let role = "`x` is for operators only. FINTECH_TOKEN must be a token of \
                    somebody who may.";
        check(ProblemKind::Forbidden, with_token, "`x` is for operators only.", (role, 1));
        let of_others = "This server has no accounts of its own: it trusts a \
                         provider's tokens, or lets everybody in.";
        check(ProblemKind::NotFound, accounts, "There is nothing here.", (of_others, 1));
        let not_there = "There is no such wallet.";
        check(ProblemKind::NotFound, with_token, "There is no such wallet.", (not_there, 1));

        let slower = "Too many requests. Nothing was done. Try again in 7 s.";
        check(ProblemKind::TooManyRequests, accounts, "See `Retry-After`.", (slower, 3));
        let busy = "Too much is waiting. Nothing was done. Try again in 7 s.";
        check(ProblemKind::Busy, accounts, "Too much.", (busy, 3));
        let broke = "Tell an operator the request id. It is req-7.";
        check(ProblemKind::Internal, accounts, "Tell an operator the request id.", (broke, 3));
    }

    #[test]
    fn what_is_no_answer_of_a_server_of_ours_is_told_as_that() {
        let asked = Asked { url: HOME, path: "/v1/wallet", has_token: true };
        let answer = Answer { status: StatusCode::NOT_FOUND, retry_after: None, body: Value::Null };
        let told = asked.told(&answer);
        let expected =
            "it answered 404 Not Found, not as `fintech serve` does; is it another program?";
        assert_eq!(told, expected);
        assert!(matches!(asked.failure(&answer), Failure::CannotRun(_)));
    }

    #[test]
    fn what_a_gateway_refuses_is_told_by_its_status() {
        let asked = Asked { url: HOME, path: "/v1/wallet", has_token: true };
        let check = |status, message: &str, expected: &str| {
            let body = json!({ "message": message });
            let answer = Answer { status, retry_after: None, body };
            assert!(asked.told(&answer).starts_with(expected), "{}", asked.told(&answer));
        };
        check(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized Get one: export ");
        check(StatusCode::FORBIDDEN, "Forbidden", "Forbidden FINTECH_TOKEN must be ");
        check(StatusCode::TOO_MANY_REQUESTS, "Slow", "Too many requests. Nothing was done.");
    }
}
