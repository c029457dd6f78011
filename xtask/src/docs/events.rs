//! `docs/events`: a page for each event with who says it, who hears it and an example, and the JSON
//! Schema of its data beside it, at the place that the envelope's `dataschema` names.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use kernel::manifest::ServiceManifest;
use kernel::{EventKind, Topic};

use super::{Files, examples};

/// Every service: what it hears is read from its manifest.
const SERVICES: [&ServiceManifest; 3] = [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST];

/// All pages and schemas.
pub(super) fn files() -> io::Result<Files> {
    let mut files = Files::new();
    files.insert(PathBuf::from("docs/events/README.md"), contents());
    for kind in EventKind::ALL {
        let folder = PathBuf::from("docs/events").join(kind.name());
        let schema = serde_json::to_string_pretty(&kind.schema())?;
        files.insert(folder.join(format!("{}.json", kind.schema_version())), schema + "\n");
        files.insert(folder.join("README.md"), page(*kind)?);
    }
    Ok(files)
}

fn contents() -> String {
    let mut text = String::from(
        "# Events\n\
         Every event, made from the code by `cargo xtask docs`. The envelope is CloudEvents 1.0 in \
         JSON; on SNS it is the body, and `event_type`, `schema_version` and `subject` are attributes.\n",
    );
    for topic in Topic::ALL {
        write_line(&mut text, &format!("\n## `{}`\n", topic.name()));
        write_line(&mut text, "| event | says | hears | |\n| --- | --- | --- | --- |");
        for kind in EventKind::ALL.iter().filter(|kind| kind.topic() == topic) {
            let name = kind.name();
            let (says, hears) = (kind.source(), hearers(*kind).join(", "));
            let summary = first_sentence(*kind);
            write_line(
                &mut text,
                &format!("| [{name}]({name}/README.md) | {says} | {hears} | {summary} |"),
            );
        }
    }
    text
}

fn page(kind: EventKind) -> io::Result<String> {
    let example = serde_json::to_string_pretty(&examples::envelope(kind))?;
    let hearers = hearers(kind);
    let hears = if hearers.is_empty() { "nobody yet".to_owned() } else { hearers.join(", ") };
    Ok(format!(
        "# {name}\n{summary}\n\n\
         | | |\n| --- | --- |\n| topic | `{topic}` |\n| said by | {says} |\n| heard by | {hears} |\n\
         | schema | [version {version}]({version}.json) |\n\n\
         ```json\n{example}\n```\n",
        name = kind.name(),
        summary = kind.summary(),
        topic = kind.topic().name(),
        says = kind.source(),
        version = kind.schema_version(),
    ))
}

/// The functions that hear an event, each with its service.
fn hearers(kind: EventKind) -> Vec<String> {
    let subscriptions = SERVICES.iter().flat_map(|service| {
        service.subscriptions.iter().map(move |subscription| (service.name, subscription))
    });
    subscriptions
        .filter(|(_, subscription)| subscription.hears.contains(&kind))
        .map(|(service, subscription)| format!("{service} (`{}`)", subscription.name))
        .collect()
}

fn first_sentence(kind: EventKind) -> &'static str {
    let summary = kind.summary();
    summary.split_once(". ").map_or(summary, |(first, _)| first).trim_end_matches('.')
}

fn write_line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    writeln!(text, "{line}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use kernel::Envelope;

    use super::*;

    #[test]
    fn every_event_is_said_by_the_service_that_declares_it() {
        for kind in EventKind::ALL {
            let says: Vec<_> =
                SERVICES.iter().filter(|service| service.says.contains(kind)).collect();
            let names: Vec<_> = says.iter().map(|service| service.name).collect();
            assert_eq!(names, [kind.source()], "{}", kind.name());
        }
    }

    #[test]
    fn every_example_is_read_back() {
        for kind in EventKind::ALL {
            let example = examples::envelope(*kind);
            let read = Envelope::read(&example.to_string()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), example, "{}", kind.name());
        }
    }
}
