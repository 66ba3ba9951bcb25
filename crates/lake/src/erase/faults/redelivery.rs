//! A sender delivers a batch again while its object is replaced.

use super::*;

/// A lake in which a sender puts an object again after a delete, this many times.
struct Sender<'a>(&'a Opened, Cell<usize>, Held);

impl Objects for Sender<'_> {
    fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        self.0.list(keys)
    }
    fn get(&self, key: &str) -> Result<Held, StoreError> {
        self.0.get(key)
    }
    fn create(&self, key: &str, held: &Held) -> Result<Put, StoreError> {
        self.0.create(key, held)
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key)?;
        if key == super::key("events", 1) && self.1.get() > 0 {
            self.1.set(self.1.get() - 1);
            self.0.create(key, &self.2)?;
        }
        Ok(())
    }
    fn forget(&self, key: &str) -> Result<usize, StoreError> {
        self.0.forget(key)
    }
}

#[test]
fn a_batch_that_is_delivered_again_while_its_object_is_replaced_is_erased_too() {
    let root = folder();
    let lake = folder_lake(root.path());
    let (before, left) = rows();
    fill(root.path(), &before);
    let first = lake.get(&key("events", 1)).expect("an object");
    let (ended, said) = erase(&Sender(&lake, Cell::new(2), first.clone()), true);
    assert_eq!((ended, held(root.path())), (Some(Verdict::Good), left.clone()), "{said}");

    fill(root.path(), &before);
    let (ended, said) = erase(&Sender(&lake, Cell::new(99), first), true);
    assert_eq!(ended, Some(Verdict::Bad), "{said}");
    assert!(said.contains("a sender puts it again each time"), "{said}");
    assert_nobody_else_is_lost(root.path(), &left, "a sender that never ends");
    assert_eq!(erase(&lake, true).0, Some(Verdict::Good));
    assert_eq!(held(root.path()), left);
}
