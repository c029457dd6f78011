//! The figures as aligned text, for people.
//!
//! Nothing is measured or added up here, and nothing printed: `main.rs` does that.

use std::fmt::Write;

use crate::process::Machine;
use crate::report::{Afterwards, Figures, Floor, Report, Run, Sustained};
use crate::statistics::mebibytes;

/// Everything as text, for people.
pub(crate) fn text(report: &Report) -> String {
    let Machine { cpu, cores, memory_bytes, kernel } = &report.machine;
    let memory = mebibytes(*memory_bytes);
    let mut text = format!("{cpu}, {cores} cores, {memory:.0} MiB, Linux {kernel}\n\n");
    text.push_str(&aligned(&speed_rows(report)));
    for (title, rows) in [
        ("Processor time, in microseconds an operation, by part of the server", part_rows(report)),
        ("Append and sync, to a bare file", sync_rows(report)),
        ("Payments beside a flood", flood_rows(report)),
        ("Wrong answers", error_rows(report)),
    ] {
        if rows.len() > 1 {
            text.push_str(&format!("\n{title}\n{}", aligned(&rows)));
        }
    }
    if let Some(sustained) = &report.sustained {
        text.push('\n');
        text.push_str(&sustained_text(sustained));
    }
    text
}

/// Each row of figures with its name: the floors of HTTP first.
fn named(report: &Report) -> Vec<(String, &Figures, Option<&Run>)> {
    let floors = report.floors.iter().filter_map(|floor| match floor {
        Floor::Http { route, figures } => Some((format!("floor: {route}"), figures, None)),
        Floor::AppendAndSync(_) => None,
    });
    let runs = report.runs.iter().map(|run| (run.scenario.to_owned(), &run.figures, Some(run)));
    floors.chain(runs).collect()
}

fn speed_rows(report: &Report) -> Vec<Vec<String>> {
    let heading = [
        "scenario",
        "conn",
        "count",
        "/s",
        "worst s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "max ms",
        "errors",
        "server us",
        "bench us",
        "journal B",
        "written B",
        "kept B",
        "on disk B",
        "RSS MiB",
        "of floor",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for (name, figures, run) in named(report) {
        let mut row = vec![
            name,
            figures.connections.to_string(),
            figures.count.to_string(),
            format!("{:.0}", figures.per_second),
            figures.slowest_second.to_string(),
            format!("{:.2}", figures.p50_ms),
            format!("{:.2}", figures.p99_ms),
            format!("{:.2}", figures.p999_ms),
            format!("{:.2}", figures.max_ms),
            figures.errors.to_string(),
            format!("{:.1}", figures.server_cpu_us),
            format!("{:.1}", figures.generator_cpu_us),
        ];
        if let Some(run) = run {
            row.extend([
                format!("{:.0}", run.journal_bytes),
                format!("{:.0}", run.written_bytes),
                format!("{:.0}", run.kept_bytes),
                format!("{:.0}", run.kept_allocated_bytes),
                format!("{:.0}", mebibytes(run.resident_bytes)),
                run.http_floor_ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            ]);
        }
        rows.push(row);
    }
    rows
}

fn part_rows(report: &Report) -> Vec<Vec<String>> {
    let mut parts: Vec<&String> = Vec::new();
    for run in &report.runs {
        // What takes no measurable time is in the JSON only.
        let parts_of_run = run.figures.server_cpu_us_by_part.iter();
        for (part, _) in parts_of_run.filter(|(_, time)| **time >= 0.05) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    let heading = ["scenario", "conn", "all"].map(str::to_owned).into_iter();
    let mut rows = vec![heading.chain(parts.iter().map(|part| (*part).clone())).collect()];
    for run in &report.runs {
        let figures = &run.figures;
        let mut row = vec![
            run.scenario.to_owned(),
            figures.connections.to_string(),
            format!("{:.1}", figures.server_cpu_us),
        ];
        row.extend(parts.iter().map(|part| {
            let time = figures.server_cpu_us_by_part.get(*part);
            time.map_or_else(String::new, |time| format!("{time:.1}"))
        }));
        rows.push(row);
    }
    rows
}

fn sync_rows(report: &Report) -> Vec<Vec<String>> {
    let heading =
        ["file", "sagas/s", "syncs/s", "B a sync", "p50 ms", "p99 ms", "p99.9 ms", "max ms"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for floor in &report.floors {
        let Floor::AppendAndSync(figures) = floor else {
            continue;
        };
        let bytes = figures.saga_bytes.saturating_mul(figures.sagas_a_sync);
        rows.push(vec![
            figures.preparation.name().to_owned(),
            format!("{:.0}", figures.per_second),
            format!("{:.0}", figures.syncs_per_second),
            bytes.to_string(),
            format!("{:.2}", figures.p50_ms),
            format!("{:.2}", figures.p99_ms),
            format!("{:.2}", figures.p999_ms),
            format!("{:.2}", figures.max_ms),
        ]);
    }
    rows
}

fn flood_rows(report: &Report) -> Vec<Vec<String>> {
    let heading = [
        "beside",
        "conn",
        "tries",
        "/s",
        "answered",
        "hashing",
        "payments",
        "errors",
        "p50 ms",
        "p99 ms",
        "max ms",
        "p50 x",
        "p99 x",
        "RSS MiB",
        "afterwards",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let times = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    for flood in &report.floods {
        let statuses = flood.by_status.iter().map(|(status, count)| format!("{status}: {count}"));
        let afterwards = flood.afterwards.as_ref().map_or_else(String::new, |after| {
            let Afterwards { at_home, beside_it_first, beside_it, after_s } = after;
            format!("{at_home} elsewhere; {beside_it_first}, after {after_s:.0} s {beside_it}")
        });
        rows.push(vec![
            flood.flood.to_owned(),
            flood.connections.to_string(),
            flood.tries.to_string(),
            format!("{:.0}", flood.tries_per_second),
            statuses.collect::<Vec<_>>().join(", "),
            format!("{:.2}", flood.hashing_share),
            format!("{} of {}", flood.payments, flood.payments_due),
            flood.payment_errors.to_string(),
            format!("{:.2}", flood.p50_ms),
            format!("{:.2}", flood.p99_ms),
            format!("{:.2}", flood.max_ms),
            times(flood.p50_ratio),
            times(flood.p99_ratio),
            format!("{:.0}", mebibytes(flood.resident_bytes_max)),
            afterwards,
        ]);
    }
    rows
}

fn error_rows(report: &Report) -> Vec<Vec<String>> {
    let mut rows = vec![["scenario", "conn", "times", "what"].map(str::to_owned).to_vec()];
    for (name, figures, _) in named(report) {
        for error in &figures.error_kinds {
            let example = error.example.replace(['\n', '\r'], " ");
            rows.push(vec![
                name.clone(),
                figures.connections.to_string(),
                error.count.to_string(),
                format!("{} {example}", error.kind),
            ]);
        }
    }
    rows
}

fn sustained_text(sustained: &Sustained) -> String {
    let mut text = format!("After {} payments", sustained.payments_made);
    if sustained.payments_made < sustained.payments_asked {
        // Writing to a string cannot fail; the result says so only to the compiler.
        write!(text, " (of {} asked for; the time was over)", sustained.payments_asked)
            .unwrap_or_default();
    }
    writeln!(
        text,
        ": {:.0} MiB resident ({:.0} at most), data folder {:.0} MiB ({:.0} on the disk); \
         killed under load, ready again after {:.0} ms with {:.0} MiB.",
        mebibytes(sustained.resident_bytes),
        mebibytes(sustained.resident_bytes_max),
        mebibytes(sustained.data_apparent_bytes),
        mebibytes(sustained.data_allocated_bytes),
        sustained.ready_after_kill_ms,
        mebibytes(sustained.resident_bytes_after_restart),
    )
    .unwrap_or_default();
    text
}

/// Rows under each other: names and sentences to the left, figures and their headings to the right.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let column = |at: usize| rows.iter().filter_map(move |row| row.get(at));
    let shape = |at: usize| {
        let width = column(at).map(|cell| cell.chars().count()).max().unwrap_or_default();
        (width, at == 0 || column(at).skip(1).any(|cell| cell.contains(' ')))
    };
    let shapes: Vec<(usize, bool)> = (0..columns).map(shape).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, (width, words)) in row.iter().zip(&shapes) {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            let parts = if *words { [cell, &padding, "  "] } else { [&padding, cell, "  "] };
            line.extend(parts);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn names_stand_to_the_left_and_figures_to_the_right() {
        let rows = [["name", "per s", "what"], ["a", "1", "x y"], ["bcdef", "12345678", "z"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let expected = "\
name      per s  what
a             1  x y
bcdef  12345678  z
";
        assert_eq!(aligned(&rows), expected);
    }

    #[test]
    fn every_part_of_a_report_is_shown() {
        let text = text(&sample());
        for shown in [
            "A processor, 2 cores, 4096 MiB, Linux 6.1",
            "floor: bare POST    64  123456  12346",
            "payment-saga        64  123456  12346",
            "status 503 no room",
            "401: 7, 429: 9993",
            "appended",
            "65536",
            "After 900000 payments (of 1000000 asked for; the time was over): 120 MiB resident",
            "ready again after 346 ms",
        ] {
            assert!(text.contains(shown), "{shown:?} is not in\n{text}");
        }
    }
}
