"""After all other tests: nothing is left undone, the books balance, and no log holds a secret."""

import time

import noted
import world
from test_tour import Case, customer, operator


class TestAfterwards(Case):
    def test_the_whole_ledger_is_well(self):
        """Chains of more than ten entries among it, whose numbers are no texts in their order."""
        vera = customer("vera")
        wallet_id = self.wallet(vera, "12.00")
        for _ in range(10):
            self.ok(vera.post(f"wallet/{wallet_id}/debit", {"amount": "1.00"}))
        is_failed, report = world.invoke("verify_ledger", {})
        self.assertFalse(is_failed, report)
        self.assertEqual(report["violations"], [])
        self.assertGreater(report["transfers"], 0)

    def test_the_trial_balance_is_zero(self):
        self.wallet(customer("uma"), "5.00")

        def look():
            # What was booked in the last minute is left out: it may be on its way.
            world.invoke("verify_ledger", {})
            balance = self.ok(operator().get("ledger/trial-balance"))
            return {each["currency"]: each["sum"] for each in balance["currencies"]}

        sums = world.until("a trial balance with something in it", look, seconds=240)
        self.assertEqual(sums, {"USD": "0.00"})

    def test_no_event_is_lost(self):
        """Every queue of what failed is empty, and no dead letter is an event that could be heard."""
        sqs = world.CREATED.aws("sqs")
        for values in world.CREATED.resources["aws_sqs_queue"]:
            url = sqs.get_queue_url(QueueName=values["name"])["QueueUrl"]
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                self.fail(f"in {values['name']}: {message['Body']}")
        letters = self.ok(operator().get("dead-letters"))["items"]
        self.assertEqual([each for each in letters if each["message"] is None], [])

    def test_no_saga_is_open(self):
        self.assertEqual(self.ok(operator().get("sagas?state=open"))["items"], [])


class TestLogs(Case):
    def groups(self):
        pages = world.CREATED.aws("logs").get_paginator("describe_log_groups").paginate()
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]

    def found_in(self, group):
        """The lines of a group that hold a secret, with what it is."""
        lines = ((noted.found_in(line), line) for line in world.log_lines(group))
        return [(what, line) for what, line in lines if what]

    def test_no_function_logged_a_secret(self):
        caller = customer("sol")
        self.wallet(caller, "5.00")
        self.assertIn(caller.token, noted.SEEN)
        groups = self.groups()
        self.assertIn(world.log_group("credit_wallet"), groups)
        searched = 0
        for group in groups:
            searched += sum(1 for _ in world.log_lines(group))
            self.assertEqual(self.found_in(group), [], group)
        self.assertGreater(searched, len(groups))

    def test_a_secret_that_was_logged_is_found(self):
        noted.note("once-a-secret")
        logs = world.CREATED.aws("logs")
        for number, (line, is_found) in enumerate([
            ('{"level":"INFO","message":"answered","status":200}', False),
            ('{"message":"the bearer token is not valid"}', False),
            ("token once-a-secret", True),
            ("Bearer 0123456789abcdef", True),
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIi", True),
            ("no such user: somebody@bank.example", True),
            ("-----BEGIN PRIVATE KEY-----", True),
        ]):
            group = {"logGroupName": f"/search/{number}"}
            stream = {**group, "logStreamName": "one"}
            logs.create_log_group(**group)
            logs.create_log_stream(**stream)
            event = {"timestamp": int(time.time() * 1000), "message": line}
            logs.put_log_events(**stream, logEvents=[event])
            found = self.found_in(group["logGroupName"])
            logs.delete_log_group(**group)
            self.assertEqual(bool(found), is_found, line)
