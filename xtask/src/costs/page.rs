//! The page: the table, what it is made of and what it leaves out.

use std::fmt::Write as _;

use rust_decimal::{Decimal, RoundingStrategy};

use super::deployment::Deployment;
use super::prices::{Price, Prices};
use super::rows::{Month, Row};
use super::units::Units;

/// Payments a month, as the columns have them.
const PAYMENTS: [(u64, &str); 3] =
    [(1_000, "1,000"), (1_000_000, "1,000,000"), (100_000_000, "100,000,000")];

/// None where a thing has no price or a sum is beyond what a decimal holds.
pub(super) fn page(prices: &Prices, units: &Units, deployment: &Deployment) -> Option<String> {
    let mut months = Vec::with_capacity(PAYMENTS.len());
    for (payments, _) in PAYMENTS {
        months.push(Month { prices, units, deployment, payments }.rows()?);
    }
    let mut page = head(prices);
    for (place, row) in months.first()?.iter().enumerate() {
        let cells = months.iter().map(|rows| Some(cents(rows.get(place)?.usd)));
        line(&mut page, row.what, &cells.collect::<Option<Vec<_>>>()?);
    }
    let sums: Vec<_> = months.iter().map(|rows| sum(rows)).collect::<Option<_>>()?;
    line(&mut page, "**together**", &sums.iter().map(|sum| cents(*sum)).collect::<Vec<_>>());
    let each = PAYMENTS.iter().zip(&sums).map(|((payments, _), sum)| {
        let each = sum.checked_div(Decimal::from(*payments))?;
        Some(each.round_dp_with_strategy(6, RoundingStrategy::AwayFromZero).to_string())
    });
    line(&mut page, "a payment", &each.collect::<Option<Vec<_>>>()?);
    page.push_str(&used(units, deployment));
    page.push_str(&listed(prices));
    Some(page)
}

fn head(prices: &Prices) -> String {
    let region = &prices.region;
    let columns: Vec<_> = PAYMENTS.iter().map(|(_, name)| *name).collect();
    format!(
        "# What it costs\n\
         US dollars a month, on demand, in {region}, **without the free tiers**; each line rounded up \
         to the cent. Made by `cargo xtask costs` from [what a payment takes](units.toml) and \
         [prices](prices.toml): put your own there and make it anew. A payment is asked for and looked \
         at once, and succeeds.\n\n\
         | payments a month | {} |\n| --- | ---: | ---: | ---: |\n",
        columns.join(" | ")
    )
}

fn line(page: &mut String, what: &str, cells: &[String]) {
    // Writing to a string does not fail.
    let _written = writeln!(page, "| {what} | {} |", cells.join(" | "));
}

fn sum(rows: &[Row]) -> Option<Decimal> {
    rows.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.usd))
}

/// Rounded up: a bill does not come out higher for that.
fn cents(usd: Decimal) -> String {
    let mut cents = usd.round_dp_with_strategy(2, RoundingStrategy::AwayFromZero);
    cents.rescale(2);
    cents.to_string()
}

fn used(units: &Units, deployment: &Deployment) -> String {
    let Units { payment, tick, function, assumed } = units;
    let Deployment { schedules, queues, alarms, metrics } = deployment;
    format!(
        "\nCounted for each payment, over an emulator: {} requests, {} invocations, {} write units, {} \
         read units, {} messages to {} subscribers, {} bytes of logs of ours, {} bytes in tables. \
         Standing still: {schedules} schedules of a minute ({} requests to a table and {} read units \
         each time; the one that keeps the keys of sign-in fetches them and reads one unit, and is \
         counted like the others), {queues} queues, {alarms} alarms, {metrics} metrics.\n\n\
         Not measured, for that takes an account: {} ms for each round trip to DynamoDB or SNS, of \
         which the time of functions is mostly made ({} ms is their own, by `make bench`; {} MiB); the \
         size of the lines that Lambda and the gateway log; how often Lambda asks a queue \
         ({} times a minute).\n\n\
         Not counted: people (Cognito's monthly active users), cold starts, retries and conflicts, what was paid in former months \
         and is kept (tables grow by as much again each month, and so does what the daily check reads), \
         logs kept longer than a month, what indexes store, a key of one's own with its requests \
         (`customer_keys`), `metrics_by_route`, the edge (`edge`: CloudFront by request and GB, a \
         firewall by its four rules and by request, two logs), `threat_protection`, taxes.\n",
        payment.gateway_requests,
        payment.invocations,
        payment.write_units,
        payment.read_units,
        payment.publishes,
        payment.deliveries,
        payment.log_bytes,
        payment.stored_bytes,
        tick.store_requests,
        tick.read_units,
        assumed.round_trip_ms,
        function.own_ms,
        function.memory_mib,
        assumed.polls_by_queue_and_minute,
    )
}

fn listed(prices: &Prices) -> String {
    let mut list = "\n## Prices\n\n| | US dollars | read |\n| --- | --- | --- |\n".to_owned();
    for price in prices.of.values() {
        let Price { unit, source, checked, .. } = price;
        let read = checked.as_deref().unwrap_or("**not looked up**");
        let _written = writeln!(list, "| {unit} | {} | {read}: {source} |", price.shown());
    }
    list
}
