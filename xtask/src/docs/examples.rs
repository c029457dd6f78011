//! An example of each event. A new event does not compile without one, and one that does not fit its
//! type fails a test.

use kernel::EventKind;
use serde_json::{Value, json};

const PAYMENT: &str = "pay_019bda7b-c340-7000-8000-000000000001";
const WALLET: &str = "wal_019bda7b-c340-7000-8000-000000000002";
const HOLD: &str = "hold_019bda7b-c340-7000-8000-000000000003";
const REFUND: &str = "ref_019bda7b-c340-7000-8000-000000000004";
const LOAN: &str = "loan_019bda7b-c340-7000-8000-000000000005";

/// The example of a type, in its envelope.
pub(super) fn envelope(kind: EventKind) -> Value {
    let data = data(kind);
    let subject = data.get("transaction_id").or_else(|| data.get("loan_id")).cloned();
    let answers = kind.source() == "wallet";
    json!({
        "specversion": "1.0",
        "id": "evt_019bda7b-c340-7000-8000-000000000006",
        "type": kind.name(),
        "source": kind.source(),
        "subject": subject,
        "sequence": 1,
        "time": "2026-01-20T09:30:00.000000Z",
        "dataschema": format!("{}/{}/{}.json", kernel::event::DATASCHEMA_BASE, kind.name(), kind.schema_version()),
        "correlationid": "019bda7b-c340-7000-8000-000000000007",
        "causationid": answers.then_some("evt_019bda7b-c340-7000-8000-000000000008"),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": data,
    })
}

fn data(kind: EventKind) -> Value {
    let payment =
        |more: Value| with(json!({ "transaction_id": PAYMENT, "wallet_id": WALLET }), more);
    let loan = |more: Value| with(json!({ "loan_id": LOAN, "wallet_id": WALLET }), more);
    let usd =
        |amount: &str, more: Value| with(json!({ "amount": amount, "currency": "USD" }), more);
    match kind {
        EventKind::PaymentRequested => payment(usd(
            "25.50",
            json!({
                "merchant_id": "corner-cafe", "capture": "automatic", "requested_by": "alice",
                "requested_as": "customer", "description": "Breakfast", "reference": "table-7",
            }),
        )),
        EventKind::PaymentSuccessful => payment(usd("25.50", json!({ "wallet_owner": "alice" }))),
        EventKind::PaymentFailed => {
            payment(json!({ "wallet_owner": "alice", "reason": "insufficient-funds" }))
        }
        EventKind::PaymentAuthorized => {
            let until = "2026-01-27T09:30:00.000000Z";
            payment(usd(
                "25.50",
                json!({ "wallet_owner": "alice", "hold_id": HOLD, "expires_at": until }),
            ))
        }
        EventKind::PaymentCaptureRequested | EventKind::PaymentCaptured => {
            payment(usd("20.00", json!({ "hold_id": HOLD })))
        }
        EventKind::PaymentCaptureFailed => payment(json!({ "reason": "hold-expired" })),
        EventKind::PaymentVoidRequested => payment(json!({ "hold_id": HOLD })),
        EventKind::PaymentVoided => payment(json!({ "hold_id": HOLD, "reason": "requested" })),
        EventKind::PaymentRefundRequested => {
            payment(usd("5.00", json!({ "refund_id": REFUND, "merchant_id": "corner-cafe" })))
        }
        EventKind::PaymentRefunded => payment(usd("5.00", json!({ "refund_id": REFUND }))),
        EventKind::PaymentRefundFailed => {
            payment(json!({ "refund_id": REFUND, "reason": "wallet-closed" }))
        }
        EventKind::LoanApproved => loan(usd(
            "5000.00",
            json!({ "attempt": 1, "applied_by": "alice", "applied_as": "customer", "approved_by": "olivia" }),
        )),
        EventKind::LoanRejected => loan(json!({ "reason": "Too much for the income shown" })),
        EventKind::LoanFunded => {
            let at = "2026-01-20T09:30:00.000000Z";
            loan(usd("5000.00", json!({ "wallet_owner": "alice", "funded_at": at })))
        }
        EventKind::LoanFundingFailed => {
            loan(json!({ "wallet_owner": "alice", "reason": "wallet-closed" }))
        }
    }
}

/// One object with the fields of both, in that order.
fn with(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut fields), Value::Object(more)) => {
            fields.extend(more);
            Value::Object(fields)
        }
        (first, _) => first,
    }
}
