//! What a hand makes of an answer: is it the right one, and what must be so from then on?

use serde_json::Value;

use super::books::Move;
use super::client::Answer;
use super::hand::Hand;
use super::request::{Request, TOO_MUCH, What, money};
use super::thing::{End, Thing};

impl Hand {
    /// Takes in an answer.
    pub(super) fn acknowledged(&mut self, request: Request, answer: Answer) {
        self.tally.acknowledged += 1;
        match request.what {
            What::OpenWallet => self.opened(request, answer),
            What::Credit { minor } => self.moved(request, answer, ("CREDIT", minor)),
            What::Debit { minor: TOO_MUCH } => {
                expect(&request, &answer, 422);
                let kind = answer.body["type"].as_str().unwrap();
                assert!(kind.ends_with("/insufficient-funds"), "{answer:?}");
            }
            What::Debit { minor } => self.moved(request, answer, ("DEBIT", -minor)),
            What::Transfer { to, minor } => {
                let (kind, mark) = ("TRANSFER_IN", request.name.clone());
                self.moves.push(Move { wallet: to, kind, mark, minor, known: None, is_sure: true });
                self.moved(request, answer, ("TRANSFER_OUT", -minor));
            }
            What::Pay { minor, is_manual } => self.paid(request, answer, (minor, is_manual)),
            What::Capture { on, minor } => self.captured(request, &answer, (on, minor)),
            What::Void { on } => self.voided(request, &answer, on),
            What::Refund { on, minor } => self.refunded(request, answer, (on, minor)),
            What::Apply { minor } => self.applied(request, answer, minor),
            What::Approve { on } => self.approved(request, &answer, on),
        }
    }

    fn opened(&mut self, request: Request, answer: Answer) {
        expect(&request, &answer, 201);
        assert_eq!(answer.body["balance"], "0.00", "{request:?}");
        let place = format!("/wallet/{}", id(&answer.body, "wallet_id"));
        self.made(Some(place), request, answer, End::Same);
    }

    /// A movement that was booked at once.
    fn moved(&mut self, request: Request, answer: Answer, (kind, minor): (&'static str, i64)) {
        expect(&request, &answer, 200);
        let known = answer.body["transaction"].clone();
        assert_eq!(known["type"], kind, "{request:?}: {answer:?}");
        assert_eq!(known["amount"], money(minor), "{request:?}: {answer:?}");
        assert_eq!(known["reference"], request.name, "{request:?}: {answer:?}");
        let (wallet, mark) = (request.wallet, request.name.clone());
        self.moves.push(Move { wallet, kind, mark, minor, known: Some(known), is_sure: true });
        self.made(None, request, answer, End::Same);
    }

    fn paid(&mut self, request: Request, answer: Answer, (minor, is_manual): (i64, bool)) {
        let is_possible = minor != TOO_MUCH;
        let (status, reason, captured) = match (is_possible, is_manual) {
            (false, _) => ("FAILED", Some("insufficient-funds"), 0),
            (true, true) => ("AUTHORIZED", None, 0),
            (true, false) => ("SUCCESSFUL", None, minor),
        };
        let end = End::Payment { status, reason, captured, refunded: 0 };
        expect_named(&request, &answer, minor);
        let (wallet, mark) = (request.wallet, id(&answer.body, "transaction_id"));
        let is_sure = self.begun(format!("/payment/{mark}"), request, answer, end);
        if is_possible && is_manual {
            self.holds.push((wallet, minor));
        } else if is_possible {
            self.will_move((wallet, "PAYMENT_OUT"), (mark, -minor), is_sure);
        }
    }

    fn captured(&mut self, request: Request, answer: &Answer, (on, minor): (usize, i64)) {
        let wallet = self.released(on);
        let end = End::Payment { status: "SUCCESSFUL", reason: None, captured: minor, refunded: 0 };
        let mark = id(&answer.body, "transaction_id");
        let is_sure = self.changed(on, request, answer, end);
        self.will_move((wallet, "PAYMENT_OUT"), (mark, -minor), is_sure);
    }

    fn voided(&mut self, request: Request, answer: &Answer, on: usize) {
        self.released(on);
        let (status, reason) = ("VOIDED", Some("requested"));
        let end = End::Payment { status, reason, captured: 0, refunded: 0 };
        self.changed(on, request, answer, end);
    }

    /// The hold of a payment is gone; from which wallet.
    fn released(&mut self, on: usize) -> usize {
        let payment = &self.things[on].made_by;
        let What::Pay { minor, is_manual: true } = payment.what else {
            panic!("no hold was made by {payment:?}");
        };
        self.holds.push((payment.wallet, -minor));
        payment.wallet
    }

    fn refunded(&mut self, request: Request, answer: Answer, (on, minor): (usize, i64)) {
        expect_named(&request, &answer, minor);
        let payment = &mut self.things[on];
        let End::Payment { captured, refunded, .. } = payment.end else {
            panic!("no payment was refunded by {request:?}");
        };
        let refunded = refunded + minor;
        let status = if refunded == captured { "REFUNDED" } else { "SUCCESSFUL" };
        payment.end = End::Payment { status, reason: None, captured, refunded };
        let place = payment.place.clone().unwrap();
        let (wallet, mark) = (request.wallet, id(&answer.body, "refund_id"));
        let is_sure = self.begun(format!("{place}/refunds/{mark}"), request, answer, End::Refund);
        self.will_move((wallet, "REFUND_IN"), (mark, minor), is_sure);
    }

    fn applied(&mut self, request: Request, answer: Answer, minor: i64) {
        expect(&request, &answer, 201);
        assert_eq!(answer.body["amount"], money(minor), "{request:?}: {answer:?}");
        let place = format!("/loan/{}", id(&answer.body, "loan_id"));
        self.made(Some(place), request, answer, End::Loan { is_approved: false });
    }

    fn approved(&mut self, request: Request, answer: &Answer, on: usize) {
        let loan = &self.things[on].made_by;
        let What::Apply { minor } = loan.what else { panic!("no loan was made by {loan:?}") };
        let (wallet, mark) = (request.wallet, id(&answer.body, "loan_id"));
        let is_sure = self.changed(on, request, answer, End::Loan { is_approved: true });
        self.will_move((wallet, "LOAN_IN"), (mark, minor), is_sure);
    }

    /// A movement that a saga causes; `is_sure` if it is seen to have ended.
    fn will_move(
        &mut self,
        (wallet, kind): (usize, &'static str),
        (mark, minor): (String, i64),
        is_sure: bool,
    ) {
        self.moves.push(Move { wallet, kind, mark, minor, known: None, is_sure });
    }

    fn made(&mut self, place: Option<String>, request: Request, answer: Answer, end: End) {
        self.things.push(Thing::made(place, request, answer, end));
    }

    /// What a saga makes. Whether the saga is seen to have ended.
    fn begun(&mut self, place: String, request: Request, answer: Answer, end: End) -> bool {
        expect_saga(&request, &answer);
        let thing = Thing::made(Some(place), request, answer, end);
        if thing.made_by.waits {
            thing.assert_ended();
        }
        let is_sure = thing.is_sure;
        self.things.push(thing);
        is_sure
    }

    /// A saga has changed a thing, or will. Whether it is seen to have ended.
    fn changed(&mut self, on: usize, request: Request, answer: &Answer, end: End) -> bool {
        expect_saga(&request, answer);
        let waits = request.waits;
        let thing = &mut self.things[on];
        thing.changed(end, request);
        thing.shown(answer.body.clone());
        if waits {
            thing.assert_ended();
        }
        thing.is_sure
    }
}

#[track_caller]
fn expect(request: &Request, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{request:?}: {answer:?}");
}

/// 202, or 200 once the saga that was waited for has ended.
#[track_caller]
fn expect_saga(request: &Request, answer: &Answer) {
    expect(request, answer, if request.waits { 200 } else { 202 });
}

/// What was made has the request's amount and its name.
#[track_caller]
fn expect_named(request: &Request, answer: &Answer, minor: i64) {
    assert_eq!(answer.body["amount"], money(minor), "{request:?}: {answer:?}");
    assert_eq!(answer.body["reference"], request.name, "{request:?}: {answer:?}");
}

fn id(shown: &Value, name: &str) -> String {
    shown[name].as_str().unwrap_or_else(|| panic!("no {name} in {shown}")).to_owned()
}
