"""The edge before the gateway, as functions know it: CloudFront itself is not here, so what it adds to a
request is sent by hand. Not in here: that Terraform tells functions of it, which xtask compares."""

from test_tour import Case, customer, operator
from world import Told

SECRET = "of-the-edge"
PROOF = {"x-origin-verify": SECRET}


class TestEdge(Case):
    def test_enforced_only_what_came_by_it_is_answered(self):
        wanda = customer("wanda")
        with Told("get_me", EDGE_SECRET=SECRET, EDGE_ENFORCED="true"):
            self.ok(wanda.ask("GET", "me", headers=PROOF))
            for proof in ({}, {"x-origin-verify": "of-the-edg"}, {"x-origin-verify": f"{SECRET},{SECRET}"}):
                refused = wanda.ask("GET", "me", headers=proof)
                self.refused(refused, 421, "misdirected")
                self.assertIn("by its own name", refused["detail"])

    def test_until_then_nobody_is_cut_off_and_only_the_edge_is_believed(self):
        xena = customer("xena")
        with Told("reject_loan", EDGE_SECRET=SECRET, EDGE_ENFORCED="false"):
            # The caller wrote the first address, CloudFront the second.
            by_edge = self.rejected_from(xena, {**PROOF, "x-forwarded-for": "192.0.2.66, 203.0.113.7"})
            past_it = self.rejected_from(xena, {"x-forwarded-for": "192.0.2.66, 203.0.113.7"})
        self.assertEqual(by_edge, "203.0.113.7")
        self.assertNotIn(past_it, ("192.0.2.66", "203.0.113.7"))

    def rejected_from(self, caller, headers):
        """From where it is booked that an operator's act came."""
        loan_id = self.applied(caller)
        self.ok(operator().ask("POST", f"loan/{loan_id}/reject", "{}", headers))
        lines = self.ok(operator().get("audit"))["items"]
        return next(line["from_address"] for line in lines if line["subject"] == loan_id)
