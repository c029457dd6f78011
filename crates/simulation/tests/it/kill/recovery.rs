//! What a hand checks once the program that was killed is there again: first that what it was told is
//! still so, then how its unanswered request ended, then that what is sent again changes nothing.

use serde_json::{Value, json};

use super::books::News;
use super::client::{Answer, Client};
use super::hand::Hand;
use super::request::{Request, What};

/// So many things are kept from one life to the next, some of which are looked at again.
const KEPT_MAX: usize = 150;

/// Of the things kept, one in so many is looked at again after a kill.
const LOOKED_AT_ONE_IN: usize = 10;

/// What was made just before the kill is sent again: so many of the newest,
const SENT_AGAIN: usize = 20;

/// and of everything else one in so many.
const SENT_AGAIN_ONE_IN: usize = 5;

impl Hand {
    /// Everything that was acknowledged is there, before anything is sent again.
    pub(super) fn assert_kept(&mut self, client: &mut Client) {
        for thing in &mut self.things {
            thing.is_new |= self.dice.once_in(LOOKED_AT_ONE_IN);
            if let Some(place) = thing.place.as_ref().filter(|_| thing.is_new) {
                thing.shown(client.get(place));
            }
        }
    }

    /// Brings the unanswered request to its one end. With a key it is sent again; without one, what
    /// it did is looked for. That it is not done twice, the books show.
    pub(super) fn resolve(&mut self, client: &mut Client, histories: &[News]) {
        let Some(request) = self.doubt.take() else { return };
        self.unsettle(&request);
        let done = self.find(client, &request, histories);
        self.tally.done_unanswered += usize::from(done.is_some());
        if request.key.is_none() {
            if let Some(body) = done {
                let status = if request.what.is_saga() && !request.waits { 202 } else { 200 };
                self.acknowledged(request, Answer { status, body });
            }
            return;
        }
        let answer = client.post(&request).unwrap();
        if let Some(done) = done {
            assert_eq!(id(&done), id(&answer.body), "{request:?} was done already");
        }
        self.acknowledged(request, answer);
    }

    /// What a request has done, without sending it again; none if it has done nothing, or if that
    /// cannot be told.
    fn find(&self, client: &mut Client, request: &Request, histories: &[News]) -> Option<Value> {
        let place = request.what.on().and_then(|on| self.things[on].place.clone());
        let is_named = |item: &&Value| item["reference"] == request.name;
        let list = match request.what {
            What::Credit { .. } | What::Debit { .. } | What::Transfer { .. } => {
                let found = histories[request.wallet].iter().find(is_named);
                return found.map(|entry| json!({ "transaction": entry }));
            }
            What::Pay { .. } => format!("/payment?reference={}", request.name),
            What::Refund { .. } => format!("{}/refunds?limit=100", place?),
            What::Capture { .. } | What::Void { .. } | What::Approve { .. } => {
                let shown = client.get(&place?);
                let is_untouched = shown["status"] == "PENDING"
                    || shown["status"] == "AUTHORIZED" && shown["under_way"].is_null();
                return Some(shown).filter(|_| !is_untouched);
            }
            What::OpenWallet | What::Apply { .. } => return None,
        };
        let found = client.list(&list, |_| true);
        let found: Vec<_> = found.iter().filter(is_named).collect();
        assert!(found.len() <= 1, "{request:?} was done more than once: {found:?}");
        found.first().copied().cloned()
    }

    /// Every saga has ended, as it had to. What was acknowledged is answered alike when it is sent
    /// again; that it has no effect, the books show.
    pub(super) fn assert_repeatable(&mut self, client: &mut Client) {
        let newest = self.things.len().saturating_sub(SENT_AGAIN);
        for (place, thing) in self.things.iter_mut().enumerate().filter(|(_, thing)| thing.is_new) {
            if let Some(place) = thing.place.as_ref().filter(|_| !thing.is_sure) {
                thing.shown(client.get(place));
            }
            thing.assert_ended();
            if place < newest && !self.dice.once_in(SENT_AGAIN_ONE_IN) {
                continue;
            }
            let made_by = Some(&thing.made_by).filter(|request| request.key.is_some());
            for request in made_by.into_iter().chain(&thing.changed_by) {
                let Some(_) = &request.key else { continue };
                let answer = client.post(request).unwrap();
                let status = match request.what.is_saga() {
                    true if request.waits => 200,
                    true => 202,
                    false => thing.first.status,
                };
                let body = if request.what.is_saga() { &thing.seen } else { &thing.first.body };
                assert_eq!((answer.status, &answer.body), (status, body), "again: {request:?}");
                self.tally.repeated += 1;
            }
        }
    }

    /// Ends the life of a program: little is kept of what was made in it.
    pub(super) fn forget(&mut self) {
        self.things.retain(|thing| thing.place.is_some() || thing.made_by.key.is_some());
        while self.things.len() > KEPT_MAX {
            let out = self.dice.below(self.things.len());
            self.things.swap_remove(out);
        }
        for thing in &mut self.things {
            thing.is_new = false;
        }
    }
}

/// What the answer is about.
fn id(shown: &Value) -> &Value {
    let moved = &shown["transaction"]["transaction_id"];
    let refund = &shown["refund_id"];
    [moved, refund, &shown["transaction_id"], &shown["loan_id"]]
        .into_iter()
        .find(|id| id.is_string())
        .unwrap_or_else(|| panic!("no id in {shown}"))
}
