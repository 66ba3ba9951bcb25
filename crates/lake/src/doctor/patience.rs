//! Waiting for an event that is queued: it lands when the stack has emptied its queue.

use std::{
    fmt,
    io::{self, Write},
    time::Duration,
};

/// Seconds from one look to the next.
const PAUSE: u64 = 2;
/// Seconds after which progress is shown.
const PROGRESS: u64 = 30;

/// How much longer to wait for an event; not at all where it is stored already.
pub struct Patience<'a> {
    /// Seconds that were given.
    longest: u64,
    /// Seconds that are left.
    left: u64,
    sleep: &'a dyn Fn(Duration),
}

impl fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience").field("longest", &self.longest).field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a> Patience<'a> {
    /// Waits for up to so many seconds, in all.
    pub fn of(seconds: u64, sleep: &'a dyn Fn(Duration)) -> Self {
        Self { longest: seconds, left: seconds, sleep }
    }

    /// The seconds that it waits at most; `None` if it never does.
    pub fn longest(&self) -> Option<u64> {
        (self.longest > 0).then_some(self.longest)
    }

    /// Looks at once, and again until something is found or patience is at its end. Afterwards it waits no more.
    ///
    /// # Errors
    /// Progress cannot be written.
    pub fn until<T>(&mut self, out: &mut dyn Write, mut look: impl FnMut() -> Option<T>) -> io::Result<Option<T>> {
        loop {
            let found = look();
            if found.is_some() || self.left == 0 {
                self.left = 0;
                return Ok(found);
            }
            self.pause(out)?;
        }
    }

    fn pause(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let pause = self.left.min(PAUSE);
        (self.sleep)(Duration::from_secs(pause));
        self.left -= pause;
        let waited = self.longest - self.left;
        if waited / PROGRESS > (waited - pause) / PROGRESS {
            writeln!(out, "  not there after {waited} s")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_stored_is_looked_for_once_and_what_is_queued_until_patience_ends() {
        for (seconds, found_at, found, looked, slept, said) in [
            (0, 1, true, 1, 0, ""),
            (0, 2, false, 1, 0, ""),
            (5, 1, true, 1, 0, ""),
            (5, 4, true, 4, 5, ""),
            (5, 9, false, 4, 5, ""),
            (61, 99, false, 32, 61, "  not there after 30 s\n  not there after 60 s\n"),
        ] {
            let (slept_for, mut looks, mut out) = (Cell::new(0), 0, Vec::new());
            let sleep = |time: Duration| slept_for.set(slept_for.get() + time.as_secs());
            let mut patience = Patience::of(seconds, &sleep);
            let look = || {
                looks += 1;
                (looks == found_at).then_some(())
            };
            assert_eq!(patience.until(&mut out, look).expect("memory").is_some(), found, "{seconds} {found_at}");
            assert_eq!(patience.until(&mut out, || None::<()>).expect("memory"), None);
            assert_eq!((looks, slept_for.get(), String::from_utf8_lossy(&out).as_ref()), (looked, slept, said), "{seconds} {found_at}");
            assert_eq!(patience.longest(), (seconds > 0).then_some(seconds));
        }
    }
}
