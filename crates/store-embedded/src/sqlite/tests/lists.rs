//! Lists: their order, their bounds, their pages, and that each page is a search in its index.

use kernel::AnyRecord as _;
use kernel::record::Shard;
use kernel::store::{Order, Place, Query};
use kernel::{Id, PaymentId, Record, Subject, Value, WalletId};
use proptest::prelude::*;
use rusqlite::StatementStatus;

use super::Database;
use super::kinds::{Link, Sample, at, link, sample, silent};
use crate::rows::RecordRow;
use crate::sqlite::table::Table;
use Order::{NewestFirst, OldestFirst};

fn by_wallet(wallet: u128, order: Order) -> Query {
    Query {
        kind: Sample::KIND,
        index: Some("by_wallet"),
        partition: Value::Id(WalletId::from_uuid(wallet).any()),
        from: None,
        to: None,
        after: None,
        order,
        limit: 100,
    }
}

/// Samples of wallet 1 by id and time, and one of another's.
fn with_samples(samples: &[(u128, i64)]) -> Database {
    let mut database = Database::new();
    let sample_at = |(id, time): (u128, i64)| Sample { created_at: at(time), ..sample(id) };
    let others = Sample { wallet_id: WalletId::from_uuid(2), ..sample_at((99, 15)) };
    let records = samples.iter().copied().map(sample_at).chain([others]);
    database.put_records(records.map(|record| silent(record, 1)));
    database
}

fn ids(rows: &[RecordRow]) -> Vec<u128> {
    rows.iter().map(|row| row.key().id.uuid).collect()
}

#[test]
fn a_list_is_in_order_and_within_its_bounds() {
    let database = with_samples(&[(1, 10), (2, 20), (3, 20), (4, 20), (5, 30)]);
    let reader = database.reader();
    let check = |from: Option<i64>, to: Option<i64>, expected: &[u128]| {
        let query = Query { from, to, ..by_wallet(1, OldestFirst) };
        assert_eq!(ids(&reader.list(&query).unwrap()), expected, "{from:?} {to:?}");
        let query = Query { from, to, ..by_wallet(1, NewestFirst) };
        let mut reversed = ids(&reader.list(&query).unwrap());
        reversed.reverse();
        assert_eq!(reversed, expected, "{from:?} {to:?}, newest first");
    };
    check(None, None, &[1, 2, 3, 4, 5]);
    check(Some(20), None, &[2, 3, 4, 5]);
    check(Some(21), None, &[5]);
    check(None, Some(20), &[1]);
    check(None, Some(21), &[1, 2, 3, 4]);
    check(Some(10), Some(30), &[1, 2, 3, 4]);
    check(Some(20), Some(20), &[]);
    check(Some(31), None, &[]);
    check(None, Some(i64::MIN), &[]);
    check(Some(i64::MIN), Some(i64::MAX), &[1, 2, 3, 4, 5]);
}

#[test]
fn a_page_goes_on_after_its_place() {
    let database = with_samples(&[(1, 10), (2, 20), (3, 20), (4, 20), (5, 30)]);
    let reader = database.reader();
    let check = |(sort, id): (i64, u128), order, from: Option<i64>, to, expected: &[u128]| {
        let after = Some(Place { sort, key: sample(id).key() });
        let query = Query { after, from, to, limit: 2, ..by_wallet(1, order) };
        assert_eq!(ids(&reader.list(&query).unwrap()), expected, "{sort} {id} {order:?}");
    };
    check((20, 2), OldestFirst, None, None, &[3, 4]);
    check((20, 4), OldestFirst, None, None, &[5]);
    check((30, 5), OldestFirst, None, None, &[]);
    check((20, 3), NewestFirst, None, None, &[2, 1]);
    check((20, 2), NewestFirst, Some(20), None, &[]);
    check((20, 2), OldestFirst, None, Some(21), &[3, 4]);
    // A record that is no longer there is a place all the same.
    check((15, 77), OldestFirst, None, None, &[2, 3]);
    // A place outside the bounds does not widen them.
    check((10, 1), OldestFirst, Some(30), None, &[5]);
    check((30, 5), NewestFirst, None, Some(20), &[1]);
}

#[test]
fn the_entries_of_a_chain_are_listed_by_their_sequence() {
    let mut database = Database::new();
    let links = (0..5).map(|sequence| link(1, sequence)).chain([link(2, 0)]);
    database.put_records(links.map(|link| silent(link, 1)));
    let reader = database.reader();
    let check = |order, from, to, after: Option<u64>, expected: &[u64]| {
        let place = |sequence| Place {
            sort: i64::try_from(sequence).unwrap(),
            key: link(1, sequence).key(),
        };
        let query = Query {
            kind: Link::KIND,
            index: None,
            partition: Value::Id(link(1, 0).account_id.any()),
            from,
            to,
            after: after.map(place),
            order,
            limit: 3,
        };
        let rows = reader.list(&query).unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.key().sequence.unwrap()).collect();
        assert_eq!(found, expected, "{order:?} {from:?} {to:?} {after:?}");
    };
    check(OldestFirst, None, None, None, &[0, 1, 2]);
    check(OldestFirst, None, None, Some(2), &[3, 4]);
    check(OldestFirst, Some(3), None, None, &[3, 4]);
    check(OldestFirst, Some(1), Some(3), Some(1), &[2]);
    check(NewestFirst, None, None, None, &[4, 3, 2]);
    check(NewestFirst, None, None, Some(2), &[1, 0]);
    check(NewestFirst, Some(1), Some(4), None, &[3, 2, 1]);
}

#[test]
fn what_lacks_the_partition_or_the_sort_value_is_in_no_list() {
    let mut database = Database::new();
    let shard = Shard::all().next();
    let open =
        |id, open, due_at: Option<i64>| Sample { open, due_at: due_at.map(at), ..sample(id) };
    let samples = [open(1, shard, Some(5)), open(2, None, Some(5)), open(3, shard, None)];
    database.put_records(samples.map(|sample| silent(sample, 1)));
    let query =
        Query { index: Some("open"), partition: Value::Integer(0), ..by_wallet(1, OldestFirst) };
    let reader = database.reader();
    assert_eq!(ids(&reader.list(&query).unwrap()), [1]);
    assert_eq!(ids(&reader.list(&Query { order: NewestFirst, ..query.clone() }).unwrap()), [1]);
    assert!(reader.list(&Query { partition: Value::Null, ..query }).unwrap().is_empty());

    // A record that changes leaves the index, and comes back.
    database.put_records([silent(open(1, None, None), 2), silent(open(3, shard, Some(9)), 2)]);
    assert_eq!(ids(&reader.list(&query).unwrap()), [3]);
}

#[test]
fn chains_in_an_index_are_ordered_by_id_then_sequence() {
    let mut database = Database::new();
    let owner = Subject::new("alice").unwrap();
    let owned = |wallet, sequence| Link {
        owner: Some(owner.clone()),
        booked_at: at(1),
        ..link(wallet, sequence)
    };
    let links = [owned(2, 1), owned(1, 2), owned(2, 0), owned(1, 10), link(3, 0)];
    database.put_records(links.map(|link| silent(link, 1)));
    let reader = database.reader();
    let mut query = Query {
        kind: Link::KIND,
        index: Some("by_owner"),
        partition: Value::from("alice"),
        limit: 1,
        ..by_wallet(1, OldestFirst)
    };
    let mut found = Vec::new();
    while let Some(row) = reader.list(&query).unwrap().pop() {
        query.after = Some(Place { sort: 1, key: row.key() });
        found.push(format!("{}/{}", row.key().id.uuid, row.key().sequence.unwrap()));
    }
    assert_eq!(found, ["1/2", "1/10", "2/0", "2/1"]);
}

#[test]
fn every_statement_is_a_search_without_a_sort() {
    let database = Database::new();
    let connection = rusqlite::Connection::open(database.path()).unwrap();
    let plan = |sql: &str| {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan = statement.raw_query().mapped(|row| row.get::<_, String>(3));
        plan.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let check = |sql: &str, by: &str| assert_eq!(plan(sql), format!("SEARCH {by}"), "{sql}");
    let sample = Table::new(Sample::KIND);
    let key = "sample USING PRIMARY KEY";
    check(&sample.get, &format!("{key} (sample_id=?)"));
    check(&sample.scan, &format!("{key} (sample_id>?)"));
    assert_eq!(plan(&sample.keys), "SCAN sample");
    let index = "sample USING INDEX sample_";
    let list = |name: &str| sample.lists.iter().find(|list| list.index == Some(name)).unwrap();
    for (name, partition, sort) in [
        ("by_wallet", "wallet_id", "created_at"),
        ("open", "open", "due_at"),
        ("by_text", "text", "count"),
    ] {
        let (by, place) =
            (format!("{index}{name} ({partition}=? AND "), format!("({sort},sample_id)"));
        check(list(name).sql(OldestFirst), &format!("{by}{place}>(?,?) AND {sort}<?)"));
        check(list(name).sql(NewestFirst), &format!("{by}{sort}>? AND {place}<(?,?))"));
    }

    let link = Table::new(Link::KIND);
    let key = "link USING PRIMARY KEY";
    check(&link.get, &format!("{key} (account_id=? AND sequence=?)"));
    check(&link.head, &format!("{key} (account_id=?)"));
    check(&link.scan, &format!("{key} ((account_id,sequence)>(?,?))"));
    let caused = link.caused.as_deref().unwrap();
    check(caused, "link USING INDEX link_cause (cause=? AND account_id=?)");
}

#[test]
fn a_statement_is_planned_once() {
    let database = with_samples(&[(1, 10), (2, 20)]);
    let reader = database.reader();
    for limit in 1..5 {
        reader.list(&Query { limit, ..by_wallet(1, OldestFirst) }).unwrap();
    }
    let (_, table) = database.schema.table(Sample::KIND);
    let list = table.lists.iter().find(|list| list.index == Some("by_wallet")).unwrap();
    let statement = reader.prepare("sample", list.sql(OldestFirst)).unwrap();
    assert_eq!(statement.get_status(StatementStatus::Run), 4);
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Page after page gives everything once and in order, however many records share a sort value.
    #[test]
    fn pages_add_up(
        times in proptest::collection::vec(0_i64..4, 0..24),
        limit in 1_usize..6,
        newest in any::<bool>(),
        from in proptest::option::of(0_i64..4),
        to in proptest::option::of(0_i64..5),
    ) {
        let samples: Vec<(u128, i64)> = (1..).zip(times.iter().copied()).collect();
        let database = with_samples(&samples);
        let reader = database.reader();
        let order = if newest { NewestFirst } else { OldestFirst };
        let mut expected: Vec<(i64, u128)> = samples.iter().map(|(id, time)| (*time, *id)).collect();
        expected.retain(|(time, _)| {
            from.is_none_or(|from| *time >= from) && to.is_none_or(|to| *time < to)
        });
        expected.sort_unstable();
        if newest {
            expected.reverse();
        }
        let mut found: Vec<(i64, u128)> = Vec::new();
        loop {
            let after = found.last().map(|(sort, id)| {
                Place { sort: *sort, key: kernel::Key::id(PaymentId::from_uuid(*id)) }
            });
            let query = Query { from, to, after, limit, ..by_wallet(1, order) };
            let page = reader.list(&query).unwrap();
            let length = page.len();
            found.extend(page.into_iter().map(|row| {
                let id = row.key().id.uuid;
                (samples.iter().find(|(of, _)| *of == id).unwrap().1, id)
            }));
            if length < limit {
                break;
            }
        }
        prop_assert_eq!(found, expected);
    }
}
