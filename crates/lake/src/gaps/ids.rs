//! Sets of ids that cannot grow beyond a bound, and the ids in a text.

use super::logged::Key;

/// A set of ids, of a bounded size. It is filled, sorted, and then asked.
#[derive(Debug, Default)]
pub struct Ids {
    keys: Vec<Key>,
    most: usize,
    is_cut: bool,
}

impl Ids {
    /// Makes an empty set that takes at most so many ids.
    pub fn at_most(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Adds an id, unless the set is full.
    pub fn add(&mut self, key: Key) {
        if self.keys.len() == self.most && !self.is_cut {
            self.sort();
            // Sorting is worth it only where many are the same.
            self.is_cut = self.keys.len() > self.most / 2;
        }
        if !self.is_cut {
            self.keys.push(key);
        }
    }

    /// Sorts the set, so that it can be asked.
    pub fn sort(&mut self) {
        self.keys.sort_unstable();
        self.keys.dedup();
        self.keys.shrink_to_fit();
    }

    /// Whether a sorted set holds this id.
    pub fn hold(&self, key: &Key) -> bool {
        self.keys.binary_search(key).is_ok()
    }

    /// Whether ids were left out since the set was full.
    pub fn are_cut(&self) -> bool {
        self.is_cut
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
}

/// Calls `then` with what stands behind each `"log_id":` and `"_id":`, whatever the text is otherwise: a reject need not be JSON.
pub fn each_in(text: &[u8], mut then: impl FnMut(&[u8])) {
    const NAME: &[u8] = b"_id\"";
    for at in text.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME).map(|(at, _)| at) {
        let is_name = text[..at].ends_with(b"\"log") || text[..at].ends_with(b"\"");
        let Some(value) = text[at + NAME.len()..].trim_ascii_start().strip_prefix(b":").filter(|_| is_name) else { continue };
        let value = value.trim_ascii_start();
        let (value, end): (&[u8], fn(&u8) -> bool) = match value.strip_prefix(b"\"") {
            Some(string) => (string, |byte| *byte == b'"'),
            None => (value, |byte| !byte.is_ascii_digit()),
        };
        let length = value.iter().position(end).unwrap_or(value.len());
        if length > 0 {
            then(&value[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_any_text() {
        for (text, ids) in [
            (r#"{"log_id":"a","data":{"log_id" : "b"}}"#, vec!["a", "b"]),
            (r#"{"_id":"a","user_id":"c","log_id":12}"#, vec!["a", "12"]),
            (r#"x"_id":"cut"#, vec!["cut"]),
            (r#"{"log_id":null,"_id":"","log_id"}"#, vec![]),
            ("_id\"", vec![]),
        ] {
            let mut found = Vec::new();
            each_in(text.as_bytes(), |id| found.push(String::from_utf8(id.to_vec()).expect("text")));
            assert_eq!(found, ids, "{text}");
        }
    }

    #[test]
    fn a_set_takes_no_more_than_it_may_and_says_so() {
        let key = |number: usize| Key::of(number.to_string().as_bytes());
        let filled = |ids: &mut dyn Iterator<Item = usize>| {
            let mut set = Ids::at_most(100);
            ids.for_each(|number| set.add(key(number)));
            set.sort();
            set
        };
        let set = filled(&mut (0..10_000).map(|number| number % 50));
        assert!(set.len() == 50 && !set.are_cut() && (0..50).all(|number| set.hold(&key(number))) && !set.hold(&key(50)));
        // What comes after the set is full costs nothing.
        let set = filled(&mut (0..1_000_000));
        assert!(set.len() == 100 && set.are_cut() && set.hold(&key(99)) && !set.hold(&key(100)));
    }
}
