//! Links in the pages lead somewhere: a relative one to a file or a folder of this tree.
//! Not in here: links to other hosts, and headings within a page.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::tree::File;

pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let places = places(files);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in targets(&file.text) {
            let Some(place) = resolve(&file.path, &target) else {
                findings.push(file.finding(
                    line,
                    format!("`{target}` leaves the tree"),
                    "name it between backticks, without a link",
                ));
                continue;
            };
            if !places.contains(place.as_str()) {
                findings.push(file.finding(
                    line,
                    format!("`{target}` leads nowhere"),
                    "link a file that is there, relative to this page",
                ));
            }
        }
    }
    findings
}

/// Every file and every folder above one; the root is the empty name.
fn places(files: &[File]) -> BTreeSet<&str> {
    let mut places = BTreeSet::from([""]);
    for file in files {
        let mut place = file.path.as_str();
        while places.insert(place) {
            place = place.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
    }
    places
}

/// The relative targets of a page's links and images, with their lines. Code has no links.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (line, line_text) in (1..).zip(text.lines()) {
        if line_text.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            continue;
        }
        let prose = line_text.split('`').step_by(2).collect::<Vec<_>>().join("``");
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let reference =
            prose.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        for target in inline.chain(reference.map(|(_, target)| target)) {
            // A title may follow the target: `[a](b.md "title")`.
            let target = target.split_whitespace().next().unwrap_or_default();
            let target = target.split(['#', '?']).next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if !target.is_empty() && !elsewhere {
                found.push((line, target.to_owned()));
            }
        }
    }
    found
}

/// The place in the tree that a page's link names; none above the root, or from the root of a host.
fn resolve(page: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::assert_found;
    use super::*;

    fn check_page(text: &str, expected: &[&str]) {
        let files = [
            File::new("README.md", ""),
            File::new("docs/page.md", text),
            File::new("docs/decisions/0001-a.md", ""),
        ];
        assert_found(check(&files), expected);
    }

    #[test]
    fn links_lead_to_files_and_folders_of_the_tree() {
        check_page(
            "[a](decisions/0001-a.md) and [b](decisions/)\n[c](../README.md#the-tour), [d](..)",
            &[],
        );
        check_page("[a](https://example.org/x.md) [b](#below) [c](mailto:a@example.org)", &[]);
        check_page("```\n[a](b.md)\n```\n`[a](b.md)`", &[]);
        check_page("[a](b.md)", &["docs/page.md:1: `b.md` leads nowhere"]);
        check_page("\n![a](b.png \"title\")", &["docs/page.md:2: `b.png` leads nowhere"]);
        check_page("[a](decisions/0001-a.md) [b](c.md)", &["docs/page.md:1: `c.md` leads nowhere"]);
        check_page("[a]: b.md", &["docs/page.md:1: `b.md` leads nowhere"]);
        check_page("[`a`](b.md)", &["docs/page.md:1: `b.md` leads nowhere"]);
        check_page("[a](README.md)", &["docs/page.md:1: `README.md` leads nowhere"]);
        check_page(
            "[a](../../shared/API.md)",
            &["docs/page.md:1: `../../shared/API.md` leaves the tree"],
        );
        check_page("[a](/README.md)", &["docs/page.md:1: `/README.md` leaves the tree"]);
    }
}
