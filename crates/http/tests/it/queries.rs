//! Paths and query strings. Not in here: lists, see `lists`.

use kernel::{Id, PaymentId, WalletId};

use crate::service::Service;

async fn check(path: &str, expected: &str) {
    let answer = Service::new().get(path).await;
    let found = match answer.status {
        200 => answer.body.to_string(),
        status => format!("{status} {}", answer.fields().join(" ")).trim_end().to_owned(),
    };
    assert_eq!(found, expected, "{path} gave {}", answer.body);
}

#[tokio::test]
async fn a_query_string_is_read_strictly() {
    let none = r#"{"at":null,"kind":null,"months":null}"#;
    check("/v1/at", none).await;
    check("/v1/at?", none).await;
    check("/v1/at?&", none).await;
    check(
        "/v1/at?at=2026-01-31T10:30:00%2B01:00&months=7&kind=manual",
        r#"{"at":"2026-01-31T09:30:00.000000Z","kind":"Manual","months":7}"#,
    )
    .await;
    for (query, field) in [
        ("at=yesterday", "at"),
        ("at=", "at"),
        ("at", "at"),
        ("kind=magic", "kind"),
        ("months=x", "months"),
        ("months=-1", "months"),
        ("months=256", "months"),
        ("months=1&months=2", "months"),
        ("months=1&mont%68s=2", "months"),
        ("colour=1", "colour"),
        ("colour=1&colour=2", "colour"),
        ("limit=5", "limit"),
        ("at=%ff", "at"),
        ("%ff=1", "query"),
        ("at[]=1", "at[]"),
        ("=1", "query"),
    ] {
        check(&format!("/v1/at?{query}"), &format!("400 {field}")).await;
    }
}

#[tokio::test]
async fn where_nothing_reads_the_query_string_nothing_stands_in_it() {
    let service = Service::new();
    for (query, field) in [("colour=1", "colour"), ("limit=5", "limit"), ("%ff=1", "query")] {
        for line in ["POST /v1/echo", "GET /v1/open", "GET /v1/owners"] {
            let answer = service.send(&format!("{line}?{query}"), &[], "").await;
            assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{line}?{query}");
        }
    }
    assert_eq!(service.get("/v1/owners?").await.status, 200);
}

#[tokio::test]
async fn ids_of_another_kind_are_not_found() {
    let (payment, wallet) = (PaymentId::from_uuid(7), WalletId::from_uuid(9));
    check(
        &format!("/v1/pair/{payment}/{wallet}"),
        &format!(r#"{{"a":"{payment}","b":"{wallet}"}}"#),
    )
    .await;
    check(&format!("/v1/pair/{wallet}/{payment}"), "404").await;
    check(&format!("/v1/pair/{payment}/{payment}"), "404").await;
    for wrong in
        ["x", "pay_", "pay_7", "%00", "%ff", "..", "pay_00000000-0000-0000-0000-00000000000G"]
    {
        check(&format!("/v1/pair/{wrong}/{wallet}"), "404").await;
        check(&format!("/v1/note/{wrong}"), "404").await;
    }
    let upper = payment.to_string().replace("pay_", "PAY_");
    check(&format!("/v1/note/{upper}"), "404").await;
}

#[tokio::test]
async fn a_part_of_a_path_is_decoded() {
    let answer = Service::new().post("/v1/part/a%2Fb", "").await;
    assert_eq!(answer.body["part"], "a/b");
    assert_eq!(Service::new().post("/v1/part/%ff", "").await.status, 404);
}
