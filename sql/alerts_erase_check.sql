SELECT
  (SELECT count(*) FROM alerts WHERE cardinality(filter(
  concat(
    ARRAY[lower(subject), lower(coalesce(name, subject)), concat('= ', source, ' ', coalesce(name, subject))],
    transform(regexp_extract_all(lower(shows), '''((?:[^'']|'''')*)''', 1), word -> replace(word, '''''', ''''))
  ),
  word -> to_hex(sha256(to_utf8(word))) IN ({digests})
)) > 0) AS alert_rows,
  (SELECT count(*) FROM "alerts$files" WHERE content <> 0) AS delete_files,
  (SELECT sum(deleted_data_files_count) FROM "alerts$manifests") AS forgotten_files,
  (SELECT count(*) FROM "alerts$snapshots") AS snapshots
