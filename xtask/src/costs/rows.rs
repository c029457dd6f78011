//! How much of each thing a month takes, and what that costs. Sums are exact.

use rust_decimal::Decimal;

use super::deployment::Deployment;
use super::prices::Prices;
use super::units::Units;

/// A month of thirty days, in minutes, hours and days.
const MINUTES: u64 = 43_200;
const HOURS: u64 = 720;
const DAYS: u64 = 30;

/// 10^9, as storage and traffic are priced.
const GB: u64 = 1_000_000_000;

/// What an eventually consistent read unit reads.
const BYTES_BY_READ_UNIT: u64 = 8_192;

/// A line of the table.
pub(super) struct Row {
    /// What it is for.
    pub(super) what: &'static str,
    /// In US dollars a month.
    pub(super) usd: Decimal,
}

/// What a month costs in which so many payments are made.
pub(super) struct Month<'a> {
    pub(super) prices: &'a Prices,
    pub(super) units: &'a Units,
    pub(super) deployment: &'a Deployment,
    pub(super) payments: u64,
}

impl Month<'_> {
    /// The lines. None where a thing has no price or a sum is beyond what a decimal holds.
    pub(super) fn rows(&self) -> Option<Vec<Row>> {
        let cost = |thing: &str, many: Decimal| self.prices.cost(thing, many);
        let Units { payment, tick, .. } = self.units;
        let logs = self.log_gb()?;
        let stored = gb(self.paid(payment.stored_bytes)?)?;
        let tokens = product(&[self.units.assumed.tokens_by_hour, HOURS])?;
        let invocations =
            self.paid(payment.invocations)?.checked_add(self.ticked(tick.invocations)?)?;
        let reads = self.paid(payment.read_units)?.checked_add(self.ticked(tick.read_units)?)?;
        let row = |what, usd| Row { what, usd };
        Some(vec![
            row(
                "gateway, and what it sends",
                cost("gateway_request", self.paid(payment.gateway_requests)?)?
                    .checked_add(cost("data_out_gb", gb(self.paid(payment.answer_bytes)?)?)?)?,
            ),
            row("functions: invocations", cost("invocation", invocations)?),
            row("functions: time", cost("function_gb_second", self.gb_seconds()?)?),
            row("writes", cost("write_unit", self.paid(payment.write_units)?)?),
            row("reads", cost("read_unit", reads)?),
            row(
                "tables, with restore: one month's payments kept",
                cost("stored_gb", stored)?.checked_add(cost("recovery_gb", stored)?)?,
            ),
            row("streams", cost("stream_read", self.paid(payment.stream_records)?)?),
            row("topics", cost("publish", self.paid(payment.publishes)?)?),
            row(
                "logs, kept for a month",
                cost("log_gb", logs)?.checked_add(cost("log_kept_gb", logs)?)?,
            ),
            row("daily check of one month's payments", cost("read_unit", self.checked()?)?),
            row("schedules", cost("schedule", self.ticked(1)?)?),
            row(
                "queues of dead letters, asked all the time",
                cost("queue_request", self.polls()?)?,
            ),
            row("alarms", cost("alarm", Decimal::from(self.deployment.alarms))?),
            row(
                "dashboard and metrics",
                cost("metric", Decimal::from(self.deployment.metrics))?
                    .checked_add(cost("dashboard", Decimal::ONE)?)?,
            ),
            row(
                "one client of services, four tokens an hour",
                cost("service_client", Decimal::ONE)?.checked_add(cost("token", tokens)?)?,
            ),
            row("keys: none of one's own by default", Decimal::ZERO),
        ])
    }

    /// So much for each payment.
    fn paid(&self, by_payment: u64) -> Option<Decimal> {
        product(&[self.payments, by_payment])
    }

    /// So much whenever a schedule comes.
    fn ticked(&self, by_tick: u64) -> Option<Decimal> {
        product(&[self.deployment.schedules, MINUTES, by_tick])
    }

    fn polls(&self) -> Option<Decimal> {
        let by_queue = self.units.assumed.polls_by_queue_and_minute;
        product(&[self.deployment.queues, MINUTES, by_queue])
    }

    /// What is billed of functions: their own time and that of waiting for others.
    fn gb_seconds(&self) -> Option<Decimal> {
        let Units { payment, tick, function, assumed, .. } = self.units;
        let by_payment =
            product(&[payment.invocations, function.own_ms])?.checked_add(product(&[
                payment.store_requests.checked_add(payment.publishes)?,
                assumed.round_trip_ms,
            ])?)?;
        // All partitions are asked at once.
        let by_tick = product(&[tick.invocations, function.own_ms])?
            .checked_add(Decimal::from(assumed.round_trip_ms))?;
        let payments = by_payment.checked_mul(Decimal::from(self.payments))?;
        let ms = payments.checked_add(by_tick.checked_mul(self.ticked(1)?)?)?;
        ms.checked_mul(Decimal::from(function.memory_mib))?.checked_div(Decimal::from(1_024_000))
    }

    fn log_gb(&self) -> Option<Decimal> {
        let Units { payment, tick, assumed, .. } = self.units;
        let bytes = |own: u64, lines: u64, invocations: u64, requests: u64| {
            let platform = product(&[invocations, assumed.platform_bytes])?;
            let access = product(&[requests, assumed.access_bytes])?;
            let lines = lines
                .checked_add(invocations.checked_mul(assumed.platform_lines)?)?
                .checked_add(requests)?;
            let overhead = product(&[lines, assumed.line_overhead_bytes])?;
            let all = Decimal::from(own).checked_add(platform)?;
            all.checked_add(access)?.checked_add(overhead)
        };
        let Self { payments, .. } = *self;
        let by_payment = bytes(
            payment.log_bytes,
            payment.log_lines,
            payment.invocations,
            payment.gateway_requests,
        )?;
        let by_tick = bytes(tick.log_bytes, tick.log_lines, tick.invocations, 0)?;
        let paid = by_payment.checked_mul(Decimal::from(payments))?;
        gb(paid.checked_add(by_tick.checked_mul(self.ticked(1)?)?)?)
    }

    /// The daily check reads everything; of a month's payments it reads half on average.
    fn checked(&self) -> Option<Decimal> {
        let read = self.paid(self.units.payment.stored_bytes)?;
        let units = read.checked_div(Decimal::from(BYTES_BY_READ_UNIT))?;
        units.checked_mul(Decimal::from(DAYS))?.checked_div(Decimal::TWO)
    }
}

fn product(factors: &[u64]) -> Option<Decimal> {
    factors.iter().try_fold(Decimal::ONE, |all, factor| all.checked_mul(Decimal::from(*factor)))
}

fn gb(bytes: Decimal) -> Option<Decimal> {
    bytes.checked_div(Decimal::from(GB))
}
