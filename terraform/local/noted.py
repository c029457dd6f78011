"""Secrets that the tests sent and were given, and whether a log holds one, or what looks like one. Not in
here: where logs come from."""

import json
import re
import urllib.parse

# How fields are called that hold a secret, or who somebody is: as a whole or in a part.
FIELDS = ("password", "email", "token", "secret", "verifier", "username")
# Shorter ones are found everywhere.
LENGTH_MIN = 6
# What a secret looks like, whoever had it.
LOOKS = {
    "a token": re.compile(r"eyJ[A-Za-z0-9_.-]{12}"),
    "a bearer token": re.compile(r"[Bb](?:earer|asic) [A-Za-z0-9_.=+/-]{12}"),
    "an address": re.compile(r"[\w.+-]+@[\w-]+\.\w"),
    "a key": re.compile(r"PRIVATE KEY|\baws_secret_access_key\b", re.IGNORECASE),
}

SEEN = set()


def note(secret):
    if isinstance(secret, str) and len(secret) >= LENGTH_MIN:
        SEEN.add(secret)


def headers(named):
    """Those in the headers of a request."""
    for name, value in named.items():
        if name.lower() == "authorization":
            note(value.rsplit(" ", 1)[-1])
        elif name.lower() == "idempotency-key":
            note(value)


def text(body):
    """Those in the body of a request or an answer: JSON or a form."""
    try:
        fields(json.loads(body))
    except ValueError:
        fields(dict(urllib.parse.parse_qsl(body)))


def fields(body):
    if isinstance(body, dict):
        for name, value in body.items():
            if any(field in name for field in FIELDS):
                note(value)
            fields(value)
    elif isinstance(body, list):
        for each in body:
            fields(each)


def found_in(line):
    """What of all that a line holds; none."""
    if any(secret in line for secret in SEEN):
        return "a secret of the tests"
    return next((what for what, looks in LOOKS.items() if looks.search(line)), None)
