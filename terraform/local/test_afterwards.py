"""After all other tests: nothing is left undone, and the books balance."""

import world
from test_tour import Case, operator


class TestAfterwards(Case):
    def test_the_whole_ledger_is_well(self):
        is_failed, report = world.invoke("verify_ledger", {})
        self.assertFalse(is_failed, report)
        self.assertEqual(report["violations"], [])
        self.assertGreater(report["transfers"], 0)

    def test_the_trial_balance_is_zero(self):
        world.invoke("verify_ledger", {})
        balance = self.ok(operator().get("ledger/trial-balance"))
        sums = {each["currency"]: each["sum"] for each in balance["currencies"]}
        self.assertEqual(sums, {"USD": "0.00"})

    def test_no_event_is_lost(self):
        """Every queue of what failed is empty but for what tests took out of it."""
        sqs = world.CREATED.aws("sqs")
        for values in world.CREATED.resources["aws_sqs_queue"]:
            url = sqs.get_queue_url(QueueName=values["name"])["QueueUrl"]
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                self.fail(f"in {values['name']}: {message['Body']}")

    def test_no_saga_is_open(self):
        self.assertEqual(self.ok(operator().get("sagas?state=open"))["items"], [])
