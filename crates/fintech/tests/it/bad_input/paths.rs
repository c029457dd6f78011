//! Paths: ids that are of nothing, of another kind, or none; routes and methods that there are not.

use serde_json::Value;

use super::Scene;
use crate::contract::operations;
use crate::site::{Actor, Answer, Asked, Site};
use crate::transport;

const UUID: &str = "01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_are_of_nothing_are_not_found() {
    let prefixes = ["wal", "loan", "pay", "trf", "hold", "ref", "rep", "goal", "evt", "x"];
    let long = "x".repeat(5_000);
    let none = ["x", "%00", "%ff", "%2e%2e", "..%2f..%2fetc", "1-2-3", "%20", "-1", "null", &long];
    for operation in operations().into_iter().filter(|operation| operation.path.contains('{')) {
        let scene = Scene::of(operation).await;
        // A list by wallet shows what is the caller's, of any wallet: perhaps nothing.
        let is_list = operation.path.contains("/by-wallet/");
        for (name, id) in &scene.sample.ids {
            let own = id.split('_').next().unwrap();
            let others = prefixes.iter().filter(|prefix| !(is_list && **prefix == own));
            let mut wrong: Vec<_> = others.map(|prefix| format!("{prefix}_{UUID}")).collect();
            wrong.extend(none.map(str::to_owned));
            if id.contains('_') {
                wrong.push(id.to_uppercase());
                wrong.push(id.replace('-', ""));
                wrong.push(format!("{id}%20"));
            }
            for wrong in wrong {
                let path = scene.sample.about(name, &wrong).asked();
                let asked = Asked::of(scene.actor, &path, &scene.sample.body);
                scene.refuses(asked, "404 not-found").await;
            }
        }
        scene.works().await;
    }
}

/// A movement of one wallet is none of another, a refund of one payment none of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ids_belong_together() {
    for operation in operations().into_iter().filter(|one| one.path.matches('{').count() == 2) {
        let scene = Scene::of(operation).await;
        let other = crate::samples::sample(&scene.site, operation).await;
        let scene = Scene { state: scene.site.state().await, ..scene };
        for (name, id) in &other.ids {
            let path = scene.sample.about(name, id).asked();
            let asked = Asked::of(scene.actor, &path, &scene.sample.body);
            scene.refuses(asked, "404 not-found").await;
        }
        scene.works().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_no_other_paths_and_methods() {
    for operation in operations() {
        let scene = Scene::of(operation).await;
        for more in ["/", "/more", "//", "%2f", "/.."] {
            let mut asked = scene.asked();
            asked.path = format!("{}{more}", asked.path.split('?').next().unwrap());
            let answer = scene.site.send(&asked).await;
            // What follows may be an id, where there is a route for one.
            let is_path = is_no_route(&answer)
                || matches!(answer.line().as_str(), "404 not-found" | "405 method-not-allowed");
            assert!(is_path, "{}: {answer:?}", scene.told(&asked));
            assert!(scene.site.state().await == scene.state, "{}", scene.told(&asked));
        }
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FROBNICATE"] {
            let mut asked = scene.asked();
            method.clone_into(&mut asked.method);
            let answer = scene.site.send(&asked).await;
            if !is_no_route(&answer) {
                assert_eq!(answer.line(), "405 method-not-allowed", "{}", scene.told(&asked));
                assert!(answer.header("allow").is_some(), "{answer:?}");
                super::expect_problem(&asked, &answer);
            }
            assert!(scene.site.state().await == scene.state, "{}", scene.told(&asked));
        }
        scene.works().await;
    }
    let site = Site::new();
    for path in ["/", "/nothing", "/wallets", "/WALLET", "/openapi.json/x", "/%ff"] {
        for method in ["GET", "POST"] {
            let asked = Asked::of(Actor::Operator, &format!("{method} {path}"), &Value::Null);
            let answer = site.send(&asked).await;
            if !is_no_route(&answer) {
                assert_eq!(answer.line(), "404 not-found", "{method} {path}: {answer:?}");
                super::expect_problem(&asked, &answer);
            }
        }
    }
}

/// The gateway's own answer, which has its own body, where there is no route.
fn is_no_route(answer: &Answer) -> bool {
    !transport::ANSWERS_EVERY_PATH && answer.line() == "404"
}
