DELETE FROM alerts WHERE any_match(
  concat(
    ARRAY[
      lower(subject),
      concat('= ', source, ' ', CASE detection
        WHEN 'limit_hit' THEN regexp_replace(lower(subject), '^[a-z0-9_]+ ', '')
        WHEN 'admin_new_country' THEN regexp_replace(lower(subject), ' in [a-z][a-z]$', '')
        ELSE lower(subject)
      END)
    ],
    regexp_extract_all(lower(concat(subject, ' ', shows)), '[^\s''"<>(),;]+'),
    regexp_extract_all(lower(concat(subject, ' ', shows)), '[\p{L}\p{N}._+@-]*[\p{L}\p{N}_@-]')
  ),
  word -> to_hex(sha256(to_utf8(word))) IN ({digests})
)
