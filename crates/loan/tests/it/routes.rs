//! The routes: what each answers, to whom, and to input that makes no sense.

use std::time::Duration;

use crate::client::{Client, application};
use crate::scene::{failed, funded, wallet};

#[tokio::test]
async fn an_application_is_answered_with_its_terms() {
    let client = Client::new();
    let made = client.post("alice", "/loan", &application()).await;
    assert_eq!(made.status, 201);
    let wallet_id = wallet().to_string();
    for (field, expected) in [
        ("wallet_id", wallet_id.as_str()),
        ("status", "PENDING"),
        ("amount", "1000.00"),
        ("currency", "USD"),
        ("interest_rate", "8.0"),
        ("minimum_payment", "86.99"),
    ] {
        assert_eq!(made.text(field), expected, "{field}");
    }
    assert_eq!(made.body["loan_term_months"], 12);
    assert!(made.body["funded_at"].is_null() && made.body["reason"].is_null());
    let path = format!("/loan/{}", made.text("loan_id"));
    assert_eq!(made.header("location"), format!("/v1{path}"));
    let read = client.get("alice", &path).await;
    assert_eq!((read.status, &read.body), (200, &made.body));
    let unchanged = format!("if-none-match: {}", read.header("etag"));
    let again = client.send("alice", &format!("GET {path}"), &unchanged, "").await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn what_an_application_may_not_say() {
    let client = Client::new();
    let wallet_id = wallet().to_string();
    let loan_id = wallet_id.replace("wal_", "loan_");
    let base = [
        ("wallet_id", format!("\"{wallet_id}\"")),
        ("amount", "\"10.00\"".to_owned()),
        ("loan_term_months", "12".to_owned()),
    ];
    for (field, value, status, named) in [
        ("amount", "10", 201, ""),
        ("amount", "\"0.00\"", 400, "amount"),
        ("amount", "-1", 400, "amount"),
        ("amount", "1e3", 400, "amount"),
        ("amount", "\"5.001\"", 400, "amount"),
        ("amount", "\" 5\"", 400, "amount"),
        ("amount", "null", 400, "amount"),
        ("amount", "true", 400, "amount"),
        ("amount", "\"90071992547409.91\"", 400, "amount"),
        ("amount", "1000000000000000000000000000000", 400, "amount"),
        ("currency", "\"JPY\"", 400, "amount"),
        ("currency", "\"XAU\"", 400, "currency"),
        ("loan_term_months", "0", 400, "loan_term_months"),
        ("loan_term_months", "361", 400, "loan_term_months"),
        ("loan_term_months", "-1", 400, "loan_term_months"),
        ("loan_term_months", "12.5", 400, "loan_term_months"),
        ("loan_term_months", "\"12\"", 400, "loan_term_months"),
        ("loan_term_months", "360", 201, ""),
        ("wallet_id", "\"\"", 400, "wallet_id"),
        ("wallet_id", &format!("\"{loan_id}\""), 400, "wallet_id"),
        ("purpose", "\"a car\"", 400, "purpose"),
    ] {
        let mut fields: Vec<_> = base.iter().filter(|(name, _)| *name != field).collect();
        let changed = (field, value.to_owned());
        fields.push(&changed);
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        let body = format!("{{{}}}", fields.join(", "));
        let answer = client.post("alice", "/loan", &body).await;
        assert_eq!(answer.status, status, "{body} {answer:?}");
        assert_eq!(answer.body["errors"][0]["field"].as_str().unwrap_or_default(), named, "{body}");
    }
    for missing in ["wallet_id", "amount", "loan_term_months"] {
        let fields = base.iter().filter(|(name, _)| *name != missing);
        let fields: Vec<_> = fields.map(|(name, value)| format!("\"{name}\": {value}")).collect();
        let answer = client.post("alice", "/loan", &format!("{{{}}}", fields.join(", "))).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["field"]), (400, &missing.into()));
    }
}

#[tokio::test]
async fn a_key_gives_the_first_application_again() {
    let client = Client::new();
    let key = "idempotency-key: abc";
    let first = client.send("alice", "POST /loan", key, &application()).await;
    let path = format!("/loan/{}/reject", first.text("loan_id"));
    assert_eq!(client.post("olga", &path, "").await.status, 200);
    let again = client.send("alice", "POST /loan", key, &application()).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = application().replace("1000.00", "1000.01");
    let refused = client.send("alice", "POST /loan", key, &other).await;
    assert_eq!((refused.status, refused.problem()), (422, "idempotency-key-reused"));
    let elsewhere = client.send("bob", "POST /loan", key, &application()).await;
    assert_ne!(elsewhere.text("loan_id"), first.text("loan_id"));
}

#[tokio::test]
async fn who_may_do_what() {
    let client = Client::new();
    let loan_id = client.apply().await;
    let of_wallet = format!("GET /loan/by-wallet/{}", wallet());
    for (line, nobody, stranger, applicant, operator) in [
        (format!("GET /loan/{loan_id}"), 401, 404, 200, 200),
        (of_wallet, 401, 200, 200, 200),
        ("GET /loan?status=PENDING".to_owned(), 401, 403, 403, 200),
        (format!("POST /loan/{loan_id}/reject"), 401, 403, 403, 200),
        (format!("POST /loan/{loan_id}/approve"), 401, 403, 403, 409),
    ] {
        for (who, expected) in
            [("", nobody), ("bob", stranger), ("alice", applicant), ("olga", operator)]
        {
            let answer = client.send(who, &line, "", "").await;
            assert_eq!(answer.status, expected, "{who} {line} {answer:?}");
        }
    }
}

#[tokio::test]
async fn lists_show_what_the_caller_may_see() {
    let client = Client::new();
    let mut loans = Vec::new();
    for _ in 0..3 {
        loans.push(client.apply().await);
    }
    let ids = |answer: &crate::client::Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().unwrap();
        items.iter().map(|loan| loan["loan_id"].as_str().unwrap().to_owned()).collect()
    };
    let of_wallet = format!("/loan/by-wallet/{}", wallet());
    let newest_first: Vec<_> = loans.iter().rev().cloned().collect();
    assert_eq!(ids(&client.get("alice", &of_wallet).await), newest_first);
    assert_eq!(ids(&client.get("olga", &of_wallet).await), newest_first);
    assert!(ids(&client.get("bob", &of_wallet).await).is_empty());

    let queue = client.get("olga", "/loan?status=PENDING&limit=2").await;
    assert_eq!(ids(&queue), loans[..2]);
    let next = format!("/loan?status=PENDING&limit=2&cursor={}", queue.text("next_cursor"));
    let next = client.get("olga", &next).await;
    assert_eq!(ids(&next), loans[2..]);
    assert!(next.body["next_cursor"].is_null());
    assert!(ids(&client.get("olga", "/loan?status=REJECTED").await).is_empty());

    for (query, field) in [
        ("", "status"),
        ("?status=LOST", "status"),
        ("?status=PENDING&wallet=1", "wallet"),
        ("?status=PENDING&limit=0", "limit"),
        ("?status=PENDING&cursor=forged", "cursor"),
    ] {
        let answer = client.get("olga", &format!("/loan{query}")).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (400, &field.into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let client = Client::new();
    let wrong = wallet().to_string();
    let nowhere = wrong.replace("wal_", "loan_");
    for line in [
        format!("GET /loan/{nowhere}"),
        format!("GET /loan/{wrong}"),
        "GET /loan/1".to_owned(),
        format!("POST /loan/{nowhere}/approve"),
        format!("POST /loan/{nowhere}/reject"),
        format!("GET /loan/by-wallet/{nowhere}"),
    ] {
        assert_eq!(client.send("olga", &line, "", "").await.status, 404, "{line}");
    }
}

#[tokio::test]
async fn an_approval_is_a_saga() {
    let client = Client::new();
    let loan_id = client.apply().await;
    let path = format!("/loan/{loan_id}/approve");
    let started = client.post("olga", &path, "").await;
    assert_eq!((started.status, started.text("status")), (202, "APPROVED"));
    assert_eq!(started.header("location"), format!("/v1/loan/{loan_id}"));
    assert!(started.body["funded_at"].is_null());
    let twice = client.post("olga", &path, "").await;
    assert_eq!((twice.status, twice.problem()), (409, "wrong-state"));

    client.scene.hear(&failed(&client.scene.approval()));
    let read = client.get("alice", &format!("/loan/{loan_id}")).await;
    assert_eq!((read.text("status"), read.text("reason")), ("FUNDING_FAILED", "wallet-closed"));

    // Approved again, and waited for.
    let line = format!("POST {path}");
    let waits = client.send("olga", &line, "prefer: wait=5\nidempotency-key: k", "");
    let answers = async {
        tokio::task::yield_now().await;
        client.scene.hear(&funded(&client.scene.approval()));
    };
    let (over, ()) = tokio::join!(waits, answers);
    assert_eq!((over.status, over.text("status")), (200, "APPROVED"));
    assert!(over.body["funded_at"].is_string(), "{over:?}");
    assert_eq!((over.header("preference-applied"), &over.body["attempt"]), ("wait", &2.into()));
    // The same key again: the loan as it is now, as `Prefer` asks.
    let again = client.send("olga", &line, "prefer: wait=5\nidempotency-key: k", "").await;
    assert_eq!((again.status, &again.body), (200, &over.body));
    let again = client.send("olga", &line, "idempotency-key: k", "").await;
    assert_eq!((again.status, &again.body), (202, &over.body));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_202() {
    let client = Client::new();
    let line = format!("POST /loan/{}/approve", client.apply().await);
    let started = tokio::time::Instant::now();
    let answer = client.send("olga", &line, "prefer: wait=3", "").await;
    assert_eq!((answer.status, answer.header("preference-applied")), (202, ""));
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

#[tokio::test]
async fn a_rejection_is_final_and_says_why() {
    let client = Client::new();
    let path = format!("/loan/{}/reject", client.apply().await);
    for (body, field) in [
        (r#"{"reason": ""}"#, "reason"),
        (r#"{"reason": 5}"#, "reason"),
        (r#"{"why": "no"}"#, "why"),
        ("{\"reason\": \"a\\u0000b\"}", "reason"),
        ("{\"reason\": \"a\\u202eb\"}", "reason"),
    ] {
        let answer = client.post("olga", &path, body).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (400, &field.into()),
            "{body}"
        );
    }
    let rejected = client.post("olga", &path, r#"{"reason": "income"}"#).await;
    assert_eq!((rejected.status, rejected.text("status")), (200, "REJECTED"));
    assert_eq!(rejected.text("reason"), "income");
    assert_eq!(client.post("olga", &path, "").await.status, 409);
}

#[tokio::test]
async fn a_loan_that_could_not_be_funded_can_be_rejected() {
    let client = Client::new();
    let loan_id = client.apply().await;
    let path = format!("/loan/{loan_id}");
    client.post("olga", &format!("{path}/approve"), "").await;
    let on_its_way = client.post("olga", &format!("{path}/reject"), "").await;
    assert_eq!((on_its_way.status, on_its_way.problem()), (409, "wrong-state"));
    assert_eq!(
        on_its_way.text("detail"),
        "The loan is APPROVED; only one that is PENDING or FUNDING_FAILED can be rejected."
    );
    client.scene.hear(&failed(&client.scene.approval()));
    let reason = r#"{"reason": "the wallet is in yen"}"#;
    let rejected = client.post("olga", &format!("{path}/reject"), reason).await;
    assert_eq!((rejected.status, rejected.text("status")), (200, "REJECTED"));
    let read = client.get("alice", &path).await;
    assert_eq!((read.text("reason"), &read.body["attempt"]), ("the wallet is in yen", &1.into()));
    assert_eq!(client.post("olga", &format!("{path}/approve"), "").await.status, 409);
}

#[tokio::test]
async fn every_operation_has_its_route() {
    let routes = loan::routes(loan::rate::RateTable::default());
    let mounted: Vec<_> = routes.operations().iter().map(|operation| operation.name).collect();
    let declared: Vec<_> =
        loan::MANIFEST.operations.iter().map(|operation| operation.name).collect();
    assert_eq!(mounted, declared);
}
