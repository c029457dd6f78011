"""The tour of the README, through the gateway, with tokens of the pool: both sagas, what is refused,
and who may do what. Each test has its own customers. Not in here: faults (test_faults.py)."""

import json
import unittest

import callers
import world
from world import Listener, until

OPERATOR = "olivia"


def operator():
    """One for all tests: each sign-in takes its time."""
    if operator.known is None:
        operator.known = callers.person(world.CREATED, OPERATOR, "operators")
    return operator.known


operator.known = None


def customer(name):
    return callers.person(world.CREATED, name)


class Case(unittest.TestCase):
    """What tests say of answers."""

    maxDiff = None

    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer

    def refused(self, answer, status, kind):
        """A problem of ours, by the last part of its type."""
        self.ok(answer, status)
        self.assertEqual(answer["type"].rsplit("/", 1)[-1], kind, answer)

    def wallet(self, caller, amount):
        """A new wallet with that much in it."""
        wallet_id = self.ok(caller.post("wallet", {"currency": "USD"}), 201)["wallet_id"]
        self.ok(operator().post(f"wallet/{wallet_id}/credit", {"amount": amount, "description": "Salary"}))
        return wallet_id

    def balance(self, caller, wallet_id):
        return self.ok(caller.get(f"wallet/{wallet_id}"))["balance"]

    def applied(self, caller):
        """A loan that somebody decides on."""
        body = {"wallet_id": self.wallet(caller, "1.00"), "amount": "100.00", "loan_term_months": 12}
        return self.ok(caller.post("loan", body), 201)["loan_id"]

    def rejected(self, caller):
        """A loan that was rejected, which everybody who listens has heard."""
        with Listener("loan_events") as listener:
            loan_id = self.applied(caller)
            self.ok(operator().post(f"loan/{loan_id}/reject", {}))
            listener.times("LOAN_REJECTED", loan_id, 1)
        return loan_id

    def pay(self, caller, wallet_id, amount, **more):
        body = {"wallet_id": wallet_id, "merchant_id": "corner-cafe", "amount": amount, **more}
        answer = self.ok(caller.post("payment", body), 202)
        self.assertEqual(answer["status"], "PENDING")
        return answer["transaction_id"]

    def payment(self, caller, payment_id, status):
        """Waits until the payment is that."""

        def look():
            answer = self.ok(caller.get(f"payment/{payment_id}"))
            return answer if answer["status"] == status else None

        return until(f"the payment {payment_id} is {status}", look)

    def letter(self, what, is_it, seconds=world.SECONDS_MAX):
        """Waits until the list of dead letters has one like that."""

        def look():
            letters = self.ok(operator().get("dead-letters"))["items"]
            return next((each for each in letters if is_it(each)), None)

        return until(what, look, seconds)

    def redrive(self, letter):
        """Gives a dead letter to its function again; then it is none any more."""
        path = f"dead-letters/{letter['dead_letter_id']}/redrive"
        self.assertEqual(self.ok(operator().post(path, {}))["state"], "WAITING")


class TestTour(Case):
    def test_a_payment_and_a_refused_one(self):
        ann = customer("ann")
        wallet_id = self.wallet(ann, "100.00")
        paid = self.pay(ann, wallet_id, "25.50")
        self.payment(ann, paid, "SUCCESSFUL")
        self.assertEqual(self.balance(ann, wallet_id), "74.50")

        refused = self.pay(ann, wallet_id, "999.00")
        self.assertEqual(self.payment(ann, refused, "FAILED")["reason"], "insufficient-funds")
        self.assertEqual(self.balance(ann, wallet_id), "74.50")
        self.refused(ann.post(f"wallet/{wallet_id}/debit", {"amount": "999.00"}), 422, "insufficient-funds")

    def test_the_same_key_is_one_payment(self):
        bea = customer("bea")
        wallet_id = self.wallet(bea, "10.00")
        body = {"wallet_id": wallet_id, "merchant_id": "corner-cafe", "amount": "4.50"}
        one = self.ok(bea.post("payment", body, Idempotency_Key="breakfast"), 202)["transaction_id"]
        two = self.ok(bea.post("payment", body, Idempotency_Key="breakfast"), 202)["transaction_id"]
        self.assertEqual(one, two)
        other = bea.post("payment", {**body, "amount": "4.51"}, Idempotency_Key="breakfast")
        self.refused(other, 422, "idempotency-key-reused")
        self.payment(bea, one, "SUCCESSFUL")
        self.assertEqual(self.balance(bea, wallet_id), "5.50")

    def test_hold_capture_refund(self):
        chloe = customer("chloe")
        shop = callers.service(world.CREATED, "shop")
        wallet_id = self.wallet(chloe, "70.00")
        held = self.pay(chloe, wallet_id, "40.00", merchant_id="hotel", capture="manual")
        self.payment(chloe, held, "AUTHORIZED")
        wallet = self.ok(chloe.get(f"wallet/{wallet_id}"))
        self.assertEqual((wallet["available"], wallet["held"]), ("30.00", "40.00"))

        self.ok(shop.post(f"payment/{held}/capture", {"amount": "30.00"}), 202)
        self.assertEqual(self.payment(chloe, held, "SUCCESSFUL")["captured_amount"], "30.00")
        refund = self.ok(shop.post(f"payment/{held}/refund", {"amount": "10.00"}), 202)["refund_id"]

        def look():
            return self.ok(shop.get(f"payment/{held}/refunds/{refund}"))["status"] == "SUCCESSFUL"

        until("the refund is SUCCESSFUL", look)
        wallet = self.ok(chloe.get(f"wallet/{wallet_id}"))
        self.assertEqual((wallet["balance"], wallet["available"]), ("50.00", "50.00"))

        void = self.pay(chloe, wallet_id, "20.00", capture="manual")
        self.payment(chloe, void, "AUTHORIZED")
        self.ok(shop.post(f"payment/{void}/void"), 202)
        self.assertEqual(self.payment(chloe, void, "VOIDED")["reason"], "requested")

    def test_a_loan(self):
        ben = customer("ben")
        wallet_id = self.wallet(ben, "50.00")
        body = {"wallet_id": wallet_id, "amount": "1000.00", "loan_term_months": 12}
        loan = self.ok(ben.post("loan", body), 201)
        self.assertEqual((loan["status"], loan["minimum_payment"]), ("PENDING", "86.99"))
        loan_id = loan["loan_id"]
        self.ok(ben.post(f"loan/{loan_id}/approve"), 403)
        waiting = self.ok(operator().get("loan?status=PENDING"))["items"]
        self.assertIn(loan_id, [each["loan_id"] for each in waiting])

        self.ok(operator().post(f"loan/{loan_id}/approve"), 202)
        until("the loan is funded", lambda: self.ok(ben.get(f"loan/{loan_id}"))["funded_at"])
        self.assertEqual(self.ok(ben.get(f"loan/{loan_id}"))["status"], "APPROVED")
        self.assertEqual(self.balance(ben, wallet_id), "1050.00")
        self.ok(operator().post(f"loan/{loan_id}/approve"), 409)
        mine = self.ok(ben.get(f"loan/by-wallet/{wallet_id}"))["items"]
        self.assertEqual([each["loan_id"] for each in mine], [loan_id])

    def test_a_transfer_and_its_reversal(self):
        dan, eva = customer("dan"), customer("eva")
        here, there = self.wallet(dan, "20.00"), self.wallet(eva, "1.00")
        sent = self.ok(dan.post(f"wallet/{here}/transfer", {"to_wallet_id": there, "amount": "5.00"}))
        self.assertEqual((self.balance(dan, here), self.balance(eva, there)), ("15.00", "6.00"))
        transaction = sent["transaction"]["transaction_id"]
        path = f"wallet/{here}/transactions/{transaction}/reverse"
        self.ok(operator().post(path, {"reason": "by mistake"}))
        self.assertEqual((self.balance(dan, here), self.balance(eva, there)), ("20.00", "1.00"))
        self.ok(operator().post(path, {"reason": "by mistake"}), 409)

    def test_every_list_answers(self):
        fay = customer("fay")
        wallet_id = self.wallet(fay, "9.00")
        paid = self.pay(fay, wallet_id, "2.00")
        self.payment(fay, paid, "SUCCESSFUL")

        def ids(path, caller, name):
            return [each[name] for each in self.ok(caller.get(path))["items"]]

        self.assertEqual(ids("wallet", fay, "wallet_id"), [wallet_id])
        self.assertEqual(ids(f"payment/by-wallet/{wallet_id}", fay, "transaction_id"), [paid])
        types = ids(f"wallet/{wallet_id}/transactions", fay, "type")
        self.assertEqual(types, ["PAYMENT_OUT", "CREDIT"])
        self.assertEqual(ids(f"payment/{paid}/refunds", fay, "refund_id"), [])
        whole = "from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
        statement = self.ok(fay.get(f"wallet/{wallet_id}/statement?{whole}"))
        self.assertEqual(statement["closing_balance"], "7.00")
        self.assertNotIn(paid, ids("payment?status=PENDING", operator(), "transaction_id"))
        self.ok(operator().get("sagas?state=stuck"))
        self.assertIn("credit_wallet", str(self.ok(operator().get("audit"))))


class TestEvents(Case):
    """What was said about a payment."""

    SAID = ["PAYMENT_REQUESTED", "PAYMENT_SUCCESSFUL"]

    def paid(self, caller):
        payment_id = self.pay(caller, self.wallet(caller, "9.00"), "2.00")
        self.payment(caller, payment_id, "SUCCESSFUL")
        return payment_id

    def test_a_timeline(self):
        pia = customer("pia")
        said = self.ok(pia.get(f"payment/{self.paid(pia)}/timeline"))["items"]
        self.assertEqual([item["event"]["type"] for item in said], self.SAID)

    def said(self, subject):
        return [item["type"] for item in self.ok(operator().get(f"events?subject={subject}"))["items"]]

    def test_events_of_a_subject(self):
        payment_id = self.paid(customer("quinn"))
        self.assertEqual(self.said(payment_id), self.SAID)
        self.ok(operator().post(f"payment/{payment_id}/refund", {"amount": "1.00"}), 202)
        both = [*self.SAID, "PAYMENT_REFUND_REQUESTED", "PAYMENT_REFUNDED"]
        until("the refund's events are found", lambda: self.said(payment_id) == both)
        refused = self.ok(operator().get("events"), 400)
        self.assertEqual([each["field"] for each in refused["errors"]], ["subject"])

    def test_events_of_a_loan(self):
        loan_id = self.applied(customer("rosa"))
        self.ok(operator().post(f"loan/{loan_id}/approve"), 202)
        funded = ["LOAN_APPROVED", "LOAN_FUNDED"]
        until("the loan's events are found", lambda: self.said(loan_id) == funded)


class TestTraces(Case):
    """The trace of a request goes with the events to the last reaction, and stands in its log."""

    TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    def is_one_trace(self, listener, subject, kinds, last):
        events = [json.loads(listener.times(kind, subject, 1)[0]["Message"]) for kind in kinds]
        self.assertEqual([event["traceparent"] for event in events], [self.TRACE] * len(kinds))
        self.assertEqual(len({event["correlationid"] for event in events}), 1)

        def heard():
            return next((line for line in world.logged(last) if line.get("event_id") == events[-1]["id"]), None)

        line = until(f"the log of {last} tells of {kinds[-1]}", heard)
        self.assertEqual(line["traceparent"], self.TRACE)
        self.assertEqual(line["correlation_id"], events[0]["correlationid"])

    def test_a_payment(self):
        sam = customer("sam")
        body = {"wallet_id": self.wallet(sam, "9.00"), "merchant_id": "corner-cafe", "amount": "2.00"}
        with Listener("payment_events") as listener:
            paid = self.ok(sam.post("payment", body, traceparent=self.TRACE), 202)["transaction_id"]
            kinds = ["PAYMENT_REQUESTED", "PAYMENT_SUCCESSFUL"]
            self.is_one_trace(listener, paid, kinds, "update_transaction_status")

    def test_a_loan(self):
        loan_id = self.applied(customer("tom"))
        with Listener("loan_events") as listener:
            self.ok(operator().post(f"loan/{loan_id}/approve", traceparent=self.TRACE), 202)
            self.is_one_trace(listener, loan_id, ["LOAN_APPROVED", "LOAN_FUNDED"], "update_loan_funding")


class TestCallers(Case):
    def test_nobody(self):
        self.ok(callers.Caller(world.CREATED.api_url).get("wallet"), 401)
        self.ok(callers.Caller(world.CREATED.api_url, "not.a.token").get("wallet"), 401)

    def test_a_scope_that_is_missing(self):
        shop = callers.service(world.CREATED, "shop")
        self.ok(shop.get("me"))
        self.ok(callers.service_token(world.CREATED, "shop", ["fintech/api"]), 400)
        # The gateway refuses: the function is not reached.
        answer = self.ok(shop.post("wallet", {}), 403)
        self.assertEqual(answer.body, {"message": "Forbidden"})

    def test_a_token_ends_within_a_quarter_of_an_hour(self):
        for caller in (operator(), callers.service(world.CREATED, "shop")):
            claims = caller.claims()
            self.assertEqual(claims["exp"] - claims["iat"], 15 * 60, claims)

    def test_another_customers_wallet(self):
        gus, hal = customer("gus"), customer("hal")
        wallet_id = self.wallet(gus, "5.00")
        self.refused(hal.get(f"wallet/{wallet_id}"), 404, "not-found")
        self.refused(hal.post(f"wallet/{wallet_id}/debit", {"amount": "1.00"}), 404, "not-found")
        # A payment is not told before the saga what a wallet it names is.
        stolen = self.pay(hal, wallet_id, "1.00")
        self.assertEqual(self.payment(hal, stolen, "FAILED")["reason"], "wallet-not-found")
        self.assertEqual(self.balance(gus, wallet_id), "5.00")

    def test_customers_are_no_operators(self):
        ida = customer("ida")
        wallet_id = self.wallet(ida, "5.00")
        for path in (f"wallet/{wallet_id}/credit", f"wallet/{wallet_id}/freeze"):
            self.ok(ida.post(path, {"amount": "1.00"} if path.endswith("credit") else None), 403)
        for path in ("audit", "sagas?state=open", "dead-letters", "ledger/trial-balance"):
            self.ok(ida.get(path), 403)

    def test_bad_input(self):
        jan = customer("jan")
        self.ok(jan.post("wallet", {"currency": "USD", "more": 1}), 400)
        self.ok(jan.ask("POST", "wallet", "{\"currency\":\"USD\",\"currency\":\"USD\"}"), 400)
        self.ok(jan.get("wallet?unknown=1"), 400)
        self.ok(jan.get("nothing"), 404)
