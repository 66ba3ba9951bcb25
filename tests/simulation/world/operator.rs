//! What happens around the streams: the bucket's weather, deployments, token rotation, kills.

use std::{rc::Rc, time::Duration};

use tokio::time::sleep;

use super::{World, bucket::Weather, invocation::Instance, mutant::Mutant, sender::Stream};
use crate::random::Random;

/// The tenants, as their tokens name them.
pub const EU: &str = "eu";
pub const US: &str = "us";
/// Their tokens: the first tenant's is rotated.
pub const EU_OLD: &str = "first-token-of-eu";
pub const EU_NEW: &str = "second-token-of-eu";
pub const US_ONLY: &str = "token-of-us";

/// Where the rotation of a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Before,
    Both,
    After,
}

impl Phase {
    /// The tokens that are configured, each with its source.
    pub fn tokens(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Before => vec![(EU, EU_OLD), (US, US_ONLY)],
            Self::Both => vec![(EU, EU_OLD), (US, US_ONLY), (EU, EU_NEW)],
            Self::After => vec![(EU, EU_NEW), (US, US_ONLY)],
        }
    }
}

/// Seconds after which the storms are over.
const STORMS_END: u64 = 3 * 3_600;

/// Changes the weather of the bucket and of the queue, until it stays clear.
pub async fn weather(world: Rc<World>, mut random: Random) {
    while world.elapsed().as_secs() < STORMS_END && !world.is_over() {
        let [weather, of_queue] = [(); 2].map(|()| match random.below(10) {
            0..4 => Weather::Storm(random.between(1, 10)),
            4..7 => Weather::Storm(random.between(20, 80)),
            7 => Weather::Denied,
            8 => Weather::Down,
            _ => Weather::Clear,
        });
        world.tell(format_args!("weather: {weather:?}, of the queue {of_queue:?}"));
        world.bucket.set_weather(weather);
        world.queue.set_weather(of_queue);
        sleep(Duration::from_secs(random.between(10, 1_200))).await;
    }
    world.bucket.set_weather(Weather::Clear);
    world.queue.set_weather(Weather::Clear);
}

/// Rotates a token: both are known for a while; the streams' owners change theirs early or late.
pub async fn deploys(world: Rc<World>, mut random: Random, streams: Vec<Rc<Stream>>) {
    sleep(Duration::from_secs(random.between(60, 3_600))).await;
    deploy(&world, &mut random, Phase::Both);
    let owners: Vec<_> = streams
        .into_iter()
        .filter(|stream| stream.source == EU)
        .map(|stream| {
            let delay = Duration::from_secs(random.between(0, 3_600));
            tokio::task::spawn_local(async move {
                sleep(delay).await;
                stream.token.set(EU_NEW);
            })
        })
        .collect();
    sleep(Duration::from_secs(random.between(60, 3_600))).await;
    deploy(&world, &mut random, Phase::After);
    for owner in owners {
        owner.await.expect("an owner");
    }
}

/// Starts a new version; the old one finishes its requests.
fn deploy(world: &World, random: &mut Random, phase: Phase) {
    world.tell(format_args!("deploy: {phase:?}"));
    world.instance.replace(Rc::new(Instance::new(world.mode, world.bucket.clone(), world.queue.clone(), phase, world.mutant, random)));
}

/// Kills the receiver now and then, with its requests under way.
pub async fn kills(world: Rc<World>, mut random: Random) {
    let often = random.between(60, 2_000);
    while world.elapsed().as_secs() < STORMS_END && !world.is_over() {
        sleep(Duration::from_millis(random.between(1_000, often * 1_000))).await;
        let old = Rc::clone(&world.instance.borrow());
        let killed = old.kill();
        world.tell(format_args!("kill: {killed} requests"));
        deploy(&world, &mut random, old.phase);
    }
}

/// The tokens as configured; a mutant mixes them up.
pub fn told(phase: Phase, mutant: Option<Mutant>) -> Vec<(&'static str, &'static str)> {
    let swapped = |source| if source == EU { US } else { EU };
    let wrong = mutant == Some(Mutant::SwapsSources);
    phase.tokens().into_iter().map(|(source, token)| (if wrong { swapped(source) } else { source }, token)).collect()
}
