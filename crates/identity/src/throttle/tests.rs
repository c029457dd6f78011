//! Many tries at hours of the test's own. Not in here: what the routes make of a refusal.

use std::collections::HashSet;

use governor::clock::FakeRelativeClock;

use super::*;
use crate::hashing::{Hashing, HashingPlace};

fn from(text: &str) -> Option<ClientAddress> {
    Some(ClientAddress::new(text.parse().unwrap()))
}

/// A guess at that name from there.
fn guess<'a>(name: &'a str, address: &str) -> Try<'a> {
    Try { name, shown: "a guess", from: from(address) }
}

/// Whether a guess is admitted, wherever there is place.
fn is_admitted<C: Clock + Clone>(throttle: &Throttle<C>, name: &str, address: &str) -> bool {
    throttle.admit(guess(name, address), |_| Ok(())).is_ok()
}

/// How many of so many tries are let through.
fn admitted(
    throttle: &Throttle,
    tries: usize,
    attempt: impl Fn(usize) -> (String, String),
) -> usize {
    let is_let_through = |number: &usize| {
        let (name, address) = attempt(*number);
        is_admitted(throttle, &name, &address)
    };
    (0..tries).filter(is_let_through).count()
}

#[test]
fn a_name_from_an_address_is_tried_a_few_times() {
    let throttle = Throttle::new();
    let count = admitted(&throttle, 100, |_| ("ada@example.org".into(), "192.0.2.1".into()));
    assert!((6..10).contains(&count), "{count}");
    let again = guess("ada@example.org", "192.0.2.1");
    let refused = throttle.admit(again, |_| Ok(())).unwrap_err();
    assert_eq!(refused.kind(), ProblemKind::TooManyRequests);
    // Somebody else from elsewhere is not concerned, nor is she herself.
    for (name, address) in [("ben@example.org", "192.0.2.2"), ("ada@example.org", "192.0.2.2")] {
        assert!(is_admitted(&throttle, name, address), "{name} {address}");
    }
}

#[test]
fn many_names_from_one_address_and_many_addresses_for_one_name() {
    let throttle = Throttle::new();
    let spray = |number| (format!("user{number}@example.org"), "2001:db8::1".to_owned());
    let count = admitted(&throttle, 500, spray);
    assert!((30..40).contains(&count), "{count}");
    // Another address of the same network is the same.
    assert!(!is_admitted(&throttle, "x@y", "2001:db8::ffff"));

    let from_everywhere =
        |number| ("ada@example.org".to_owned(), format!("10.0.{}.{}", number / 250, number % 250));
    let own = Try { shown: "hers", ..guess("ada@example.org", "192.0.2.9") };
    throttle.admit(own, |_| Ok(())).unwrap();
    throttle.remember_proved(own);
    let count = admitted(&throttle, 500, from_everywhere);
    assert!((19..30).contains(&count), "{count}");
    // Nor by strangers whose pairs share a place with his.
    while throttle.strangers.pairs.count(throttle.pair(own)).is_ok() {}
    throttle.admit(own, |_| Ok(())).unwrap();
}

/// Two do the same at the same times: one guesses at a name that was proved from there, the other at one
/// that nobody has. Both also try some other name, which uses up what their address has.
#[test]
fn who_guesses_at_home_cannot_tell_whose_it_is_and_keeps_nobody_else_out() {
    let home = "192.0.2.1";
    let own = Try { shown: "hers", ..guess("ada@example.org", home) };
    let guesses = |guessed: &str| {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::by(&clock);
        throttle.remember_proved(own);
        let places = |name: &str| {
            let pair = throttle.pair(guess(name, home));
            [pair % PLACES, throttle.seed.hash_one(name) % PLACES]
        };
        let taken = places(guessed);
        let other = (0..9).map(|number| format!("{number}@example.org"));
        let other = other.into_iter().find(|other| {
            let places = places(other);
            places[0] != taken[0] && places[1] != taken[1]
        });
        let other = other.unwrap();
        let admit = |attempt| {
            clock.advance(Duration::from_millis(200));
            throttle.admit(attempt, Ok)
        };
        let guesses: Vec<_> = (0..400)
            .map(|number| admit(guess(if number % 4 == 0 { guessed } else { &other }, home)))
            .collect();
        // All that the address has left.
        while throttle
            .strangers
            .addresses
            .count(throttle.seed.hash_one(from(home).unwrap().network()))
            .is_ok()
        {}
        (guesses, throttle.admit(own, Ok))
    };
    let (of_hers, _) = guesses("ada@example.org");
    let (of_nobodys, her_own) = guesses("nobody@example.org");
    assert!(of_hers == of_nobodys, "they are told apart");
    assert_eq!(her_own, Ok(true));
}

/// A known try is answered otherwise than a guess: so it must not be found by guessing.
#[test]
fn what_proved_a_name_is_compared_as_seldom_as_passwords_are() {
    let clock = FakeRelativeClock::default();
    let throttle = Throttle::by(&clock);
    let own = Try { shown: "hers", ..guess("ada@example.org", "192.0.2.1") };
    throttle.remember_proved(own);
    let is_known = |attempt| throttle.is_known(throttle.pair(attempt), attempt);
    assert!((0..5).all(|_| !is_known(guess("ada@example.org", "192.0.2.1"))));
    assert!(is_known(own) && !is_known(own), "six at once");
    clock.advance(Duration::from_secs(10));
    assert!(is_known(own) && !is_known(own), "one in ten seconds");
    // Another password takes its place, and it is known nowhere else.
    clock.advance(Duration::from_secs(60));
    let newer = Try { shown: "newer", ..own };
    throttle.remember_proved(newer);
    assert!(is_known(newer) && !is_known(own));
    assert!(!is_known(Try { from: from("192.0.2.2"), ..newer }));
    assert!(!is_known(Try { name: "ben@example.org", ..newer }));
}

/// Of him alone, from everywhere.
#[test]
fn what_proved_a_name_is_forgotten_with_the_password() {
    let throttle = Throttle::by(&FakeRelativeClock::default());
    let tries = [("ada@example.org", "192.0.2.1"), ("ada@example.org", "192.0.2.2")];
    let other = guess("ben@example.org", "192.0.2.1");
    tries.into_iter().for_each(|(name, address)| throttle.remember_proved(guess(name, address)));
    throttle.remember_proved(other);
    throttle.forget_proved("ada@example.org");
    let is_known = |attempt| throttle.is_known(throttle.pair(attempt), attempt);
    assert!(tries.into_iter().all(|(name, address)| !is_known(guess(name, address))));
    assert!(is_known(other));
    let proved = throttle.proved.lock();
    assert_eq!((proved.known.len(), proved.order.len()), (1, 1));
}

/// What known tries take from the address is little too: who has many accounts hashes no more.
#[test]
fn known_tries_of_one_address_are_counted_too() {
    let throttle = Throttle::by(&FakeRelativeClock::default());
    let names: Vec<_> = (0..100).map(|number| format!("{number}@example.org")).collect();
    names.iter().for_each(|name| throttle.remember_proved(guess(name, "192.0.2.1")));
    let count = names.iter().filter(|name| is_admitted(&throttle, name, "192.0.2.1")).count();
    assert_eq!(count, 30);
}

/// A customer of a provider has 65,536 networks, and counts as two addresses all the same.
#[test]
fn all_networks_of_one_site_have_as_many_tries_as_two_addresses() {
    let clock = FakeRelativeClock::default();
    let throttle = Throttle::by(&clock);
    let mut count = 0;
    for second in 0..10 {
        for network in 0..2_000 {
            let name = format!("{second}.{network}@example.org");
            let address = format!("2001:db8:0:{network:x}::1");
            count += usize::from(is_admitted(&throttle, &name, &address));
        }
        assert!(is_admitted(&throttle, &format!("{second}@example.org"), "2001:db8:1::1"));
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(count, 60 + 9 * 2);
}

/// For a minute 64 addresses send 6,400 tries a second, each of another name, while the threads do
/// thirty. Whoever was at home before gets in each time that he asks.
#[test]
fn the_owner_at_home_gets_in_during_a_flood_from_elsewhere() {
    let clock = FakeRelativeClock::default();
    let throttle = Throttle::by(&clock);
    let hashing = Hashing::start().unwrap();
    let admit = |name: &str, address: &str| {
        throttle.admit(guess(name, address), |is_known| {
            if is_known { hashing.kept_place() } else { hashing.place() }
        })
    };
    // One that shares its place with none of theirs.
    let place = |address: &str| throttle.seed.hash_one(from(address).unwrap().network()) % PLACES;
    let theirs: HashSet<_> = (0..64).map(|number| place(&format!("198.51.100.{number}"))).collect();
    let home = (1..9).map(|number| format!("192.0.2.{number}"));
    let home = &*home.into_iter().find(|home| !theirs.contains(&place(home))).unwrap();
    let name = "ada@example.org";
    drop(admit(name, home).unwrap());
    throttle.remember_proved(guess(name, home));

    let (mut number, mut busy, mut done) = (0, 0, 0);
    let mut working: VecDeque<HashingPlace<'_>> = VecDeque::new();
    for tick in 1..=60 * 30 {
        // Each sends a hundred a second, all together at any time as many as at any other.
        for address in (0..64).filter(|address| (tick + address) % 30 == 0) {
            for _ in 0..100 {
                number += 1;
                let name = format!("{number}@example.org");
                match admit(&name, &format!("198.51.100.{address}")) {
                    Ok(place) => working.push_back(place),
                    Err(no) => busy += usize::from(no.kind() == ProblemKind::Busy),
                }
            }
        }
        if tick % 300 == 0 {
            let place = admit(name, home).map_err(|refused| refused.kind());
            working.push_back(place.unwrap());
            // Somebody else from there does not, for he is a stranger too.
            let ben = admit("ben@example.org", home).map_err(|refused| refused.kind());
            assert_eq!(ben.err(), Some(ProblemKind::Busy));
        }
        done += usize::from(working.pop_front().is_some());
        clock.advance(Duration::from_millis(34));
    }
    assert_eq!(done, 60 * 30, "there was always somebody");
    assert!(busy > done, "{busy}");
}

#[test]
fn what_an_address_has_too_many_of_or_finds_no_place_is_counted_of_no_name() {
    let throttle = Throttle::by(&FakeRelativeClock::default());
    let tried = |place: Result<(), Problem>, address: &str| {
        let name = format!("{}@example.org", throttle.names.limiter.len());
        drop(throttle.admit(guess(&name, address), |_| place));
        (throttle.strangers.pairs.limiter.len(), throttle.names.limiter.len())
    };
    let busy = || Err(Problem::new(ProblemKind::Busy, "no place"));
    assert_eq!((0..20).map(|_| tried(busy(), "192.0.2.1")).max(), Some((0, 0)));
    // Of thirty the others are left.
    let counted = (0..200).map(|_| tried(Ok(()), "192.0.2.1")).max().unwrap();
    assert!(counted.0 <= 10 && counted.1 <= 10, "{counted:?}");
    assert!(tried(Ok(()), "192.0.2.2") > counted);
}

#[test]
fn what_is_kept_is_bounded() {
    let throttle = Throttle::new();
    fn nowhere(name: &str) -> Try<'_> {
        Try { name, shown: "a guess", from: None }
    }
    let is_known =
        |name: &str| throttle.proved.lock().known.contains_key(&throttle.pair(nowhere(name)));
    let prove = |number: usize| throttle.remember_proved(nowhere(&number.to_string()));
    (0..PROVED_MAX).for_each(prove);
    // The first proves it again; then the second is the one that did so longest ago.
    prove(0);
    prove(PROVED_MAX);
    assert!(is_known("0") && !is_known("1") && is_known("2"));
    (0..PROVED_MAX * 2).for_each(prove);
    let proved = throttle.proved.lock();
    assert_eq!((proved.known.len(), proved.order.len()), (PROVED_MAX, PROVED_MAX));
    drop(proved);
    for number in 0..200_000_u32 {
        drop(throttle.admit(nowhere(&number.to_string()), |_| Ok(())));
    }
    for limit in [&throttle.strangers.pairs, &throttle.owners.pairs, &throttle.names] {
        assert!(u64::try_from(limit.limiter.len()).unwrap() <= PLACES);
    }
}
