"""Creates in the emulator what a Terraform state holds, resource by resource, by AWS's own API.

The state is the JSON of `terraform show -json`. Ids that Terraform's stand-in for AWS made up (of APIs,
pools, clients, streams, queues) become those of the emulator wherever they stand. A type of resource
that is neither created nor listed with a reason is an error: nothing is left out silently.
Not in here: how each type is created (resources.py), and how the emulator is started (emulator.py).
"""

from botocore.exceptions import ClientError

from resources import CREATE, NOT_CREATED


class Unknown(Exception):
    """The state holds something that is not known here."""


class Created:
    """What the state became."""

    def __init__(self, emulator):
        self.emulator = emulator
        # Where every function's code is.
        self.code = {"S3Bucket": "code", "S3Key": "bootstrap.zip"}
        self.clients = {}
        # By what Terraform's stand-in made up: what the emulator made.
        self.names = {}
        # Ids too short to be looked for in texts, by type of resource and made-up id.
        self.short = {}
        # What was created, in the state's own words, by type; made-up ids are replaced.
        self.resources = {}
        self.api_id = None
        self.pool_id = None
        # The pool's clients by their names, `people` or a service: id, secret, scopes.
        self.oauth_clients = {}

    def aws(self, service):
        if service not in self.clients:
            self.clients[service] = self.emulator.client(service)
        return self.clients[service]

    @property
    def api_url(self):
        return f"{self.emulator.url}/_aws/execute-api/{self.api_id}/$default"

    def replaced(self, value):
        """The value with every made-up name replaced."""
        if isinstance(value, str):
            for made_up, real in self.names.items():
                value = value.replace(made_up, real)
            return value
        if isinstance(value, list):
            return [self.replaced(item) for item in value]
        if isinstance(value, dict):
            return {key: self.replaced(item) for key, item in value.items()}
        return value

    def name(self, made_up, real):
        if made_up and made_up != real:
            self.names[made_up] = real

    def functions(self):
        return {values["function_name"] for values in self.resources["aws_lambda_function"]}


def resources(state: dict) -> list:
    """Every managed resource of the state, of every module: its address, type and values."""
    found = []

    def walk(module):
        for resource in module.get("resources", []):
            if resource["mode"] == "managed":
                found.append(resource)
        for child in module.get("child_modules", []):
            walk(child)

    walk(state["values"]["root_module"])
    return found


def up(state: dict, emulator, archive: bytes) -> Created:
    """Creates all of it; the archive is every function's code."""
    created = Created(emulator)
    created.aws("s3").create_bucket(Bucket=created.code["S3Bucket"])
    created.aws("s3").put_object(Bucket=created.code["S3Bucket"], Key=created.code["S3Key"], Body=archive)
    by_type = {}
    for resource in resources(state):
        by_type.setdefault(resource["type"], []).append(resource)
    unknown = sorted(set(by_type) - set(CREATE) - set(NOT_CREATED))
    if unknown:
        raise Unknown(f"neither created nor listed with a reason why not: {', '.join(unknown)}")
    for kind, create in CREATE.items():
        for resource in by_type.get(kind, []):
            values = created.replaced(present(resource["values"]))
            try:
                create(created, values)
            except (ClientError, KeyError) as error:
                raise RuntimeError(f"{resource['address']}: {error!r}") from error
            created.resources.setdefault(kind, []).append(values)
    return created


def present(value):
    """The value without what is not set."""
    if isinstance(value, dict):
        return {key: present(item) for key, item in value.items() if item not in (None, "", [], {})}
    if isinstance(value, list):
        return [present(item) for item in value]
    return value
