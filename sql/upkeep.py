"""The SQL that keeps the tables `events` and `alerts` up, and that erases a person from them.

A DELETE alone only hides rows; README.md says what the statements beside it do, and in which order.
"""

from writing import listed

# How long older snapshots stay, and from how many files on OPTIMIZE rewrites a group: Athena's defaults, said outright.
UPKEEP = {
    "vacuum_max_snapshot_age_seconds": 432000,
    "vacuum_min_snapshots_to_keep": 1,
    "vacuum_max_metadata_files_to_keep": 20,
    "optimize_rewrite_data_file_threshold": 5,
    "optimize_rewrite_delete_file_threshold": 2,
}
# While a person is erased: every file with a deleted row is rewritten, and no older snapshot stays.
ERASING = {
    "vacuum_max_snapshot_age_seconds": 1,
    "optimize_rewrite_data_file_threshold": 1,
    "optimize_rewrite_delete_file_threshold": 1,
}
# An alert names a person if its name or its subject is an identifier, if its query compares with one or lists an event of
# theirs, or if its name is the one that the person has in one source. A part of a word is nobody. All of it is compared by
# digests, since Athena keeps statements in its history.
NAMED = """\
cardinality(filter(
  concat(
    ARRAY[lower(subject), lower(coalesce(name, subject)), concat('= ', source, ' ', coalesce(name, subject))],
    transform(regexp_extract_all(lower(shows), '''((?:[^'']|'''')*)''', 1), word -> replace(word, '''''', ''''))
  ),
  word -> to_hex(sha256(to_utf8(word))) IN ({digests})
)) > 0"""


def properties(values):
    return listed(f"'{key}' = '{value}'" for key, value in values.items())


def set_properties(table, values):
    return f"ALTER TABLE {table} SET TBLPROPERTIES (\n  {properties(values)}\n)\n"


def check(table, row, doomed):
    """Counts the rows that are to go, and what would still hold them once they are gone."""
    return f"""\
SELECT
  (SELECT count(*) FROM {table} WHERE {doomed}) AS {row}_rows,
  (SELECT count(*) FROM "{table}$files" WHERE content <> 0) AS delete_files,
  (SELECT sum(deleted_data_files_count) FROM "{table}$manifests") AS forgotten_files,
  (SELECT count(*) FROM "{table}$snapshots") AS snapshots
"""


def statements(table, prefix, row, time, doomed):
    """The statements of one table by the names of their files, which start with the prefix."""
    return {
        f"{prefix}optimize.sql": f"OPTIMIZE {table} REWRITE DATA USING BIN_PACK\n",
        f"{prefix}vacuum.sql": f"VACUUM {table}\n",
        f"{prefix}erase_begin.sql": set_properties(table, ERASING),
        f"{prefix}erase.sql": f"DELETE FROM {table} WHERE {doomed}\n",
        # Commits a snapshot without the files that OPTIMIZE replaced; their entries have the bounds of what was erased. It does
        # so although no row goes, since `time` is what the table is partitioned by: whole partitions are dropped, none here.
        f"{prefix}erase_forget.sql": f"DELETE FROM {table} WHERE {time} < TIMESTAMP '1970-01-01 00:00:00'\n",
        f"{prefix}erase_check.sql": check(table, row, doomed),
        f"{prefix}erase_end.sql": set_properties(table, {key: UPKEEP[key] for key in ERASING}),
    }


STATEMENTS = {
    **statements("events", "", "event", "event_time", "row_id IN ({row_ids})"),
    **statements("alerts", "alerts_", "alert", "detected_at", NAMED),
}
