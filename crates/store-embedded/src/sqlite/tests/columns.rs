//! What is written in any column is read back.

use std::sync::Arc;

use kernel::AnyRecord as _;
use kernel::record::{Account, Hash32, Shard};
use kernel::text::Words;
use kernel::{
    AnyId, Currency, EventId, GoalId, Id, LoanId, PaymentId, Record, Subject, Time, WalletId,
};
use proptest::prelude::*;

use super::kinds::{Link, Sample, at, link, said, said_in_full, sample, silent, speaking};
use super::{Database, assert_same};
use crate::rows::Batch;

fn full() -> Sample {
    Sample {
        open: Shard::all().last(),
        due_at: Some(Time::MIN),
        created_at: Time::MAX,
        signed: i64::MAX,
        count: u64::from(u32::MAX) << 20,
        small: 0,
        text: "it's \"quoted\"; \u{0} שלום \u{1F4B0}".to_owned(),
        order: Some(Words::new("x").unwrap()),
        currency: "KWD".parse().unwrap(),
        sub: Some(Subject::new("alice").unwrap()),
        account: Account::Goal(GoalId::from_uuid(u128::MAX)),
        about: Some(LoanId::from_uuid(0).any()),
        hash: Hash32([0; 32]),
        body_hash: Some(Hash32([255; 32])),
        ..sample(1)
    }
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let mut database = Database::new();
    let rows = [silent(full(), 1), silent(sample(2), 3), silent(link(1, 0), 1)];
    database.put_records(rows.clone());
    let reader = database.reader();
    for row in &rows {
        assert_same(&reader.get(row.kind(), row.key()).unwrap().unwrap(), row);
    }
    assert!(reader.get(Sample::KIND, sample(3).key()).unwrap().is_none());
    assert!(reader.get(Link::KIND, link(1, 1).key()).unwrap().is_none());
}

#[test]
fn a_later_version_takes_the_place_of_the_former() {
    let mut database = Database::new();
    let first = Sample { small: 1, ..full() };
    let (second, events) = speaking(
        Sample { small: 2, body_hash: None, ..full() },
        (2, 5),
        &[said_in_full(1), said(2)],
    );
    database.put_records([silent(first, 1)]);
    database.put(Batch { records: vec![second.clone()], events, ..Batch::default() });
    let reader = database.reader();
    let key = second.key();
    assert_same(&reader.get(Sample::KIND, key).unwrap().unwrap(), &second);

    // Of several in one batch the last counts, also where it says nothing any more.
    let third = silent(Sample { small: 3, ..full() }, 3);
    let fourth = silent(Sample { small: 4, ..full() }, 4);
    database.put_records([third, fourth.clone()]);
    assert_same(&reader.get(Sample::KIND, key).unwrap().unwrap(), &fourth);
}

#[test]
fn a_batch_that_is_there_already_is_passed_over() {
    let mut database = Database::new();
    database.put_records([silent(Sample { small: 1, ..sample(1) }, 1)]);
    let again = Batch {
        number: 1,
        records: vec![silent(Sample { small: 2, ..sample(1) }, 2)],
        ..Batch::default()
    };
    database.writer.apply(&again).unwrap();
    let reader = database.reader();
    let found = reader.get(Sample::KIND, sample(1).key()).unwrap().unwrap();
    assert_eq!(found.version, 1);
    assert_eq!((reader.folded().unwrap(), database.writer.folded()), (1, 1));
}

#[test]
fn heads_and_causes_are_found_in_their_chain_alone() {
    let mut database = Database::new();
    let links = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)];
    database.put_records(links.map(|(wallet, sequence)| silent(link(wallet, sequence), 1)));
    let reader = database.reader();
    let wallet = |id: u128| WalletId::from_uuid(id).into();
    let check_head = |of: u128, expected: Option<u64>| {
        let head = reader.head(Link::KIND, wallet(of)).unwrap();
        assert_eq!(head.and_then(|row| row.key().sequence), expected, "{of}");
    };
    check_head(1, Some(2));
    check_head(2, Some(1));
    check_head(3, None);
    let check_cause = |of: u128, cause: u128, expected: Option<u64>| {
        let cause = EventId::from_uuid(cause).any();
        let found = reader.caused(Link::KIND, wallet(of), cause).unwrap();
        assert_eq!(found.map(|row| row.key()), expected.map(|at| link(of, at).key()), "{cause}");
    };
    check_cause(1, 2, Some(2));
    check_cause(2, 1, Some(1));
    check_cause(2, 2, None);
    check_cause(3, 0, None);
}

fn ids() -> impl Strategy<Value = AnyId> {
    let payment = any::<u128>().prop_map(|id| PaymentId::from_uuid(id).any());
    let loan = any::<u128>().prop_map(|id| LoanId::from_uuid(id).any());
    prop_oneof![payment, loan]
}

prop_compose! {
    fn samples()(
        (id, signed, small, text) in (any::<u128>(), any::<i64>(), any::<u32>(), any::<String>()),
        (count, created_at, due_at) in
            (0..=u64::MAX >> 1, any::<i64>(), proptest::option::of(any::<i64>())),
        (about, hash, body_hash) in
            (proptest::option::of(ids()), any::<[u8; 32]>(), proptest::option::of(any::<[u8; 32]>())),
        (order, yen) in (proptest::option::of("[a-z' \"]{0,62}x"), any::<bool>()),
    ) -> Sample {
        Sample {
            signed,
            count,
            small: if small == 13 { 14 } else { small },
            text,
            created_at: at(created_at),
            due_at: due_at.map(at),
            order: order.map(|text| Words::new(&text).unwrap()),
            currency: if yen { "JPY".parse().unwrap() } else { Currency::USD },
            about,
            hash: Hash32(hash),
            body_hash: body_hash.map(Hash32),
            ..sample(id)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read(samples in proptest::collection::vec(samples(), 1..8)) {
        let mut database = Database::new();
        database.put_records(samples.iter().map(|sample| silent(sample.clone(), 1)));
        let reader = database.reader();
        for sample in samples {
            let found = reader.get(Sample::KIND, sample.key()).unwrap().unwrap();
            prop_assert_eq!(&*Arc::clone(&found.record).as_any().downcast::<Sample>().unwrap(), &sample);
        }
    }
}
