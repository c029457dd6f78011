//! Whose the folder is, and who holds it.

use super::*;

#[test]
fn a_new_folder_is_the_owners_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("a/b")).unwrap();
    let lock = folder.lock().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(&folder.journal()), 0o700);
    assert_eq!(mode(&folder.path().join(LOCK)), 0o600);
    assert_eq!(Folder::create(folder.path()).unwrap(), folder);
    drop(lock);
}

#[test]
fn every_folder_with_a_new_entry_is_synced() {
    let check = |path: &str, there: &[&str], expected: &[&str]| {
        let is_there = |above: &Path| there.iter().any(|there| above == Path::new(there));
        let expected: Vec<&Path> = expected.iter().map(Path::new).collect();
        assert_eq!(to_sync(Path::new(path), &is_there), expected, "{path}");
    };
    check("/a/b", &["/a", "/"], &["/a/b", "/a"]);
    check("/a/b/c/d", &["/a", "/"], &["/a/b/c/d", "/a/b/c", "/a/b", "/a"]);
    check("a/b", &["."], &["a/b", "a", "."]);
    check("a", &["."], &["a", "."]);
    check("/", &["/"], &["/"]);
}

#[test]
fn folders_above_are_made_as_well() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("a/b/c/d")).unwrap();
    assert!(folder.journal().is_dir());
}

#[test]
fn the_second_writer_is_told_who_holds_the_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(temporary.path()).unwrap();
    let lock = folder.lock().unwrap();
    let refused = folder.lock().unwrap_err();
    let FolderError::Held { holder, .. } = &refused else { panic!("{refused}") };
    assert_eq!(holder.process, Some(std::process::id()));
    assert!(holder.since.is_some_and(|since| since <= System.now()));
    let command = holder.command.as_deref().unwrap();
    assert!(command.contains("store_embedded"), "{command}");
    let sentence = refused.to_string();
    assert!(sentence.contains(&format!("process {}", std::process::id())), "{sentence}");

    drop(lock);
    drop(folder.lock().unwrap());
}

#[test]
fn what_a_longer_holder_wrote_does_not_stay() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(temporary.path()).unwrap();
    fs::write(temporary.path().join(LOCK), "x".repeat(10_000)).unwrap();
    let lock = folder.lock().unwrap();
    let text = fs::read_to_string(temporary.path().join(LOCK)).unwrap();
    assert!(text.starts_with("process ") && !text.contains("xxx"), "{text}");
    drop(lock);
}

#[test]
fn a_lock_that_is_a_link_is_not_followed() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("data")).unwrap();
    let elsewhere = temporary.path().join("elsewhere");
    fs::write(&elsewhere, "somebody else's").unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.path().join(LOCK)).unwrap();
    let refused = folder.lock().unwrap_err();
    assert!(matches!(refused, FolderError::Disk { .. }), "{refused}");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "somebody else's");
}

#[test]
fn a_holder_is_read_as_far_as_it_can_be() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Holder::read(text).to_string(), expected, "{text}");
    };
    check("", "another process");
    check("process 7\ncommand a b\n", "process 7 (`a b`)");
    check("process x\ncommand", "another process");
    let since = "2026-01-31T09:30:00.000000Z";
    check(&format!("process 7\nsince {since}\n"), &format!("process 7 since {since}"));
    let whole = Holder::this_process();
    assert_eq!(Holder::read(&whole.write()), whole);
}

#[test]
fn a_holder_tells_no_argument() {
    let check = |line: &str, expected: &str| {
        assert_eq!(command(line.split(' ').map(str::to_owned)), expected, "{line}");
    };
    check("/opt/fintech serve --data /srv/money", "fintech serve");
    check("fintech user disable ada@example.org --data x", "fintech user disable");
    check("fintech user reset-password shop --data x", "fintech user reset-password");
    check("fintech user --data x disable ada@example.org", "fintech user");
    check("fintech --help", "fintech");
    check("fin\ntech import rows.csv", "fin tech import");
    check("", "");
}

#[test]
fn a_folder_without_a_database_cannot_be_read() {
    let temporary = tempfile::tempdir().unwrap();
    let missing = Folder::existing(temporary.path()).unwrap_err();
    assert!(matches!(missing, FolderError::Missing { .. }), "{missing}");
    let folder = Folder::create(temporary.path()).unwrap();
    fs::write(folder.database(), "").unwrap();
    assert_eq!(Folder::existing(temporary.path()).unwrap(), folder);
}
