//! The statements that erase from the table `events`, which holds copies of the rows.
//!
//! They are printed, not run: whether there is a table, and on which engine, is up to the operator.

/// The statement that deletes rows, as in the table's own SQL.
const DELETE: &str = include_str!("../../../../sql/erase.sql");
/// Runs before the deletes, in this order.
const BEFORE: &[&str] = &[include_str!("../../../../sql/erase_begin.sql")];
/// Runs after the deletes, in this order, so that no file keeps the rows.
const AFTER: &[&str] = &[
    include_str!("../../../../sql/optimize.sql"),
    include_str!("../../../../sql/erase_forget.sql"),
    include_str!("../../../../sql/vacuum.sql"),
    include_str!("../../../../sql/erase_end.sql"),
];
/// Most rows in one statement: 180 kB of ids; Athena takes 262,144 bytes (its quota page, read in November 2026).
const MOST_ROWS: usize = 5_000;
/// Hexadecimal digits of a row id.
const DIGITS: usize = 32;

/// The statements that erase these rows, in order; none for no rows.
pub fn statements(row_ids: &[String]) -> Vec<String> {
    let deletes = deletes(row_ids);
    if deletes.is_empty() {
        return deletes;
    }
    let owned = |statements: &[&str]| statements.iter().map(|statement| statement.trim().to_owned()).collect();
    [owned(BEFORE), deletes, owned(AFTER)].concat()
}

fn deletes(row_ids: &[String]) -> Vec<String> {
    let is_id = |id: &&String| id.len() == DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let quoted: Vec<String> = row_ids.iter().filter(is_id).map(|id| format!("'{id}'")).collect();
    quoted.chunks(MOST_ROWS).map(|some| DELETE.trim().replace("{row_ids}", &some.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_statement_and_each_statement_is_short_enough() {
        let ids: Vec<String> = (0..20_000).map(|i| format!("{i:032x}")).collect();
        let deletes = deletes(&ids);
        assert!(deletes.len() == 4 && deletes.iter().all(|statement| statement.len() < 262_144));
        let found: Vec<&str> = deletes.iter().flat_map(|statement| statement.split('\'').skip(1).step_by(2)).collect();
        assert_eq!(found, ids);
        assert_eq!(super::deletes(&ids[..2])[0], format!("DELETE FROM events WHERE row_id IN ('{}', '{}')", ids[0], ids[1]));
    }

    #[test]
    fn nothing_but_row_ids_gets_into_a_statement() {
        let none = [String::new(), "x') OR ('1'='1".to_owned(), "'0123456789abcdef0123456789abcde".to_owned(), "0".repeat(DIGITS + 1)];
        assert_eq!(statements(&none), Vec::<String>::new());
    }
}
