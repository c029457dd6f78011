//! The figures of functions beside their budgets, for people. Not in here: how they are measured.

use super::{Figures, Report};
use crate::table::aligned;

type Figure = fn(&Figures) -> f64;

/// What is measured each way, in which unit, and below which figure it must stay.
const BUDGETS: [(&str, &str, f64, Figure); 4] = [
    ("ready", "ms", 3.0, |figures| figures.ready_ms),
    ("first call", "ms", 0.8, |figures| figures.first_ms),
    ("warm call", "ms", 0.3, |figures| figures.warm_ms),
    ("resident", "MB", 8.0, |figures| figures.resident_mb),
];

/// Megabytes of what is uploaded.
const ARCHIVE_BUDGET: f64 = 3.0;

/// Everything as text; what is not below its budget is told so.
pub(super) fn text(report: &Report) -> String {
    let mut heading = ["functions", "", "below"].map(str::to_owned).to_vec();
    heading.extend(report.ways.iter().map(|figures| figures.endpoint.to_owned()));
    let mut rows = vec![heading];
    rows.push(row("zip", "MB", ARCHIVE_BUDGET, [report.archive_mb].into_iter()));
    for (what, unit, budget, figure) in BUDGETS {
        rows.push(row(what, unit, budget, report.ways.iter().map(figure)));
    }
    let starts = report.ways.iter().map(|figures| figures.starts).max().unwrap_or_default();
    let mut text = aligned(&rows);
    text.push_str(&format!("medians of {starts} starts; a process that does nothing takes "));
    text.push_str(&format!("{:.3} ms\n", report.nothing_ms));
    if let Some(left_out) = report.left_out {
        text.push_str(&format!("left out: {left_out}\n"));
    }
    text
}

fn row(what: &str, unit: &str, budget: f64, figures: impl Iterator<Item = f64>) -> Vec<String> {
    let judged = |figure: f64| {
        let missed = if figure < budget { "" } else { " MISSED" };
        format!("{figure:.3}{missed}")
    };
    let mut row = vec![what.to_owned(), unit.to_owned(), budget.to_string()];
    row.extend(figures.map(judged));
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_below_its_budget_is_told() {
        let way = |endpoint, ready_ms, resident_mb| Figures {
            endpoint,
            starts: 30,
            ready_ms,
            first_ms: 0.4,
            warm_ms: 0.25,
            resident_mb,
        };
        let report = Report {
            archive_mb: 3.0,
            nothing_ms: 0.5,
            ways: vec![way("plain", 2.999, 7.0), way("TLS", 3.001, 8.5)],
            left_out: None,
        };
        let text = text(&report);
        let told = |line: &str| text.lines().find(|found| found.starts_with(line)).unwrap();
        let words = |line| told(line).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words("zip"), "zip MB 3 3.000 MISSED");
        assert_eq!(words("ready"), "ready ms 3 2.999 3.001 MISSED");
        assert_eq!(words("first call"), "first call ms 0.8 0.400 0.400");
        assert_eq!(words("resident"), "resident MB 8 7.000 8.500 MISSED");
    }
}
