//! `GET /payment/{transaction_id}/timeline`.

use std::time::Duration;

use kernel::saga::SayAgain;
use payment::manifest::UPDATE_AUTHORIZATION_STATUS;
use payment::records::Payment;

use super::super::world::authorized;
use super::site::Site;

#[tokio::test]
async fn a_timeline_tells_who_said_what_and_who_heard_it() {
    let site = Site::new();
    let id = site.world.payment_that_is("capturing 600");
    site.world.payment_that_is("pending");
    // It spoke twice, and one of its events was heard by somebody.
    site.world.store.pass(Duration::from_secs(90));
    assert!(site.world.decide(&SayAgain::<Payment>::of(id)));
    let mut heard = site.world.store.said().remove(0);
    heard.data = authorized(&site.world, id).into();
    site.world.store.deliver(&UPDATE_AUTHORIZATION_STATUS, &heard).unwrap();

    let answer = site.ask("anna", &format!("GET /payment/{id}/timeline"), "").await;
    assert_eq!(answer.line(), "200");
    let items = answer.json["items"].as_array().unwrap();
    let lines: Vec<_> = items
        .iter()
        .map(|item| {
            let event = &item["event"];
            assert_eq!(event["subject"], id.to_string());
            let deliveries = item["deliveries"].as_array().unwrap().len();
            (event["type"].as_str().unwrap(), item["said_by"].as_str().unwrap(), deliveries)
        })
        .collect();
    let expected =
        [("PAYMENT_REQUESTED", "payment", 1), ("PAYMENT_CAPTURE_REQUESTED", "payment", 0)];
    assert_eq!(lines, expected);
    let delivery = &items[0]["deliveries"][0];
    assert_eq!(delivery["subscription"], "update_authorization_status");
    assert_eq!((&delivery["attempts"], &delivery["state"]), (&1.into(), &"DELIVERED".into()));
    assert!(delivery["at"].is_string() && delivery["took_ms"].is_u64(), "{delivery}");
}
