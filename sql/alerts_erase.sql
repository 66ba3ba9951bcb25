DELETE FROM alerts WHERE cardinality(filter(
  concat(
    ARRAY[lower(subject), lower(coalesce(name, subject)), concat('= ', source, ' ', coalesce(name, subject))],
    transform(regexp_extract_all(lower(shows), '''((?:[^'']|'''')*)''', 1), word -> replace(word, '''''', ''''))
  ),
  word -> to_hex(sha256(to_utf8(word))) IN ({digests})
)) > 0
