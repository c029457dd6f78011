//! Everything that can be wrong with a request, over every operation: each is refused by a problem
//! document that names what is wrong, and afterwards everything is as it was.
//! Not in here: who may call, see `access`; rules that say no to one service alone, which it tests.

mod bodies;
mod fields;
mod headers;
mod keys;
mod paths;
mod queries;
mod rules;

use kernel::manifest::{Method, Operation, Who};
use serde_json::Value;

use crate::contract::{operations, served};
use crate::samples::{Sample, sample};
use crate::site::{Actor, Answer, Asked, Site};

/// A sample of an operation, and what is stored now that everything it is about is there.
struct Scene {
    site: Site,
    actor: Actor,
    sample: Sample,
    state: Vec<String>,
}

impl Scene {
    async fn of(operation: &'static Operation) -> Self {
        let site = Site::new();
        let sample = sample(&site, operation).await;
        let state = site.state().await;
        Self { site, actor: actor_of(operation), sample, state }
    }

    fn name(&self) -> &'static str {
        self.sample.operation.name
    }

    /// The sample's request, which would work.
    fn asked(&self) -> Asked {
        self.saying(&self.sample.body)
    }

    fn saying(&self, body: &Value) -> Asked {
        Asked::of(self.actor, &self.sample.asked(), body)
    }

    /// Sends what is wrong; see [`Answer::line`].
    #[track_caller]
    fn refuses(&self, asked: Asked, expected: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let what = self.told(&asked);
            let answer = self.site.send(&asked).await;
            assert_eq!(answer.line(), expected, "{place}: {what}: {answer:?}");
            expect_problem(&asked, &answer);
            assert!(self.site.state().await == self.state, "{place}: {what} did something");
        }
    }

    /// A request in few words, for whoever reads why a test failed.
    fn told(&self, asked: &Asked) -> String {
        let body: String = String::from_utf8_lossy(&asked.body).chars().take(200).collect();
        let path: String = asked.path.chars().take(200).collect();
        format!("{} {} {path} {body}", self.name(), asked.method)
    }

    /// In the end, the sample works: nothing but what was wrong stood in its way.
    async fn works(self) {
        let answer = self.site.send(&self.asked()).await;
        let what = self.told(&self.asked());
        assert!(matches!(answer.status, 200 | 201), "{what}: {answer:?}");
    }
}

fn actor_of(operation: &Operation) -> Actor {
    if operation.who.contains(&Who::Owner) { Actor::Owner } else { Actor::Operator }
}

/// Every operation that takes a body.
fn posts() -> Vec<&'static Operation> {
    let all = operations().into_iter();
    let posts: Vec<_> = all.filter(|operation| operation.method == Method::Post).collect();
    assert!(posts.len() > 10, "{posts:?}");
    posts
}

/// The same, and those of signing in where they are served.
fn served_posts() -> Vec<&'static Operation> {
    let all = served().into_iter();
    all.filter(|operation| operation.method == Method::Post).collect()
}

/// Whether a failure says all that a problem document says.
fn expect_problem(asked: &Asked, answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let path = asked.path.split('?').next().unwrap();
    assert_eq!(answer.at("/instance"), path);
    assert_eq!(Some(answer.at("/request_id").as_str()), answer.header("x-request-id"));
    assert_eq!(answer.json["status"], answer.status);
    assert!(answer.at("/type").starts_with("https://fintech.example/problems/"), "{answer:?}");
    assert!(!answer.at("/title").is_empty());
    let detail = answer.at("/detail");
    assert!(detail.ends_with('.') && detail.len() < 1000, "{answer:?}");
    for word in ["serde", "rusqlite", "axum", "panic", "src/"] {
        assert!(!answer.text.contains(word), "{word} is not for callers: {answer:?}");
    }
    if answer.status == 400 {
        let errors = answer.json["errors"].as_array().unwrap();
        assert!(!errors.is_empty(), "{answer:?}");
        for error in errors {
            let message = error["message"].as_str().unwrap();
            assert!(!message.is_empty() && !message.ends_with('.'), "{answer:?}");
        }
    }
}
