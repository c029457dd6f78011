//! `fintech demo`: fills a running server with a believable little world, over its own interface, and
//! says what it made and where to look. It knows nothing that any other client does not.

use clap::Args;
use serde_json::{Value, json};

use crate::client::{AccessOptions, Answer, Client, USUAL};
use crate::end::{End, Failure};
use crate::{output, runtime};

const LONG_ABOUT: &str = "\
Fill a running server with a believable little world: people with wallets, their salaries, payments \
in shops, money held and captured, a refund, a payment that fails, and loans: one approved and paid \
out, one rejected, one that waits for you.

Each run makes a new world beside the old ones. What was made is printed, and where to look.";

const EXAMPLES: &str = "\
Examples:
  fintech serve --data /tmp/demo --insecure-no-auth    in one terminal, without signing in
  fintech demo                                         in another

Where people sign in, by an operator's token:
  export FINTECH_TOKEN=$(fintech token --email operator@localhost)
  fintech demo --server http://127.0.0.1:8080";

/// Fill a running server with something to look at
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The server's address
    #[arg(long, value_name = "URL", env = "FINTECH_SERVER")]
    #[arg(default_value = USUAL)]
    server: String,
    #[command(flatten)]
    access: AccessOptions,
}

/// People and their salary.
const PEOPLE: [(&str, &str); 4] =
    [("Ada", "4200.00"), ("Ben", "2850.00"), ("Chloe", "3100.00"), ("Daniel", "95.00")];

/// Who pays whom how much for what.
#[derive(Debug, Clone, Copy)]
struct Purchase {
    who: &'static str,
    merchant: &'static str,
    amount: &'static str,
    what: &'static str,
}

const PURCHASES: [Purchase; 9] = [
    purchase("Ada", "corner-grocer", "64.35", "Groceries"),
    purchase("Ada", "city-transport", "49.00", "Monthly ticket"),
    purchase("Ada", "bookshop-on-the-square", "38.90", "Two novels"),
    purchase("Ben", "corner-grocer", "41.20", "Groceries"),
    purchase("Ben", "northern-power", "86.75", "Electricity"),
    purchase("Chloe", "bakery-rosa", "7.60", "Bread"),
    purchase("Chloe", "northern-power", "92.10", "Electricity"),
    purchase("Daniel", "bakery-rosa", "4.80", "Bread"),
    // More than he has.
    purchase("Daniel", "corner-bikes", "640.00", "Bicycle"),
];

const fn purchase(
    who: &'static str,
    merchant: &'static str,
    amount: &'static str,
    what: &'static str,
) -> Purchase {
    Purchase { who, merchant, amount, what }
}

/// Who applies for how much over how many months, and what becomes of it.
const LOANS: [(&str, &str, u32, Becomes); 3] = [
    ("Ben", "5000.00", 12, Becomes::Approved),
    ("Daniel", "20000.00", 36, Becomes::Rejected),
    ("Chloe", "1200.00", 18, Becomes::Waiting),
];

#[derive(Debug, Clone, Copy)]
enum Becomes {
    Approved,
    Rejected,
    Waiting,
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    runtime::build("demo")?.block_on(async {
        let client = Client::connect(&options.server, &options.access).await?;
        let mut world = World { client, wallets: Vec::new() };
        world.open_wallets().await?;
        world.pay().await?;
        world.hold().await?;
        world.lend().await?;
        world.show().await
    })?;
    Ok(End::Done)
}

struct World {
    client: Client,
    /// People and their wallets.
    wallets: Vec<(&'static str, String)>,
}

impl World {
    async fn open_wallets(&mut self) -> Result<(), Failure> {
        for (name, salary) in PEOPLE {
            let opened = self.client.post("/v1/wallet", &json!({ "currency": "USD" })).await?;
            let wallet_id = opened.text("/wallet_id").to_owned();
            let salary =
                json!({ "amount": salary, "description": "Salary", "reference": "salary" });
            self.client.post(&format!("/v1/wallet/{wallet_id}/credit"), &salary).await?;
            say(format!("{name} has the wallet {wallet_id}, with a salary in it"))?;
            self.wallets.push((name, wallet_id));
        }
        let rent = json!({
            "to_wallet_id": self.wallet("Ada"), "amount": "450.00",
            "description": "Rent of the room", "reference": "rent",
        });
        let path = format!("/v1/wallet/{}/transfer", self.wallet("Ben"));
        self.client.post(&path, &rent).await?;
        say("Ben pays Ada 450.00 for the room")
    }

    async fn pay(&mut self) -> Result<(), Failure> {
        for purchase in PURCHASES {
            let payment = self.payment(purchase, "automatic").await?;
            let Purchase { who, merchant, amount, what } = purchase;
            say(format!("{who} pays {merchant} {amount} ({what}): {}", state(&payment)))?;
        }
        Ok(())
    }

    /// A hotel takes less than it held, a car is given back unused, a bookshop refunds a part.
    async fn hold(&mut self) -> Result<(), Failure> {
        let hotel = purchase("Chloe", "hotel-am-see", "260.00", "Two nights");
        let hotel = self.payment(hotel, "manual").await?;
        let path = format!("/v1/payment/{}/capture", hotel.text("/transaction_id"));
        let captured = self.client.post(&path, &json!({ "amount": "228.50" })).await?;
        say(format!("The hotel held 260.00 of Chloe's and took 228.50: {}", state(&captured)))?;

        let car = self.payment(purchase("Ada", "car-hire", "300.00", "Deposit"), "manual").await?;
        let path = format!("/v1/payment/{}/void", car.text("/transaction_id"));
        let voided = self.client.post(&path, &json!({})).await?;
        say(format!("The car hire held 300.00 of Ada's and gave it free: {}", state(&voided)))?;

        let atlas = purchase("Ada", "bookshop-on-the-square", "57.00", "An atlas");
        let atlas = self.payment(atlas, "automatic").await?;
        let path = format!("/v1/payment/{}/refund", atlas.text("/transaction_id"));
        let refund = self.client.post(&path, &json!({ "amount": "12.00" })).await?;
        say(format!("The bookshop gives 12.00 of Ada's 57.00 back: {}", state(&refund)))?;
        let (url, payment_id) = (self.client.url(), atlas.text("/transaction_id"));
        say(format!("  every event of that payment: {url}/v1/payment/{payment_id}/timeline"))
    }

    async fn lend(&mut self) -> Result<(), Failure> {
        for (name, amount, months, becomes) in LOANS {
            let body = json!({
                "wallet_id": self.wallet(name), "amount": amount, "loan_term_months": months,
            });
            let applied = self.client.post("/v1/loan", &body).await?;
            let loan_id = applied.text("/loan_id").to_owned();
            let loan = match becomes {
                Becomes::Approved => {
                    self.client.post(&format!("/v1/loan/{loan_id}/approve"), &json!({})).await?
                }
                Becomes::Rejected => {
                    let reason = json!({ "reason": "The income does not carry it" });
                    self.client.post(&format!("/v1/loan/{loan_id}/reject"), &reason).await?
                }
                Becomes::Waiting => applied,
            };
            say(format!(
                "{name} applies for {amount} over {months} months, {} a month: {} ({loan_id})",
                loan.text("/minimum_payment"),
                state(&loan),
            ))?;
        }
        Ok(())
    }

    async fn show(&mut self) -> Result<(), Failure> {
        say("\nIn the wallets now:")?;
        for (name, wallet_id) in &self.wallets {
            let wallet = self.client.get(&format!("/v1/wallet/{wallet_id}")).await?;
            say(format!(
                "  {name:<8} {:>10} {}",
                wallet.text("/balance"),
                wallet.text("/currency")
            ))?;
        }
        let url = self.client.url();
        say(format!("\nWhere to look; where people sign in, with a token:\n  {url}/docs"))?;
        for path in
            ["wallet", "payment", "loan?status=PENDING", "events", "ledger/trial-balance", "audit"]
        {
            say(format!("  {url}/v1/{path}"))?;
        }
        Ok(())
    }

    async fn payment(&mut self, purchase: Purchase, capture: &str) -> Result<Answer, Failure> {
        let Purchase { who, merchant, amount, what } = purchase;
        let body = json!({
            "wallet_id": self.wallet(who), "merchant_id": merchant, "amount": amount,
            "capture": capture, "description": what,
        });
        self.client.post("/v1/payment", &body).await
    }

    fn wallet(&self, name: &str) -> &str {
        let found = self.wallets.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, wallet_id)| wallet_id)
    }
}

/// How a saga ended, and why it failed.
fn state(answer: &Answer) -> String {
    let status = answer.text("/status");
    match answer.body.get("reason").and_then(Value::as_str) {
        Some(reason) => format!("{status}, {reason}"),
        None => status.to_owned(),
    }
}

fn say(text: impl std::fmt::Display) -> Result<(), Failure> {
    output::line(text)?;
    Ok(())
}
