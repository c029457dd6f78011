"""What the tests share: what was created, waiting with an end, listening to topics."""

import json
import time

# Set by run.py before the tests: up.Created.
CREATED = None

# Set by run.py too: the folder of the programs that were built.
PROGRAMS = None

# How long anything may take that AWS does by itself, beside retries, however busy the machine is.
SECONDS_MAX = 120


def until(what, check, seconds=SECONDS_MAX):
    """The first answer of `check` that is something."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s there is still not: {what}")
        time.sleep(0.1)


def function(name):
    """The function of the manifest's name, as the state has it."""
    values = CREATED.resources["aws_lambda_function"]
    return next(each for each in values if each["handler"] == name)


def invoke(name, payload):
    """Calls a function directly, as an operator can: whether it failed, and its answer."""
    return invoke_named(function(name)["function_name"], payload)


def invoke_named(function_name, payload):
    answer = CREATED.aws("lambda").invoke(FunctionName=function_name, Payload=json.dumps(payload))
    return "FunctionError" in answer, json.loads(answer["Payload"].read())


def keep_keys():
    """What the schedule does within the first minute: without keys nobody is let in."""
    failed, answer = invoke("keep_signing_keys", {"schedule": "keep_signing_keys", "at": ""})
    assert not failed, answer
    return answer


def log_group(name):
    return f"/aws/lambda/{function(name)['function_name']}"


def log_lines(group):
    """All lines of a log group."""
    asked = {"logGroupName": group}
    while True:
        found = CREATED.aws("logs").filter_log_events(**asked)
        for event in found["events"]:
            yield from event["message"].splitlines()
        if not found.get("nextToken"):
            return
        asked["nextToken"] = found["nextToken"]


def logged(name):
    """What a function has logged, line by line."""
    for line in log_lines(log_group(name)):
        if line.startswith("{"):
            yield json.loads(line)


def topic(name):
    """The ARN of a topic by the manifest's name for it."""
    arns = [each["arn"] for each in CREATED.resources["aws_sns_topic"]]
    return next(arn for arn in arns if arn.endswith(name.replace("_", "-")))


class Told:
    """While it is entered, a function is told more by its environment."""

    def __init__(self, name, **more):
        self.function = function(name)
        self.variables = self.function["environment"][0]["variables"]
        self.more = more

    def __enter__(self):
        self.tell({**self.variables, **self.more})

    def __exit__(self, *_):
        self.tell(self.variables)

    def tell(self, variables):
        CREATED.aws("lambda").update_function_configuration(
            FunctionName=self.function["function_name"], Environment={"Variables": variables}
        )


class Listener:
    """Everything that a topic says from now on."""

    def __init__(self, topic_name):
        self.arn = topic(topic_name)
        self.sns = CREATED.aws("sns")
        self.sqs = CREATED.aws("sqs")
        self.heard = []
        name = f"listener-{time.monotonic_ns()}"
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        queue = found["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        self.subscription = self.sns.subscribe(
            TopicArn=self.arn,
            Protocol="sqs",
            Endpoint=queue,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sns.unsubscribe(SubscriptionArn=self.subscription)
        self.sqs.delete_queue(QueueUrl=self.url)

    def times(self, kind, subject, count):
        """Waits until that was said of that subject so many times; the notifications."""

        def enough():
            messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                self.heard.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            found = [each for each in self.heard if is_about(each, kind, subject)]
            return found if len(found) >= count else None

        return until(f"{kind} of {subject}, {count} times", enough)

    def say_again(self, notification):
        """Delivers the same once more to whoever hears it."""
        attributes = {
            name: {"DataType": each["Type"], "StringValue": each["Value"]}
            for name, each in notification["MessageAttributes"].items()
        }
        self.sns.publish(TopicArn=self.arn, Message=notification["Message"], MessageAttributes=attributes)


def is_about(notification, kind, subject):
    envelope = json.loads(notification["Message"])
    return envelope["type"] == kind and envelope["subject"] == subject
