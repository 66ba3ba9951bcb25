//! The `local` receiver and its folder: no room, no right to write, and killed while it stores.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use auth0_log_lake::object::ObjectKey;
use serde_json::Value;
use support::files::files;

use super::local::{Local, Sender, Under};
use crate::random::Random;

/// How often the receiver is killed.
pub const KILLS: u64 = 20;
/// Senders that send at the same time.
const SENDERS: usize = 4;

/// A batch that nobody else sends: two hours, and one record that is not an event.
pub fn batch(number: usize) -> Vec<u8> {
    let record = |hour: usize| {
        format!("{{\"log_id\":\"{number}-{hour}\",\"data\":{{\"date\":\"2026-07-01T{hour:02}:00:00.000Z\",\"type\":\"s\"}}}}")
    };
    format!("{}\n{}\nnumber {number} is no record", record(number % 5), record(7)).into_bytes()
}

/// Ids under which the rows of a batch are found.
pub fn ids(number: usize) -> [String; 3] {
    [format!("{number}-{}", number % 5), format!("{number}-7"), format!("number {number} is no record")]
}

/// A batch that needs this many bytes, however it is compressed.
fn large(random: &mut Random, bytes: usize) -> Vec<u8> {
    let noise: String = (0..bytes / 16).map(|_| format!("{:016x}", random.next())).collect();
    format!("{{\"log_id\":\"{noise:.20}\",\"data\":{{\"user_agent\":\"{noise}\"}}}}").into_bytes()
}

/// Reads a lake: every object is whole, and all else is a staged file at its root.
pub fn read(lake: &Path) -> (BTreeMap<String, Vec<u8>>, BTreeSet<String>) {
    let (staged, objects): (BTreeMap<_, _>, BTreeMap<_, _>) = files(lake).into_iter().partition(|(name, _)| name.starts_with(".staged-"));
    assert!(staged.keys().all(|name| !name.contains('/')), "{:?}", staged.keys());
    let mut ids = BTreeSet::new();
    for (name, bytes) in &objects {
        assert!(ObjectKey::parse(name).is_some(), "{name}");
        let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("half an object: {name}"));
        for line in text.strip_suffix('\n').unwrap_or_else(|| panic!("half an object: {name}")).split('\n') {
            let row: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("half an object: {name}"));
            let id = row["log_id"].as_str().or(row["raw"].as_str()).expect("an id");
            ids.insert(id.to_owned());
        }
    }
    (objects, ids)
}

/// Posts batches from several senders until enough are answered, kills the receiver, and gives what was answered 200.
pub fn kill_under_load(local: Local, next: &AtomicUsize, answers: usize) -> BTreeSet<usize> {
    let (answered, heard) = mpsc::channel();
    let send = |sender: Sender, answered: mpsc::Sender<usize>| loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        match sender.post(&batch(number)) {
            Some(status) => {
                assert_eq!(status, 200);
                // Nobody listens any more once the receiver is killed; the answer still counts.
                _ = answered.send(number);
            }
            None => return,
        }
    };
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            let (sender, answered) = (local.sender(), answered.clone());
            scope.spawn(move || send(sender, answered));
        }
        drop(answered);
        let mut numbers: BTreeSet<usize> = heard.iter().take(answers).collect();
        drop(local);
        numbers.extend(heard.iter());
        numbers
    })
}

#[test]
fn whatever_was_answered_200_is_whole_after_twenty_kills_under_load_with_objects_of_its_own() {
    is_whole_after_kills("0");
}

#[test]
fn whatever_was_answered_200_is_whole_after_twenty_kills_under_load_with_shared_objects() {
    let objects = is_whole_after_kills("20");
    assert!(objects.values().any(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count() > 1), "no object is shared");
}

/// Kills a receiver with this `GROUP_WAIT_MS` twenty times; gives the objects.
fn is_whole_after_kills(wait: &str) -> BTreeMap<String, Vec<u8>> {
    let settings = [("GROUP_WAIT_MS", wait.to_owned())];
    let lake = tempfile::tempdir().expect("a folder");
    let (mut random, next) = (Random::new(20), AtomicUsize::new(0));
    let (mut answered, mut before) = (BTreeSet::new(), BTreeMap::new());
    for kill in 0..KILLS {
        let local = Local::start_with(lake.path(), Under::Nothing, &settings);
        answered.extend(kill_under_load(local, &next, random.between(1, 40) as usize));
        let (objects, found) = read(lake.path());
        let lost: Vec<&usize> = answered.iter().filter(|number| !ids(**number).iter().all(|id| found.contains(id))).collect();
        assert!(lost.is_empty(), "answered 200 and lost after kill {kill}: {lost:?}");
        assert!(before.iter().all(|(name, bytes)| objects.get(name) == Some(bytes)), "an object was replaced");
        before = objects;
    }
    let sent = next.into_inner();
    assert!(answered.len() < sent, "no kill came between a request and its answer");
    let local = Local::start_with(lake.path(), Under::Nothing, &settings);
    assert!((0..sent).all(|number| local.sender().post(&batch(number)) == Some(200)));
    let (objects, found) = read(lake.path());
    assert!((0..sent).all(|number| ids(number).iter().all(|id| found.contains(id))));
    println!("{KILLS} kills, {sent} batches sent, {} answered before a kill", answered.len());
    objects
}

#[test]
fn a_full_disk_is_answered_503_and_takes_more_once_there_is_room() {
    if !Under::SmallDisk.is_possible() {
        return println!("skipped: this machine allows no mount for a full disk");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let local = Local::start(folder.path(), Under::SmallDisk);
    let (lake, mut random) = (local.lake(), Random::new(1));
    fs::write(lake.join(".staged-ballast"), vec![0; 100_000]).expect("ballast");
    let mut answered = 0;
    let refused = loop {
        let body = large(&mut random, 20_000);
        match local.sender().post(&body) {
            Some(200) => answered += 1,
            status => break (status, body),
        }
        assert!(answered < 50, "the disk is never full");
    };
    assert_eq!(refused.0, Some(503));
    assert_eq!(read(&lake).1.len(), answered);
    fs::remove_file(lake.join(".staged-ballast")).expect("room");
    assert_eq!(local.sender().post(&refused.1), Some(200), "once there is room");
    assert_eq!(read(&lake).1.len(), answered + 1);
    let written = local.kill();
    assert!(answered > 0 && written.contains("\"error.kind\":\"full\""), "{written}");
}

#[test]
fn a_file_that_cannot_grow_is_answered_503_and_leaves_no_half_object() {
    let lake = tempfile::tempdir().expect("a folder");
    let local = Local::start(lake.path(), Under::SmallFiles);
    let body = large(&mut Random::new(2), 40_000);
    assert_eq!(
        [local.sender().post(&batch(1)), local.sender().post(&body), local.sender().post(&batch(2))],
        [Some(200), Some(503), Some(200)]
    );
    assert_eq!(read(lake.path()).1.len(), 6);
    drop(local);
    assert_eq!(Local::start(lake.path(), Under::Nothing).sender().post(&body), Some(200));
    assert_eq!(read(lake.path()).1.len(), 7);
}

#[test]
fn a_folder_that_may_only_be_read_is_answered_503() {
    if !Under::ReadOnly.is_possible() {
        return println!("skipped: this machine allows no mount for a read-only folder");
    }
    let lake = tempfile::tempdir().expect("a folder");
    let local = Local::start(lake.path(), Under::ReadOnly);
    assert_eq!(local.sender().post(&batch(1)), Some(503));
    let written = local.kill();
    assert!(written.contains("\"error.kind\":\"denied\""), "{written}");
    assert!(files(lake.path()).is_empty());
    assert_eq!(Local::start(lake.path(), Under::Nothing).sender().post(&batch(1)), Some(200));
    assert_eq!(read(lake.path()).1.len(), 3);
}

#[test]
fn a_lake_that_was_emptied_is_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = folder.path().join("lake");
    let local = Local::start(&lake, Under::Nothing);
    assert_eq!(local.sender().post(&batch(1)), Some(200));
    fs::remove_dir_all(lake.join("events")).expect("a folder of the lake");
    assert_eq!(local.sender().post(&batch(1)), Some(200), "without its events");
    assert_eq!(read(&lake).1.len(), 3);
    fs::remove_dir_all(&lake).expect("the lake");
    assert_eq!(local.sender().post(&batch(1)), Some(200), "without its folder");
    assert_eq!(read(&lake).1.len(), 3);
}
