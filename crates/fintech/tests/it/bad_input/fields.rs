//! Fields whose values are none of theirs, one field at a time. Not in here: values that are well and
//! that a rule says no to, see `rules`.

use serde_json::Value;

use super::{Scene, posts, served_posts};
use crate::contract::place_of;

/// What is no amount of US dollars, as JSON.
const NO_AMOUNT: &[&str] = &[
    "\"1000000000000000000000000000000\"",
    "1000000000000000000000000000000",
    "\"90071992547409.92\"",
    "90071992547409.92",
    "\"1e3\"",
    "1e3",
    "1E+3",
    "1e-3",
    "1e400",
    "\" 5\"",
    "\"5 \"",
    "\"5.001\"",
    "5.001",
    "\"5.000\"",
    "\"-0\"",
    "-0",
    "-0.0",
    "\"-5.00\"",
    "-5",
    "\"0\"",
    "0",
    "0.00",
    "\"+5\"",
    "\"05\"",
    "\"5.\"",
    "\".5\"",
    "\"1,000.00\"",
    "\"1_000\"",
    "\"0x10\"",
    "\"NaN\"",
    "\"Infinity\"",
    "\"\"",
    "\"five\"",
    "\"$5\"",
    "\"5.00 USD\"",
    "\"\\u0665\"",
    "\"5\\u0000\"",
    "\"\\uff15\"",
];

const NO_CURRENCY: &[&str] = &[
    "\"usd\"",
    "\"US\"",
    "\"USDX\"",
    "\"XXX\"",
    "\"XAU\"",
    "\"ZZZ\"",
    "\"840\"",
    "840",
    "\"\"",
    "\" USD\"",
    "\"U\\u0000D\"",
    "\"\\u20ac\"",
    "\"DOLLAR\"",
];

const NO_WALLET_ID: &[&str] = &[
    "\"\"",
    "\"x\"",
    "5",
    "\"wal_\"",
    "\"01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"wal_01979e6c4a3b7c548d1e2f3a4b5c6d7e\"",
    "\"wal_01979E6C-4A3B-7C54-8D1E-2F3A4B5C6D7E\"",
    "\"WAL_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e \"",
    "\"wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7\"",
    "\"pay_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"loan_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"trf_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"hold_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"evt_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
    "\"goal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e\"",
];

/// What is no text that a person can trust, whatever its length.
const NO_TEXT: &[&str] = &[
    "\"\"",
    "\"   \"",
    "5",
    "\"a\\u0000b\"",
    "\"a\\nb\"",
    "\"a\\tb\"",
    "\"\\u001b[31m\"",
    "\"a\\u007f\"",
    "\"a\\u0085\"",
    "\"a\\u200b\"",
    "\"a\\u202eb\"",
    "\"a\\u2066b\"",
    "\"a\\u2028b\"",
    "\"\\ufeffa\"",
];

const NO_CAPTURE: &[&str] = &["\"\"", "\"Manual\"", "\"later\"", "5", "\"manual \""];

const NO_MONTHS: &[&str] = &[
    "0",
    "361",
    "-1",
    "-0",
    "1.5",
    "12.0",
    "1e1",
    "4294967308",
    "1000000000000000000000000000000",
    "\"12\"",
    "\"\"",
];

/// No field takes these.
const NOTHING: &[&str] =
    &["null", "true", "false", "[]", "{}", "[\"1.00\"]", "{\"amount\": \"1.00\"}"];

/// What is wrong for a field, as JSON; and how long its text may be, if it is one.
fn wrong_for(field: &str) -> (&'static [&'static str], Option<usize>) {
    match field {
        "amount" => (NO_AMOUNT, None),
        "currency" => (NO_CURRENCY, None),
        "wallet_id" | "to_wallet_id" => (NO_WALLET_ID, None),
        "description" | "reason" => (NO_TEXT, Some(256)),
        "reference" | "merchant_id" => (NO_TEXT, Some(64)),
        "capture" => (NO_CAPTURE, None),
        "loan_term_months" => (NO_MONTHS, None),
        _ => panic!("say here what is wrong for `{field}`"),
    }
}

/// The sample's body with another value of a field.
fn with_value(scene: &Scene, field: &str, value: &str) -> String {
    let fields = scene.sample.body.as_object().unwrap().iter();
    let members = fields.map(|(name, known)| {
        let known = known.to_string();
        format!("\"{name}\": {}", if name == field { value } else { &known })
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_says_what_is_wrong_with_it() {
    let mut count = 0;
    for operation in posts() {
        let scene = Scene::of(operation).await;
        let fields: Vec<_> = scene.sample.body.as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let (wrong, length) = wrong_for(&field);
            let expected = format!("400 malformed {field}");
            let too_long = length.map(|length| {
                [1, 10_000].map(|more| format!("\"{}\"", "\u{e9}".repeat(length + more)))
            });
            let too_long = too_long.iter().flatten().map(String::as_str);
            for value in wrong.iter().chain(NOTHING).copied().chain(too_long) {
                let body = with_value(&scene, &field, value);
                scene.refuses(scene.asked().saying(body), &expected).await;
                count += 1;
            }
        }
        scene.works().await;
    }
    println!("{count} values were refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_required_is_missed_by_name() {
    for operation in served_posts() {
        let scene = Scene::of(operation).await;
        let document = &scene.site.contract.document;
        let described = document.pointer(&place_of(operation)).unwrap();
        let schema = &described["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let schema = schema.as_str().map(|place| document.pointer(&place[1..]).unwrap());
        let required = schema.and_then(|schema| schema["required"].as_array()).cloned();
        let required: Vec<_> = required.unwrap_or_default();
        for field in required.iter().filter_map(Value::as_str) {
            let mut body = scene.sample.body.clone();
            body.as_object_mut().unwrap().remove(field);
            scene.refuses(scene.saying(&body), &format!("400 malformed {field}")).await;
        }
        // The first that is missing is named where there is nothing at all.
        if let Some(first) = required.first().and_then(Value::as_str) {
            let expected = format!("400 malformed {first}");
            scene.refuses(scene.asked().saying("{}"), &expected).await;
            scene.refuses(scene.asked().saying(""), &expected).await;
        }
        scene.works().await;
    }
}

/// Texts of every script are taken, and given back as they came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_of_every_script_are_taken_and_given_back() {
    let longest = "\u{1F3E6}".repeat(256);
    let texts = [
        "راتب شهر مارس",
        "משכורת של מרץ 25.50",
        "日本語の説明",
        "Zoë’s “tab” – 100 %",
        "e\u{301}",
        "'; DROP TABLE entry; --",
        "<script>alert(1)</script>",
        "=HYPERLINK(\"x\")",
        "\\u0000 as it stands",
        &longest,
    ];
    let scene = Scene::of(&wallet::manifest::CREDIT_WALLET).await;
    for text in texts {
        let mut body = scene.sample.body.clone();
        body["description"] = text.into();
        let answer = scene.site.send(&scene.saying(&body)).await.expect(200);
        assert_eq!(answer.at("/transaction/description"), text);
        let list = scene.sample.asked().replace("/credit", "/transactions?limit=1");
        let list = list.replace("POST", "GET");
        let list = scene.site.ask(scene.actor, &list, &Value::Null).await.expect(200);
        assert_eq!(list.at("/items/0/description"), text);
    }
}
