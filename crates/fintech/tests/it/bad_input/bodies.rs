//! Bodies that are no JSON object of the fields that there are: their syntax, size, depth, keys.

use serde_json::{Map, Value, json};

use super::{Scene, served_posts};

/// The operation's own fields, as they work.
fn fields(scene: &Scene) -> Map<String, Value> {
    scene.sample.body.as_object().unwrap().clone()
}

/// The sample's body with something written before its first field.
fn with_first(scene: &Scene, text: &str) -> String {
    let body = scene.sample.body.to_string();
    let rest = body.strip_prefix('{').unwrap();
    if rest == "}" { format!("{{{text}}}") } else { format!("{{{text},{rest}") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_object_is_refused() {
    let wrong: [&[u8]; 22] = [
        b"{",
        b"}",
        b"not json",
        b"{} {}",
        b"{}x",
        b"{\"amount\":}",
        b"{\"amount\" \"1.00\"}",
        b"{'amount': '1.00'}",
        b"{\"amount\": \"1.00\",}",
        b"{\"amount\": NaN}",
        b"{\"amount\": Infinity}",
        b"{\"amount\": 01}",
        b"{\"amount\": \"1.00}",
        b"{\"amount\": \"\n\"}",
        b"{\"amount\": \"\\x\"}",
        b"\xef\xbb\xbf{}",
        b"{\"amount\": \"\xff\"}",
        b"[]",
        b"5",
        b"\"text\"",
        b"true",
        b"null",
    ];
    for operation in served_posts() {
        let scene = Scene::of(operation).await;
        for body in wrong {
            scene.refuses(scene.asked().saying(body), "400 malformed body").await;
        }
        // Half of a character that has two halves.
        let half = with_first(&scene, "\"\\ud800\": 1");
        scene.refuses(scene.asked().saying(half), "400 malformed body").await;
        scene.works().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_small_and_flat() {
    for operation in served_posts() {
        let scene = Scene::of(operation).await;
        let large = [
            with_first(&scene, &format!("\"x\": \"{}\"", "x".repeat(1024 * 1024))),
            format!("{}{}", " ".repeat(1024 * 1024), scene.sample.body),
            format!("{}{}", " ".repeat(64 * 1024), scene.sample.body),
            "[".repeat(1024 * 1024),
        ];
        for body in large {
            scene.refuses(scene.asked().saying(body), "413 body-too-large").await;
        }
        for (open, close, path) in [("[", "]", "[0]"), ("{\"x\":", "}", ".x")] {
            let nested = |levels: usize| {
                let value = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                scene.asked().saying(with_first(&scene, &format!("\"x\": {value}")))
            };
            let deepest = format!("400 malformed x{}", path.repeat(15));
            for levels in [16, 20, 100, 200, 1000, 8000] {
                scene.refuses(nested(levels), &deepest).await;
            }
            // Not too deep, and still unknown.
            scene.refuses(nested(10), "400 malformed x").await;
        }
        scene.works().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_known_and_there_once() {
    let long = "k".repeat(10_000);
    for operation in served_posts() {
        let scene = Scene::of(operation).await;
        for (name, value) in fields(&scene) {
            let same = with_first(&scene, &format!("\"{name}\": {value}"));
            scene.refuses(scene.asked().saying(same), &format!("400 malformed {name}")).await;
            let other = with_first(&scene, &format!("\"{name}\": \"other\""));
            scene.refuses(scene.asked().saying(other), &format!("400 malformed {name}")).await;
            // The same key in other letters is another key.
            let capital = name.to_uppercase();
            let unknown = with_first(&scene, &format!("\"{capital}\": {value}"));
            scene.refuses(scene.asked().saying(unknown), &format!("400 malformed {capital}")).await;
        }
        for key in ["surprise", "", "a.b", "amount ", "`", "__proto__", "مبلغ", "\u{202E}", &long]
        {
            let mut body = fields(&scene);
            body.insert(key.to_owned(), json!(1));
            let shown: String = key.chars().take(200).collect();
            let expected = format!("400 malformed {shown}");
            scene.refuses(scene.saying(&Value::Object(body)), &expected).await;
        }
        let twice = with_first(&scene, "\"surprise\": 1, \"surprise\": 1");
        scene.refuses(scene.asked().saying(twice), "400 malformed surprise").await;
        let escaped = with_first(&scene, "\"surprise\": 1, \"surpr\\u0069se\": 1");
        scene.refuses(scene.asked().saying(escaped), "400 malformed surprise").await;
        scene.works().await;
    }
}
