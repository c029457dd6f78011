"""What goes wrong on AWS: the same event twice, a function that fails, events and records that nobody
can read, a role without a permission. After each, everything goes on. Not in here: faults of
DynamoDB itself, which no emulator makes."""

import json
import time

import world
from test_tour import Case, customer, operator
from world import Listener, until


class TestRedelivery(Case):
    def test_the_same_event_twice_has_one_effect(self):
        kim = customer("kim")
        wallet_id = self.wallet(kim, "30.00")
        with Listener("payment_events") as listener:
            paid = self.pay(kim, wallet_id, "12.00")
            self.payment(kim, paid, "SUCCESSFUL")
            asked = listener.times("PAYMENT_REQUESTED", paid, 1)[0]
            listener.times("PAYMENT_SUCCESSFUL", paid, 1)
            listener.say_again(asked)
            # The outcome is said again, word for word: the event was heard twice.
            first, second = listener.times("PAYMENT_SUCCESSFUL", paid, 2)[:2]
        self.assertEqual(json.loads(first["Message"]), json.loads(second["Message"]))
        self.assertEqual(self.balance(kim, wallet_id), "18.00")
        booked = self.ok(kim.get(f"wallet/{wallet_id}/transactions"))["items"]
        self.assertEqual([each["type"] for each in booked], ["PAYMENT_OUT", "CREDIT"])
        self.payment(kim, paid, "SUCCESSFUL")

    def test_a_refusal_is_final(self):
        lea = customer("lea")
        wallet_id = self.wallet(lea, "3.00")
        with Listener("payment_events") as listener:
            refused = self.pay(lea, wallet_id, "12.00")
            self.payment(lea, refused, "FAILED")
            asked = listener.times("PAYMENT_REQUESTED", refused, 1)[0]
            listener.times("PAYMENT_FAILED", refused, 1)
            self.ok(operator().post(f"wallet/{wallet_id}/credit", {"amount": "20.00"}))
            listener.say_again(asked)
            listener.times("PAYMENT_FAILED", refused, 2)
        self.payment(lea, refused, "FAILED")
        self.assertEqual(self.balance(lea, wallet_id), "23.00")


class TestDeadLetters(Case):
    def test_a_function_that_fails_until_its_dead_letter_is_redriven(self):
        mia = customer("mia")
        wallet_id = self.wallet(mia, "30.00")
        with Denied("process_payment_request"):
            paid = self.pay(mia, wallet_id, "7.00")
            letter = self.letter(f"a dead letter of {paid}", lambda each: paid in json.dumps(each["event"]))
        self.assertEqual(letter["subscription"], "process_payment_request")
        self.assertEqual(letter["event"]["type"], "PAYMENT_REQUESTED")
        self.assertGreater(letter["attempts"], 1)
        self.assertTrue(letter["reason"])
        self.assertEqual(self.ok(mia.get(f"payment/{paid}"))["status"], "PENDING")
        self.assertEqual(self.balance(mia, wallet_id), "30.00")

        self.redrive(letter)
        self.payment(mia, paid, "SUCCESSFUL")
        self.assertEqual(self.balance(mia, wallet_id), "23.00")
        self.assertIn(letter["dead_letter_id"], str(self.ok(operator().get("audit"))))
        self.ok(operator().post(f"dead-letters/{letter['dead_letter_id']}/redrive"), 404)

    def test_an_event_that_nobody_can_read(self):
        self.publish("payment_events", "PAYMENT_REQUESTED", "no JSON")
        letter = self.letter("a dead letter of what is no JSON", lambda each: each["message"] == "no JSON")
        self.assertEqual(letter["subscription"], "process_payment_request")
        self.assertIn("UnprocessableEvent", letter["reason"])
        # Nobody can read it the next time either: it comes back.
        self.redrive(letter)
        again = self.letter(
            "the letter, dead again",
            lambda each: each["message"] == "no JSON" and each["at"] > letter["at"],
        )
        self.assertEqual(again["dead_letter_id"], letter["dead_letter_id"])

    def test_an_event_of_a_newer_version(self):
        nia = customer("nia")
        wallet_id = self.wallet(nia, "30.00")
        with Listener("payment_events") as listener:
            paid = self.pay(nia, wallet_id, "7.00")
            asked = json.loads(listener.times("PAYMENT_REQUESTED", paid, 1)[0]["Message"])
            self.payment(nia, paid, "SUCCESSFUL")
        asked["dataschema"] = asked["dataschema"].replace("/1.json", "/999.json")
        self.publish("payment_events", "PAYMENT_REQUESTED", json.dumps(asked))
        letter = self.letter("a dead letter of a newer version", lambda each: "999.json" in (each["message"] or ""))
        self.assertIn("schema version 999", letter["reason"])
        self.assertEqual(self.balance(nia, wallet_id), "23.00")

    def publish(self, topic, kind, message):
        attributes = {"event_type": {"DataType": "String", "StringValue": kind}}
        world.CREATED.aws("sns").publish(
            TopicArn=world.topic(topic), Message=message, MessageAttributes=attributes
        )


class TestStream(Case):
    def test_a_record_that_cannot_be_read_holds_up_nothing_and_is_said_again(self):
        """What it says nobody waits for: a rejected loan, as a newer program would have written it."""
        loan_id = self.rejected(customer("oli"))
        dynamodb = world.CREATED.aws("dynamodb")
        table = "fintech-loan"
        key = {"id": {"S": loan_id}, "sequence": {"N": "0"}}
        good = dynamodb.get_item(TableName=table, Key=key)["Item"]
        dynamodb.put_item(TableName=table, Item={**good, "schema_version": {"N": "99"}})

        # It may yet be read, by a relay that is replaced: half a minute long the others wait for it.
        def is_it(letter):
            return letter["subscription"] == "relay_loan" and loan_id in (letter["message"] or "")

        letter = self.letter("the record that nobody can read", is_it, seconds=240)
        self.assertIn("could not be relayed", letter["reason"])
        next_loan = self.applied(customer("pam"))
        self.ok(operator().post(f"loan/{next_loan}/approve"), 202)
        until("the next loan is funded", lambda: self.ok(operator().get(f"loan/{next_loan}"))["funded_at"])

        # Mended so that the stream does not show it: only the redriven relay can say it.
        dynamodb.put_item(TableName=table, Item={name: value for name, value in good.items() if name != "says"})
        with Listener("loan_events") as listener:
            self.redrive(letter)
            listener.times("LOAN_REJECTED", loan_id, 1)
        dynamodb.put_item(TableName=table, Item=good)


class TestRoles(Case):
    def test_a_role_may_do_no_more_than_its_function(self):
        """The code of create_wallet, once with its own role, once with that of get_wallet."""
        reader, writer = world.function("get_wallet"), world.function("create_wallet")
        own, answer = world.invoke("create_wallet", gateway_event())
        self.assertFalse(own, answer)
        self.assertEqual(answer["statusCode"], 201, answer)
        functions = world.CREATED.aws("lambda")
        functions.create_function(
            FunctionName="create-wallet-as-reader",
            Runtime=writer["runtime"],
            Role=reader["role"],
            Handler="create_wallet",
            Code=world.CREATED.code,
            Timeout=writer["timeout"],
            Environment={"Variables": writer["environment"][0]["variables"]},
        )
        try:
            is_failed, answer = world.invoke_named("create-wallet-as-reader", gateway_event())
        finally:
            functions.delete_function(FunctionName="create-wallet-as-reader")
        self.assertTrue(is_failed or answer["statusCode"] >= 500, answer)


class TestSchedules(Case):
    def test_every_scheduled_function_does_its_work(self):
        schedules = world.CREATED.resources["aws_scheduler_schedule"]
        self.assertTrue(schedules)
        for schedule in schedules:
            target = schedule["target"][0]
            name = target["arn"].split(":function:")[1].split(":")[0]
            with self.subTest(name):
                is_failed, answer = world.invoke_named(name, json.loads(target.get("input", "{}")))
                self.assertFalse(is_failed, answer)


class Denied:
    """While it is entered, a function's role allows nothing."""

    def __init__(self, name):
        role = world.function(name)["role"].split("/")[-1]
        policies = world.CREATED.resources["aws_iam_role_policy"]
        self.policies = [each for each in policies if each["role"] == role]
        assert self.policies, f"{role} has no policy of its own"

    def __enter__(self):
        for each in self.policies:
            world.CREATED.aws("iam").delete_role_policy(RoleName=each["role"], PolicyName=each["name"])

    def __exit__(self, *_):
        for each in self.policies:
            world.CREATED.aws("iam").put_role_policy(
                RoleName=each["role"], PolicyName=each["name"], PolicyDocument=each["policy"]
            )


def gateway_event():
    """What the gateway sends for `POST /v1/wallet` of somebody who may open one."""
    return {
        "version": "2.0",
        "routeKey": "POST /v1/wallet",
        "rawPath": "/v1/wallet",
        "rawQueryString": "",
        "headers": {
            "authorization": f"Bearer {operator().token}",
            "content-type": "application/json",
            "host": "api",
        },
        "requestContext": {
            "http": {"method": "POST", "path": "/v1/wallet", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "probe",
            "routeKey": "POST /v1/wallet",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": json.dumps({"currency": "USD"}),
        "isBase64Encoded": False,
    }
