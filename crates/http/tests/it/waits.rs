//! `Prefer: wait`. Not in here: what a saga does.

use std::time::Duration;

use kernel::record::Shard;
use kernel::{Id, PaymentId, Time, WalletId};

use crate::notes::Note;
use crate::service::{Answer, Service};

fn note(done: u32) -> Note {
    let note_id = PaymentId::from_uuid(7);
    Note {
        note_id,
        wallet_id: WalletId::from_uuid(1),
        shard: Shard::of(note_id),
        created_at: Time::from_micros(0),
        done,
    }
}

async fn start(service: &Service, prefer: &[&str]) -> Answer {
    let line = format!("POST /v1/start/{}", PaymentId::from_uuid(7));
    let headers: Vec<_> = prefer.iter().map(|prefer| ("prefer", *prefer)).collect();
    service.send(&line, &headers, "").await
}

fn assert_accepted(answer: &Answer) {
    let location = format!("/v1/note/{}", PaymentId::from_uuid(7));
    assert_eq!((answer.status, answer.header("location")), (202, Some(&*location)));
    assert_eq!(answer.header("preference-applied"), None);
}

#[tokio::test]
async fn without_a_preference_the_answer_comes_at_once() {
    let service = Service::new();
    service.put(note(0)).await;
    for prefer in [
        &[][..],
        &["wait=0"],
        &["wait"],
        &["wait=x"],
        &["wait=-1"],
        &["wait=1.5"],
        &["waits=5"],
        &["respond-async"],
        &["wait=0, wait=5"],
        &[""],
        &["=5"],
    ] {
        assert_accepted(&start(&service, prefer).await);
    }
    service.put(note(1)).await;
    assert_accepted(&start(&service, &[]).await);
}

#[tokio::test]
async fn an_end_that_is_there_or_comes_is_answered() {
    for prefer in [
        "wait=10",
        "wait=\"10\"",
        "respond-async, WAIT = 10",
        "wait=10; x=y",
        "wait=99999999999999999999",
    ] {
        let service = Service::new();
        service.put(note(0)).await;
        let other = service.clone();
        let changing = tokio::spawn(async move {
            // A change that is not the end goes before it.
            other.put(note(2)).await;
            tokio::task::yield_now().await;
            other.put(note(1)).await;
        });
        let answer = start(&service, &[prefer]).await;
        changing.await.unwrap();
        assert_eq!((answer.status, answer.body["done"].as_u64()), (200, Some(1)), "{prefer}");
        assert_eq!(answer.header("preference-applied"), Some("wait"));
        let again = start(&service, &[prefer]).await;
        assert_eq!((again.status, again.body), (200, answer.body));
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_has_an_end() {
    let service = Service::new();
    service.put(note(0)).await;
    for (prefer, seconds) in [("wait=2", 2), ("wait=10", 10), ("wait=3600", 10)] {
        let started = tokio::time::Instant::now();
        assert_accepted(&start(&service, &[prefer]).await);
        // The clock is the test's own: it stands still until everybody waits.
        let waited = started.elapsed();
        let asked = Duration::from_secs(seconds);
        assert!(waited >= asked && waited < asked + Duration::from_secs(1), "{prefer}: {waited:?}");
    }
}

/// How many requests of one customer wait at once.
const CUSTOMER_MAX: usize = 256;

/// A preference may go unheard: whoever has his share of those who wait is answered at once, and keeps
/// nobody else from waiting.
#[tokio::test(start_paused = true)]
async fn a_customer_has_his_share_of_those_who_wait_and_no_more() {
    let service = Service::new();
    service.put(note(0)).await;
    let ask = async |caller: &str| {
        let headers = [("prefer", "wait=10"), ("x-test-caller", caller)];
        let line = format!("POST /v1/start/{}", PaymentId::from_uuid(7));
        service.send_as_nobody(&line, &headers, b"").await
    };
    let started = tokio::time::Instant::now();
    let answered_at = async |caller: &str| {
        let answer = ask(caller).await;
        (answer.status, started.elapsed().as_secs())
    };
    let all = (0..CUSTOMER_MAX + 20).map(|_| answered_at("alice"));
    let (of_alice, of_bob) = tokio::join!(futures_util::future::join_all(all), answered_at("bob"));
    let at_once = of_alice.iter().filter(|answered| **answered == (202, 0)).count();
    let waited = of_alice.iter().filter(|answered| **answered == (202, 10)).count();
    assert_eq!((at_once, waited), (20, CUSTOMER_MAX));
    assert_eq!(of_bob, (202, 10));
    // The house's own are not counted.
    for own in ["service shop payments", "operator olga"] {
        let started = tokio::time::Instant::now();
        let all = (0..CUSTOMER_MAX + 20).map(|_| ask(own));
        futures_util::future::join_all(all.map(async |answer| {
            assert_eq!(answer.await.status, 202, "{own}");
            assert_eq!(started.elapsed().as_secs(), 10, "{own}");
        }))
        .await;
    }
    // What she had is given back.
    let again = tokio::time::Instant::now();
    ask("alice").await;
    assert_eq!(again.elapsed().as_secs(), 10);
}
