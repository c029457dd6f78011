//! How the institution stands, in words: one line for a person, and every record for a comparison.

use kernel::text::Reason;
use kernel::{Kind, Stored};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Entry, WalletStatus};

use super::{Institution, kinds};

impl Institution {
    /// Each wallet, payment, refund and loan in a few words, in the order in which they came to be.
    pub async fn line(&self) -> String {
        let mut words = Vec::new();
        for wallet_id in &self.wallets {
            let head = self.store().head::<Entry>((*wallet_id).into()).await.unwrap().unwrap();
            let mut word = format!("wallet {}", head.balance_after);
            if head.held_after > 0 {
                word.push_str(&format!(" holds {}", head.held_after));
            }
            if head.status != WalletStatus::Active {
                word.push_str(&format!(" {}", head.status.text()));
            }
            words.push(word);
        }
        for payment_id in &self.payments {
            let payment = self.store().get::<Payment>(*payment_id).await.unwrap().unwrap();
            let mut word = format!("payment {}", payment.status.text());
            for (name, minor) in
                [("took", payment.captured_minor), ("gave back", payment.refunded_minor)]
            {
                if minor > 0 {
                    word.push_str(&format!(" {name} {minor}"));
                }
            }
            words.push(with_reason(&word, payment.reason.as_ref()));
        }
        for refund_id in &self.refunds {
            let refund = self.store().get::<Refund>(*refund_id).await.unwrap().unwrap();
            let word = format!("refund {}", refund.status.text());
            words.push(with_reason(&word, refund.reason.as_ref()));
        }
        for loan_id in &self.loans {
            let loan = self.store().get::<Loan>(*loan_id).await.unwrap().unwrap();
            let funded = if loan.funded_at.is_some() { " funded" } else { "" };
            let word = format!("loan {}{funded}", loan.status.text());
            words.push(with_reason(&word, loan.reason.as_ref()));
        }
        words.join(", ")
    }

    /// Every record with its version and what it said, kind by kind, in the order of their keys.
    pub async fn everything(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for kind in kinds() {
            let mut rows = self.scan(kind).await;
            rows.sort_by_key(|stored| stored.record.key());
            lines.extend(rows.iter().map(|stored| {
                let Stored { record, version, said, .. } = stored;
                format!("{record:?} version {version} said {said:?}")
            }));
        }
        lines
    }

    async fn scan(&self, kind: &'static Kind) -> Vec<Stored> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let store = self.store();
            let piece = store.port().scan(kind, after, 500).await.unwrap();
            rows.extend(piece.rows.into_iter().map(|row| row.unwrap()));
            after = piece.next;
            if after.is_none() {
                return rows;
            }
        }
    }
}

fn with_reason(word: &str, reason: Option<&Reason>) -> String {
    reason.map_or(word.to_owned(), |reason| format!("{word} ({reason})"))
}
