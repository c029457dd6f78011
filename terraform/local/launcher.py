"""Starts MiniStack, an emulator of AWS, with what AWS does and this version of it does not.

- SNS hands an event to a function asynchronously: with the function's retries and its destination for
  what failed; an event for a function that is not there goes to the subscription's own queue.
- A policy may speak of the items of one partition key (`dynamodb:LeadingKeys`), in what reads and writes
  by key.
- Publishing in batches is allowed by `sns:Publish`; there is no action of its own.
- A mapping of a table's stream honours ReportBatchItemFailures, BisectBatchOnFunctionError,
  MaximumRetryAttempts and the destination of what failed, so that a poison record holds up nothing.
- A scan hands out the items of one key in the order of their sort keys, numbers as numbers.

Private names of MiniStack are replaced for that, so its version is pinned and each name is asserted.
Configured by MiniStack's own environment variables (emulator.py sets them). It ends when its standard
input is closed, so that it never outlives who started it. Not in here: what is created in it.
"""

import importlib.metadata
import inspect
import json
import logging
import os
import signal
import sys
import threading
import time

import ministack.core.iam_actions as iam_actions
import ministack.services.dynamodb as dynamodb
import ministack.services.lambda_svc as functions
import ministack.services.sns as sns
from ministack.app import main
from ministack.core.responses import request_scope

VERSION = "1.5.33"

# The names that are replaced or called, each with its parameters.
NAMES = {
    (iam_actions, "extract_iam_action"): "service method path headers body query_params",
    (iam_actions, "dynamodb_service_context"): "body",
    (sns, "_deliver_to_lambda"): "endpoint envelope topic_arn sub_arn msg_id raw_message message_attributes",
    (sns, "_deliver_to_sqs"): "endpoint envelope raw raw_message message_group_id message_dedup_id "
    "message_attributes topic_arn",
    (sns, "_find_subscription"): "topic_arn sub_arn",
    (functions, "invoke_async_with_retry"): "func event",
    (functions, "_poll_dynamodb_streams"): "",
    (functions, "_iter_all_esms"): "",
    (functions, "_apply_filter_criteria"): "records esm",
    (functions, "_execute_function"): "func event",
    (functions, "_execution_record_for_config"): "func config",
    (functions, "_get_func_record_for_ref"): "function_ref",
    (functions, "_get_func_record_for_qualifier"): "name qualifier",
    (functions, "_send_ddb_stream_failure_record"): "esm func_rec batch stream_arn result condition",
    (dynamodb, "stream_start_position"): "table_name account_id region",
    (dynamodb, "stream_end_position"): "table_name account_id region",
    (dynamodb, "stream_records_since"): "table_name position limit account_id region",
}

logger = logging.getLogger("launcher")

# Seconds until a batch that failed is tried again.
RETRY_SECONDS = 0.1


def assert_known():
    """This is the MiniStack that the replacements were written for."""
    version = importlib.metadata.version("ministack")
    assert version == VERSION, f"MiniStack is {version}; launcher.py was written for {VERSION}"
    for (module, name), parameters in NAMES.items():
        found = " ".join(inspect.signature(getattr(module, name)).parameters)
        assert found == parameters, f"{module.__name__}.{name} takes {found!r}, not {parameters!r}"
    assert 'sorted(table["items"][pk].keys())' in inspect.getsource(dynamodb._scan), "how a scan is sorted"
    for module, name in ((dynamodb, "_tables"), (functions, "_esms")):
        assert hasattr(module, name), f"{module.__name__} has no {name}"


action_of = iam_actions.extract_iam_action


def action_that_allows(*request):
    """The action that a policy must allow for a request."""
    action = action_of(*request)
    return "sns:Publish" if action == "sns:PublishBatch" else action


context_of = iam_actions.dynamodb_service_context


def context_with_keys(body):
    """What conditions of policies may ask about a request to DynamoDB."""
    keys = sorted(leading_keys(json.loads(body or b"{}")))
    return {**context_of(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}


def leading_keys(asked):
    """The partition keys that a request names, each that of a record's id."""
    if isinstance(asked, list):
        return set().union(*map(leading_keys, asked))
    if not isinstance(asked, dict):
        return set()
    found = set()
    for name, value in asked.items():
        if name in ("Key", "Item"):
            found.add(value["id"]["S"])
        elif name == "Keys":
            found |= {key["id"]["S"] for key in value}
        else:
            found |= leading_keys(value)
    return found


def deliver_to_lambda(endpoint, envelope, topic_arn, sub_arn, msg_id, raw_message, message_attributes):
    """One event from a topic to one function, as AWS delivers it: asynchronously."""
    function, config, _ = functions._get_func_record_for_ref(endpoint)
    if not function or not config:
        subscription = sns._find_subscription(topic_arn, sub_arn) or {}
        policy = json.loads(subscription.get("attributes", {}).get("RedrivePolicy") or "{}")
        if queue := policy.get("deadLetterTargetArn"):
            sns._deliver_to_sqs(queue, envelope, False, raw_message, topic_arn=topic_arn)
        return
    record = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": sub_arn,
        "EventSource": "aws:sns",
        "Sns": json.loads(envelope),
    }
    running = functions._execution_record_for_config(function, config)
    functions.invoke_async_with_retry(running, {"Records": [record]})


def in_order(values, **how):
    """As `sorted`, but digits by their number: 2 comes before 10."""
    values = list(values)
    if not how and all(isinstance(value, str) and value.isdecimal() for value in values):
        how = {"key": int}
    return sorted(values, **how)


class Mapping:
    """Where the mapping of a stream to a function stands."""

    def __init__(self, position):
        self.position = position
        self.width = None  # of the batch, after it was halved; none: as configured
        self.attempts = 0  # that failed, of the batch as it is
        self.not_before = 0.0

    def advance(self, position):
        self.__init__(position)


mappings = {}


def poll_streams():
    """One batch of each mapping; whether any got further."""
    is_any_further = False
    for account, region, mapping in functions._iter_all_esms():
        with request_scope(account, region):
            is_any_further = poll(mapping) or is_any_further
    return is_any_further


def poll(configured):
    """One batch of one mapping; whether it got further."""
    stream = configured.get("EventSourceArn", "")
    if not configured.get("Enabled", True) or ":dynamodb:" not in stream:
        return False
    table_name = stream.split(":table/")[1].split("/")[0]
    function, _ = functions._get_func_record_for_qualifier(configured["FunctionName"], configured.get("Qualifier"))
    table = dynamodb._tables.get(table_name)
    if function is None or not table or table.get("LatestStreamArn") != stream:
        return False
    oldest = dynamodb.stream_start_position(table_name)
    is_from_oldest = configured.get("StartingPosition") == "TRIM_HORIZON"
    start = oldest if is_from_oldest else dynamodb.stream_end_position(table_name)
    mapping = mappings.setdefault(configured["UUID"], Mapping(start))
    if mapping.position < oldest:
        mapping.advance(oldest)
    if mapping.not_before > time.monotonic():
        return False
    size = min(configured.get("BatchSize") or 100, mapping.width or sys.maxsize)
    records = dynamodb.stream_records_since(table_name, mapping.position, size)
    if not records:
        return False
    heard = functions._apply_filter_criteria(records, configured)
    result = functions._execute_function(function, {"Records": heard}) if heard else {}
    done = count_done(records, result, configured)
    if heard:
        said = result.get("log") or "it said nothing"
        logger.info("%s did %d of %d records: %s", configured["FunctionName"], done, len(records), said)
    if done > 0:
        mapping.advance(mapping.position + done)
    if done == len(records):
        return True
    return fail(mapping, records[done:], result, configured, function)


def count_done(records, result, configured):
    """How many records of the batch, from its beginning, need not be shown again."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (configured.get("FunctionResponseTypes") or []):
        return len(records)
    answer = result.get("body")
    if isinstance(answer, str):
        answer = json.loads(answer) if answer else {}
    failed = {failure.get("itemIdentifier") for failure in (answer or {}).get("batchItemFailures") or []}
    if not failed:
        return len(records)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    # An identifier that is none of the batch fails the whole batch.
    return min(map(numbers.index, failed)) if failed <= set(numbers) else 0


def fail(mapping, records, result, configured, function):
    """A batch that failed is halved, tried again or given up; whether the mapping got further."""
    if configured.get("BisectBatchOnFunctionError") and len(records) > 1:
        mapping.width = (len(records) + 1) // 2
        return True
    mapping.attempts += 1
    attempts_max = configured.get("MaximumRetryAttempts")
    if attempts_max is not None and 0 <= attempts_max < mapping.attempts:
        stream = configured["EventSourceArn"]
        functions._send_ddb_stream_failure_record(
            configured, function, records, stream, result, "RetryAttemptsExhausted"
        )
        mapping.advance(mapping.position + len(records))
        return True
    mapping.not_before = time.monotonic() + RETRY_SECONDS
    return False


def end_with_standard_input():
    """Ends this process and the functions that it started, once nobody holds its input any more."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGTERM)


if __name__ == "__main__":
    assert_known()
    assert os.getpgid(0) == os.getpid(), "launcher.py ends its process group, so it needs one of its own"
    iam_actions.extract_iam_action = action_that_allows
    dynamodb.sorted = in_order
    iam_actions.dynamodb_service_context = context_with_keys
    sns._deliver_to_lambda = deliver_to_lambda
    functions._poll_dynamodb_streams = poll_streams
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    main()
