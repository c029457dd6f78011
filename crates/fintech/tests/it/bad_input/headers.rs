//! Headers that no request may come with: another media type, a name that is not this program's, a
//! key that is none. Not in here: what a good key is for, see `keys`.

use super::{Scene, posts, served_posts};
use crate::contract::operations;
use crate::samples::sample;
use crate::site::{Asked, Site};
use crate::transport;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_json_is_taken() {
    let types = [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/merge-patch+json",
        "application/json; charset=latin1",
        "application/json, text/plain",
        "",
        "json",
    ];
    for operation in served_posts() {
        let scene = Scene::of(operation).await;
        let unsupported = "415 unsupported-media-type";
        for media_type in types {
            scene.refuses(scene.asked().with("content-type", media_type), unsupported).await;
        }
        scene.refuses(scene.asked().without("content-type"), unsupported).await;
        let two = scene.asked().with_another("content-type", "application/json");
        scene.refuses(two, unsupported).await;
        for encoding in ["gzip", "br", "identity"] {
            scene.refuses(scene.asked().with("content-encoding", encoding), unsupported).await;
        }
        for media_type in ["application/json; charset=UTF-8", "Application/JSON;charset=\"utf-8\""]
        {
            // Taken; what is wrong is something else.
            let body = scene.asked().saying("[]").with("content-type", media_type);
            scene.refuses(body, "400 malformed body").await;
        }
        scene.works().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_host_is_turned_away_everywhere() {
    let foreign = [
        "evil.example",
        "evil.example:8080",
        "127.0.0.2:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8080",
        "[::1]:8080",
        "0.0.0.0",
        "localhost:8080:8080",
        "localhost@evil.example",
        "",
    ];
    for operation in operations() {
        let scene = Scene::of(operation).await;
        if !transport::CHECKS_HOSTS {
            // The gateway answers to its own names alone, before anything is asked here.
            let answer = scene.site.send(&scene.asked().with("host", "evil.example")).await;
            assert!(matches!(answer.status, 200 | 201), "{}: {answer:?}", operation.name);
            continue;
        }
        for host in foreign {
            scene.refuses(scene.asked().with("host", host), "421 misdirected").await;
        }
        scene.refuses(scene.asked().without("host"), "400 malformed Host").await;
        let two = scene.asked().with_another("host", "evil.example");
        scene.refuses(two, "400 malformed Host").await;
        let mut absolute = scene.asked();
        absolute.path = format!("http://evil.example{}", absolute.path);
        let answer = scene.site.send(&absolute).await;
        assert_eq!(answer.line(), "421 misdirected");
        assert!(scene.site.state().await == scene.state, "{} did something", operation.name);
        for host in ["localhost", "LOCALHOST:9", "127.0.0.1"] {
            let answer = scene.site.send(&scene.asked().with("host", host).query("x=1")).await;
            assert_ne!(answer.status, 421, "{host}: {answer:?}");
        }
    }
}

/// What a browser sends on behalf of another site's page changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_change_nothing() {
    for operation in served_posts() {
        let scene = Scene::of(operation).await;
        if !transport::CHECKS_HOSTS {
            // No browser sends a token by itself, and which pages may is the gateway's to say.
            let asked = scene.asked().with("origin", "https://evil.example");
            let answer = scene.site.send(&asked).await;
            assert!(matches!(answer.status, 200 | 201), "{}: {answer:?}", operation.name);
            continue;
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.2:8080", "evil"] {
            scene.refuses(scene.asked().with("origin", origin), "403 forbidden").await;
        }
        let cross = scene.asked().with("sec-fetch-site", "cross-site");
        scene.refuses(cross, "403 forbidden").await;
        scene.works().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_visible_and_there_once() {
    let long = "k".repeat(256);
    for operation in posts() {
        let scene = Scene::of(operation).await;
        for key in ["", " ", "a b", "a\tb", "\u{e9}", &long] {
            let asked = scene.asked().with("idempotency-key", key);
            scene.refuses(asked, "400 malformed Idempotency-Key").await;
        }
        // The gateway makes one of two: `a,a`, which is a key.
        if transport::KEEPS_HEADERS_APART {
            let one = scene.asked().with("idempotency-key", "a");
            let two = one.with_another("idempotency-key", "a");
            scene.refuses(two, "400 malformed Idempotency-Key").await;
        }
        let longest = scene.asked().with("idempotency-key", &"k".repeat(255));
        let answer = scene.site.send(&longest).await;
        assert!(matches!(answer.status, 200 | 201), "{}: {answer:?}", operation.name);
    }
}

/// Headers that are only malformed, and of which nothing depends, are passed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_matter_stands_in_nobodys_way() {
    let site = Site::new();
    for operation in operations() {
        let sample = sample(&site, operation).await;
        let asked = Asked::of(super::actor_of(operation), &sample.asked(), &sample.body)
            .with("x-request-id", "two words")
            .with("traceparent", "00-zz-zz-zz")
            .with("if-none-match", "W/\"x\", nonsense")
            .with("accept", "nonsense;q=x");
        let answer = site.send(&asked).await;
        assert!(matches!(answer.status, 200 | 201), "{}: {answer:?}", operation.name);
        assert_ne!(answer.header("x-request-id"), Some("two words"));
        let named = site.send(&asked.with("x-request-id", "my.request-1_A")).await;
        assert_eq!(named.header("x-request-id"), Some("my.request-1_A"));
    }
}
