//! Looks for secrets in what was logged: each that a test sent or was given, as it was, and whatever
//! looks like one. Not in here: where logs come from.

use std::io::{self, Write};
use std::sync::Once;

use parking_lot::Mutex;
use serde_json::Value;

/// How fields are called that hold a secret, or who somebody is: as a whole or in a part.
const FIELDS: [&str; 4] = ["password", "email", "token", "secret"];

/// Shorter ones are found everywhere.
const LENGTH_MIN: usize = 6;

/// Secrets that a log must not hold.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<Vec<String>>);

/// Those of the tests that have no server of their own but ask within their process.
pub(crate) static IN_PROCESS: Secrets = Secrets(Mutex::new(Vec::new()));

/// From now on what is logged within this process is searched for them.
pub(crate) fn log_within() {
    static LOGGING: Once = Once::new();
    LOGGING.call_once(|| {
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG);
        lines.with_writer(|| Searched).init();
    });
}

/// Where lines of a log within this process go: nowhere, and one with a secret fails the test that made
/// it.
struct Searched;

impl Write for Searched {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        IN_PROCESS.expect_none_in(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Secrets {
    /// Those in the headers of a request or an answer.
    pub(crate) fn note_header(&self, header: &str) {
        let (name, value) = header.split_once(':').unwrap_or_default();
        match name.trim().to_ascii_lowercase().as_str() {
            "authorization" => self.note(value.trim().rsplit(' ').next().unwrap_or_default()),
            "cookie" | "set-cookie" => {
                for cookie in value.split(';') {
                    self.note(cookie.split_once('=').unwrap_or_default().1);
                }
            }
            "idempotency-key" => self.note(value.trim()),
            _ => {}
        }
    }

    /// Those in a body.
    pub(crate) fn note_body(&self, body: &str) {
        if let Ok(body) = serde_json::from_str(body) {
            self.note_in(&body);
        }
    }

    fn note_in(&self, body: &Value) {
        match body {
            Value::Object(members) => {
                for (name, value) in members {
                    if FIELDS.iter().any(|field| name.contains(field)) {
                        self.note(value.as_str().unwrap_or_default());
                    }
                    self.note_in(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.note_in(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn note(&self, secret: &str) {
        // Tokens are found by how they look, and there are many.
        if secret.len() < LENGTH_MIN || secret == "Bearer" || secret.starts_with("eyJ") {
            return;
        }
        let mut known = self.0.lock();
        if known.iter().all(|one| one != secret) {
            known.push(secret.to_owned());
        }
    }

    /// Fails where one stands in the log.
    #[track_caller]
    pub(crate) fn expect_none_in(&self, log: &str) {
        for line in log.lines() {
            if let Some(found) = self.found_in(line) {
                panic!("{found} was logged: {line}");
            }
        }
    }

    fn found_in(&self, line: &str) -> Option<&'static str> {
        if self.0.lock().iter().any(|secret| line.contains(secret)) {
            return Some("a secret of the test");
        }
        let runs = |text: &str| {
            text.bytes()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
                .count()
        };
        let after = |mark: &str, length: usize| {
            line.match_indices(mark).any(|(at, _)| runs(&line[at + mark.len()..]) >= length)
        };
        if after("eyJ", 12) {
            return Some("a token");
        }
        if after("Bearer ", 12) || after("bearer ", 12) {
            return Some("a bearer token");
        }
        if line.contains("PRIVATE KEY") || line.contains("$argon2") {
            return Some("a key or a password's hash");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    #[should_panic(expected = "a token was logged")]
    fn a_secret_that_is_logged_within_the_process_fails_its_test() {
        log_within();
        tracing::debug!(token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIi", "answered");
    }

    #[test]
    fn secrets_are_found_where_they_are_logged() {
        let secrets = Secrets::default();
        secrets.note_header("Authorization: Bearer opaque-token-1");
        secrets.note_header("cookie: theme=light-blue; refresh=cookie-value-2");
        secrets.note_header("idempotency-key: my-key-3");
        secrets
            .note_body(&json!({ "email": "ada@example.org", "password": "sesame-4" }).to_string());
        secrets.note_body(&json!({ "given": [{ "refresh_token": "refresh-5" }] }).to_string());
        for (line, is_found) in [
            ("answered status=200 took_us=12", false),
            ("the bearer token is not valid", false),
            ("answered from=127.0.0.1 opaque-token-1", true),
            ("cookie=cookie-value-2", true),
            ("key my-key-3 was used", true),
            ("no such account: ada@example.org", true),
            ("wrong password sesame-4", true),
            (r#"{"message":"rotated","refresh":"refresh-5"}"#, true),
            ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIi", true),
            ("authorization: Bearer 0123456789abcdef", true),
            ("-----BEGIN PRIVATE KEY-----", true),
            ("hash $argon2id$v=19$m=19456", true),
        ] {
            assert_eq!(secrets.found_in(line).is_some(), is_found, "{line}");
        }
    }
}
