"""The commands of the guides, run as they stand there: by bash, AWS's own command line and the program
`fintech`. Terraform is not run; what it would put out is known. A command that no test runs is listed
here with the reason. Not in here: what else the deployment does (test_tour.py, test_faults.py)."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import callers
import emulator
import world
from test_tour import Case, customer, operator
from world import until

GUIDES = pathlib.Path(__file__).resolve().parent.parent
OPERATE, README = "operate.md", "README.md"
SECONDS_MAX = 120

# By guide, heading and place below it: why no test runs it.
NOT_RUN = {
    (README, "2. Decide where the state is", 0): "it is for Terraform's own state, which the emulator has not",
    (README, "3. Apply", 0): "Terraform is not here; what it would make is",
    (README, "5. People", 1): "it needs a browser; test_tour signs in the same way",
    (README, "8. Away with it", 0): "Terraform is not here",
    (OPERATE, "Restore to a moment", 0): "the emulator restores nothing; the guide says that it was not tried",
}

# What the guides say to type, by guide, heading and place; filled by `block`.
RUN = set()

TERRAFORM = r"""
terraform() { local name="OUTPUT_$3"; printf '%s' "${!name}"; }
"""


def blocks():
    """Every block of commands in the guides, by guide, heading and place below it."""
    found = {}
    for guide in (README, OPERATE):
        heading, place, lines = "", 0, None
        for line in (GUIDES / guide).read_text().splitlines():
            if lines is None and line.startswith("## "):
                heading, place = line.removeprefix("## "), 0
            elif lines is None and line == "```sh":
                lines = []
            elif lines is not None and line == "```":
                found[guide, heading, place] = "\n".join(lines)
                place, lines = place + 1, None
            elif lines is not None:
                lines.append(line)
    return found


def block(guide, heading, place=0):
    RUN.add((guide, heading, place))
    return blocks()[guide, heading, place]


def outputs():
    """What Terraform would put out."""
    clients = world.CREATED.oauth_clients
    services = {name: client for name, client in clients.items() if name != "people"}

    def compact(key):
        return json.dumps({name: client[key] for name, client in services.items()}, separators=(",", ":"))

    return {
        "api_url": world.CREATED.api_url,
        "login_url": world.CREATED.emulator.url,
        "pool_id": world.CREATED.pool_id,
        "people_client_id": clients["people"]["id"],
        "service_client_ids": compact("id"),
        "service_client_secrets": compact("secret"),
    }


def bash(commands, folder=None, **variables):
    """Runs commands as they are typed; what they print. Each must succeed."""
    bins = [str(pathlib.Path(sys.executable).parent), str(world.PROGRAMS.resolve()), "/usr/bin", "/bin"]
    environment = {
        "PATH": ":".join(bins),
        "HOME": tempfile.gettempdir(),
        "AWS_ENDPOINT_URL": world.CREATED.emulator.url,
        "AWS_REGION": emulator.REGION,
        "AWS_DEFAULT_REGION": emulator.REGION,
        "AWS_ACCESS_KEY_ID": emulator.KEY,
        "AWS_SECRET_ACCESS_KEY": emulator.SECRET,
        **{f"OUTPUT_{name}": value for name, value in outputs().items()},
        **variables,
    }
    command = ["bash", "-euo", "pipefail", "-c", TERRAFORM + commands]
    done = subprocess.run(
        command, cwd=folder, env=environment, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert done.returncode == 0, f"{commands}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def answered(commands):
    """What a function answers that the commands call; after it AWS's command line tells how it went."""
    return json.JSONDecoder().raw_decode(bash(commands))[0]


def as_operator(commands):
    """Runs commands that use `get` and `post` of the first payment, with an operator's token."""
    first = block(README, "4. The first payment").splitlines()
    shorthands = [line for line in first if re.match(r"(post|get|id)\(\)", line)]
    assert len(shorthands) == 3, shorthands
    return bash("\n".join([*shorthands, commands]), API=world.CREATED.api_url, TOKEN=operator().token)


class TestReadme(Case):
    def test_the_first_payment(self):
        # Customers may credit their own wallets, as the guide's switch lets them.
        with world.Told("credit_wallet", SELF_FUNDING="true"):
            said = bash(block(README, "4. The first payment"))
        self.assertIn('"balance":"100.00"', said)
        payment_id = re.findall(r"pay_[0-9a-f-]{36}", said)[0]
        wallet_id = re.findall(r"wal_[0-9a-f-]{36}", said)[0]
        tour = callers.service(world.CREATED, "tour")
        self.payment(tour, payment_id, "SUCCESSFUL")
        self.assertEqual(self.balance(tour, wallet_id), "74.50")

    def test_people(self):
        bash(block(README, "5. People"))
        name = "olivia@example.com"
        world.CREATED.aws("cognito-idp").admin_set_user_password(
            UserPoolId=world.CREATED.pool_id, Username=name, Password=callers.PASSWORD, Permanent=True
        )
        olivia = callers.Caller(world.CREATED.api_url, callers.sign_in(world.CREATED, name)["access_token"])
        self.assertEqual(self.ok(olivia.get("me"))["role"], "operator")


class TestOperate(Case):
    def test_each_function_has_what_it_needs(self):
        """The commands for one function of each trigger, and what they ask of one for all the others."""
        functions = json.loads((GUIDES / "manifest.json").read_text())["functions"]
        first = {function["trigger"]: name for name, function in functions.items()}
        some = {*first.values(), "keep_signing_keys", "redrive_dead_letter", "verify_ledger"}
        with tempfile.TemporaryDirectory() as folder:
            manifest = json.dumps({"functions": {name: functions[name] for name in some}})
            (pathlib.Path(folder) / "manifest.json").write_text(manifest)
            said = bash(block(OPERATE, "Has each function what it needs"), folder)
        self.assertNotIn("FunctionError", said)
        for name in some:
            self.assertIn(f'{{"function": "{name}", "rights": ', said)
        for name in functions.keys() - some:
            failed, answer = world.invoke(name, {"check": functions[name]})
            self.assertFalse(failed, answer)
            self.assertGreater(answer["rights"], 0, name)

    def test_a_right_that_is_not_as_it_must_be_is_named(self):
        """What its role does not allow, and what it allows and must not."""
        keys = {"table": "operations", "key": "keys_00000000-0000-0000-0000-000000000000"}
        asked = {
            "tables": {"payment": ["dynamodb:GetItem", "dynamodb:Scan"]},
            "indexes": {"loan": ["loan_open"]},
            "items": [{**keys, "actions": ["dynamodb:GetItem", "dynamodb:PutItem"]}],
            "denied": [{**keys, "actions": ["dynamodb:GetItem", "dynamodb:PutItem"]}],
            "publishes": ["loan_events"],
            "invokes": ["relay_loan"],
        }
        failed, answer = world.invoke("get_payment", {"check": asked})
        self.assertTrue(failed, answer)
        self.assertEqual(answer["errorType"], "RightsWrong")
        said = answer["errorMessage"]
        self.assertIn("6 of 9 rights of get_payment are not as they must be: ", said)
        for named in (
            "dynamodb:Scan on fintech-payment (",
            "dynamodb:Query on fintech-loan/index/loan_open (",
            "; dynamodb:PutItem on keys_00000000-0000-0000-0000-000000000000 of fintech-operations (",
            "no dynamodb:GetItem on keys_00000000-0000-0000-0000-000000000000 of fintech-operations (it is allowed",
            "sns:Publish on loan_events (",
            "lambda:InvokeFunction on fintech-relay-loan (",
        ):
            self.assertIn(named, said)

    def test_dead_letters(self):
        attributes = {"event_type": {"DataType": "String", "StringValue": "LOAN_APPROVED"}}
        world.CREATED.aws("sns").publish(
            TopicArn=world.topic("loan_events"), Message="of the guide", MessageAttributes=attributes
        )
        letter = self.letter("the letter", lambda each: each["message"] == "of the guide")
        commands = block(OPERATE, "Dead letters")
        said = as_operator(commands.replace("ID", letter["dead_letter_id"]))
        self.assertIn("of the guide", said)
        self.assertIn('"state":"WAITING"', said)

    def test_stuck_sagas(self):
        quentin = customer("quentin")
        paid = self.pay(quentin, self.wallet(quentin, "9.00"), "2.00")
        self.payment(quentin, paid, "SUCCESSFUL")
        said = as_operator(block(OPERATE, "Stuck sagas").replace("ID", paid))
        self.assertIn("PAYMENT_SUCCESSFUL", said)

    def test_a_record_is_said_again(self):
        loan_id = self.rejected(customer("rufus"))
        commands = block(OPERATE, "A stream was lost").replace("LOAN", loan_id)
        with world.Listener("loan_events") as listener:
            self.assertEqual(answered(commands), {"events": 1})
            listener.times("LOAN_REJECTED", loan_id, 1)

    def test_the_ledger_is_checked_at_once(self):
        self.wallet(customer("sina"), "1.00")
        report = answered(block(OPERATE, "The ledger is not as it must be"))
        self.assertEqual(report["violations"], [])
        self.assertGreater(report["transfers"], 0)

    def test_the_whole_deployment_is_verified_and_exported(self):
        """As operate.md says in a sentence, and docs/move.md of the way back."""
        if not (world.PROGRAMS / "fintech").exists():
            self.skipTest("the program fintech is not built")
        wallet_id = self.wallet(customer("tara"), "4.00")

        def is_quiet():
            return not self.ok(operator().get("sagas?state=open"))["items"]

        until("no saga is open", is_quiet)
        with tempfile.TemporaryDirectory() as folder:
            bash("fintech verify --data dynamodb:fintech", folder)
            back = blocks_of_move()
            bash(back, folder)
            lines = (pathlib.Path(folder) / "back.jsonl").read_text()
        self.assertIn(wallet_id, lines)


def blocks_of_move():
    """How docs/move.md says that one goes back."""
    text = (GUIDES.parent / "docs" / "move.md").read_text()
    back = text.split("\n## Back", 1)[1]
    return re.search(r"```sh\n(.*?)```", back, re.DOTALL)[1]


class TestWhole(Case):
    def test_every_command_is_run_or_it_is_said_why_not(self):
        """Last in its file, for the tests before it say what they run."""
        self.assertEqual(set(NOT_RUN) & RUN, set())
        self.assertEqual(set(blocks()), set(NOT_RUN) | RUN)
