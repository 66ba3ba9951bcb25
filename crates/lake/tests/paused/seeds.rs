//! Worlds of many seeds.
//!
//! `cargo test -p lake --test paused many_seeds` runs a fixed few. More of them, with progress:
//! `SEEDS=10000 cargo test --release -p lake --test paused -- --nocapture many_seeds`. One of them:
//! `SEED=17 cargo test -p lake --test paused -- --nocapture one_seed`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::world::{Summary, run};

/// Worlds of an everyday run.
const SEEDS: u64 = 30;
/// Worlds that run side by side.
const THREADS: usize = 2;

/// A number from the environment, if it is set.
#[expect(clippy::disallowed_methods, reason = "how many worlds, and which, is for whoever starts the test to say")]
fn asked_for(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap_or_else(|_| panic!("{name} must be a number; got {number:?}")))
}

/// Runs the world of a seed; if a promise is broken, says how to run it again.
fn live(seed: u64) -> Summary {
    let command = format!("SEED={seed} cargo test -p lake --test paused -- --nocapture one_seed");
    match std::panic::catch_unwind(|| run(seed, None)) {
        Ok(Ok(summary)) => summary,
        Ok(Err(wrong)) => panic!("seed {seed} breaks a promise: {wrong:?}\nreplay it: {command}"),
        Err(_) => panic!("seed {seed} panics\nreplay it: {command}"),
    }
}

#[test]
fn many_seeds_are_filled_with_nothing_missing_and_nothing_twice() {
    let seeds = asked_for("SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return sum;
            }
            add(&mut sum, live(seed));
            if (seed + 1).is_multiple_of((seeds / 20).max(1)) {
                println!("{} of {seeds} worlds", seed + 1);
            }
        }
    };
    let mut total = Summary::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| add(&mut total, thread.join().expect("worlds that keep their promises")));
    });
    println!("{seeds} worlds: {total:?}");
    let is_kind = total.missing == 0 || total.cut == 0 || total.died == 0 || total.went_on == 0;
    assert!(seeds < 10 || !is_kind, "the worlds are too kind: {total:?}");
}

#[test]
fn one_seed_is_filled() {
    let seed = asked_for("SEED").unwrap_or_default();
    println!("seed {seed}: {:?}", live(seed));
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..3 {
        assert_eq!(run(seed, None), run(seed, None), "seed {seed}");
    }
}

fn add(sum: &mut Summary, world: Summary) {
    sum.events += world.events;
    sum.missing += world.missing;
    sum.runs += world.runs;
    sum.cut += world.cut;
    sum.died += world.died;
    sum.went_on += world.went_on;
}
