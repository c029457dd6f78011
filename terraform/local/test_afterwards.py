"""After all other tests: nothing is left undone, and the books balance."""

import world
from test_tour import Case, customer, operator


class TestAfterwards(Case):
    def test_the_whole_ledger_is_well(self):
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

        sums = world.until("a trial balance with something in it", look, seconds=90)
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
