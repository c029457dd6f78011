"""Who calls the deployed API, as outside programs do: people who sign in at the pool by the code flow
with PKCE, services with a client's own token. Not in here: what they ask for (test_tour.py)."""

import base64
import hashlib
import html
import http.client
import json
import re
import secrets
import urllib.parse

import noted

PASSWORD = "Correct-horse-1"
SECONDS_MAX = 120


class Answer:
    """Of the API: its status and its body, JSON if it is."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        is_json = "json" in self.headers.get("content-type", "")
        self.body = json.loads(body) if is_json and body else body.decode()

    def __getitem__(self, name):
        return self.body[name]

    def __str__(self):
        return f"{self.status} {json.dumps(self.body)}"


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, url, token=None):
        self.url = url
        self.token = token

    def claims(self):
        """What the token says; the pool signed it, which is the gateway's to check."""
        payload = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, json.dumps(body) if body is not None else None, headers)

    def ask(self, method, path, body=None, headers=None):
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        return request(f"{self.url}/v1/{path}", method, body, sent)


def request(url, method, body=None, headers=None) -> Answer:
    """One request. Redirections are answers like others."""
    noted.headers(headers or {})
    noted.text(body or "")
    to = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(to.netloc, timeout=SECONDS_MAX)
    try:
        target = urllib.parse.urlunsplit(("", "", to.path, to.query, ""))
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        said = answer.read()
        noted.text(said.decode(errors="replace"))
        return Answer(answer.status, answer.getheaders(), said)
    finally:
        connection.close()


def form(url, fields, headers=None) -> Answer:
    """A form, sent as a browser does."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return request(url, "POST", urllib.parse.urlencode(fields), sent)


def person(created, name, *groups, kind="access_token") -> Caller:
    """A new user of the pool, who signs in by his address; with his access or his identity token."""
    name = f"{name}@bank.example"
    pool = created.aws("cognito-idp")
    pool.admin_create_user(UserPoolId=created.pool_id, Username=name, MessageAction="SUPPRESS")
    pool.admin_set_user_password(
        UserPoolId=created.pool_id, Username=name, Password=PASSWORD, Permanent=True
    )
    for group in groups:
        pool.admin_add_user_to_group(UserPoolId=created.pool_id, Username=name, GroupName=group)
    return Caller(created.api_url, sign_in(created, name)[kind])


def sign_in(created, name) -> Answer:
    """The tokens of a person: code flow with PKCE (RFC 7636), S256."""
    client = created.oauth_clients["people"]
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": client["id"],
        "redirect_uri": client["callback"],
        "scope": " ".join(client["scopes"]),
        "state": secrets.token_urlsafe(8),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    site = created.emulator.url
    page = request(f"{site}/oauth2/authorize?{urllib.parse.urlencode(asked)}", "GET")
    assert page.status == 200, page
    inputs = re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', page.body)
    fields = {field: html.unescape(value) for field, value in inputs}
    signed_in = form(f"{site}/login", {**fields, "username": name, "password": PASSWORD})
    assert signed_in.status == 302, signed_in
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(signed_in.headers["location"]).query)
    assert back["state"] == [asked["state"]], signed_in.headers
    return tokens(site, {
        "grant_type": "authorization_code",
        "client_id": client["id"],
        "code": back["code"][0],
        "redirect_uri": client["callback"],
        "code_verifier": verifier,
    })


def service(created, name) -> Caller:
    """A service with its own client's token, for all that it may have."""
    scopes = created.oauth_clients[name]["scopes"]
    answer = service_token(created, name, scopes)
    assert answer.status == 200, answer
    return Caller(created.api_url, answer["access_token"])


def service_token(created, name, scopes) -> Answer:
    """What a service is answered that asks for a token with these scopes."""
    client = created.oauth_clients[name]
    proof = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
    fields = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
    return form(f"{created.emulator.url}/oauth2/token", fields, {"Authorization": f"Basic {proof}"})


def tokens(site, fields) -> Answer:
    answer = form(f"{site}/oauth2/token", fields)
    assert answer.status == 200, answer
    return answer
