"""Tokens that the functions check themselves, whatever the gateway let pass: asked through the gateway,
and past it, as somebody could who may invoke functions. Not in here: all the ways in which a token can
be bad, which the crate that checks them tests."""

import base64
import json
import time

import callers
import world
from test_tour import Case, customer, operator


def event(token, claims=None):
    """What the gateway hands over for `GET /v1/audit`, which is for operators."""
    context = {"http": {"method": "GET"}, "stage": "$default"}
    if claims:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": ["fintech/api"]}}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return {"version": "2.0", "rawPath": "/v1/audit", "headers": headers, "requestContext": context}


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def header(token):
    text = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class TestTokens(Case):
    def straight(self, token, claims=None):
        """The status of the function's own answer, past the gateway."""
        failed, answer = world.invoke("list_audit", event(token, claims))
        self.assertFalse(failed, answer)
        return answer["statusCode"]

    def test_claims_without_a_token_are_nobodys(self):
        claims = {**operator().claims(), "cognito:groups": "[operators]"}
        self.assertEqual(self.straight(None, claims), 401)
        self.assertEqual(self.straight(operator().token), 200)

    def test_claims_of_an_operator_make_nobody_one(self):
        kay = customer("kay")
        claims = {**kay.claims(), "cognito:groups": "[operators]"}
        self.assertEqual(self.straight(kay.token, claims), 403)

    def test_forged_tokens(self):
        good = operator().token
        head, payload, signature = good.split(".")
        claims = operator().claims()
        later = part({**claims, "exp": int(time.time()) + 86400})
        for what, token in {
            "its signature is another": f"{head}.{payload}.{signature[:-8]}AAAAAAAA",
            "its claims are others": f"{head}.{later}.{signature}",
            "it has no signature": f"{part({**header(good), 'alg': 'none'})}.{payload}.",
            "its key is another": f"{part({**header(good), 'kid': 'other'})}.{payload}.{signature}",
        }.items():
            with self.subTest(what):
                self.assertEqual(self.straight(token, claims), 401)
                self.ok(callers.Caller(world.CREATED.api_url, token).get("audit"), 401)

    def test_an_identity_token_is_no_access_token(self):
        lou = callers.person(world.CREATED, "lou", "operators", kind="id_token")
        self.assertEqual(lou.claims()["token_use"], "id")
        # The gateway finds none of the route's scopes in it.
        self.assertEqual(lou.get("audit").status, 403)
        self.assertEqual(self.straight(lou.token, lou.claims()), 401)

    def test_keys_are_not_written_when_they_are_the_same(self):
        self.assertEqual(world.keep_keys(), {"changed": False})
