//! The member for each column of a row.

/// The member of an object for each column.
#[derive(Debug)]
pub(crate) struct Columns<const N: usize> {
    /// The columns that have a member, one bit each.
    taken: u64,
    members: [u32; N],
}

impl<const N: usize> Columns<N> {
    pub fn new() -> Self {
        const { assert!(N <= u64::BITS as usize, "each column has its bit") };
        Self { taken: 0, members: [0; N] }
    }

    pub fn clear(&mut self) {
        self.taken = 0;
    }

    pub fn take(&mut self, column: usize, member: usize) {
        self.members[column] = member as u32;
        self.taken |= 1 << column;
    }

    pub fn get(&self, column: usize) -> Option<usize> {
        (self.taken >> column & 1 == 1).then(|| self.members[column] as usize)
    }

    /// The columns that have a member, in order, each with its member's index.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut left = self.taken;
        std::iter::from_fn(move || {
            let column = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some((column, self.members[column] as usize))
        })
    }
}
