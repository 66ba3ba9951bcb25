"""Records that a visitor's typing, a broken sender and new fields can bring, each as the text that is sent."""

DATE = '"date":"2026-07-01T12:00:00.000Z"'


def record(log_id, members, envelope=""):
    return f'{{"log_id":"{log_id}"{envelope},"data":{{{members}}}}}'


HOSTILE = [
    record("h-1", DATE + r',"user_name":"a\ud800b","details":{"qs":{"x":"\udfff"}}'),
    record("h-2", DATE + ',"ip":"198.51.100.7","IP":"203.0.113.1","Type":"s","details":{"a":1,"A":2,"a.b":3}'),
    record("h-3", DATE + ',"unmapped":{"a":1},"p_log_type":"x","ingest":1,"event_schema":"x"', ',"p_row_id":"x"'),
    record("h-4", DATE + ',\n "details":{\n\t"a": [1,\r\n 2]\n}'),
    record("h-5", DATE + ',"ip":{"v":4},"user_id":["a"],"type":7,"is_mobile":"maybe","connection":true,"location_info":"x"'),
    record("h-6", DATE + ',"details":{"n":12345678901234567890123,"f":1.10,"e":1E400},"score":-0.0'),
    record("90020260701123456789000000000000000001223372037868840734", '"type":"s"'),
    record("h-8", '"type":"s"'),
    record("h-9", '"date":"2100-01-01T00:00:00Z","type":"s"'),
    record("h-10", '"date":"2026-07-01T23:30:00.123456-05:00"'),
    record("h-11", '"date":"2026-07-01 12:00:00.5"'),
    '{"_id":"h-12",' + DATE + ',"type":"sapi","isMobile":"TRUE","user_id":" auth0|x "}',
    '{"log_id":900202607011234567890000000000000000012233720378,"data":{' + DATE + "}}",
    record("h-14", DATE + ',"scope":["read:logs","read:users"],"$event_schema":{"version":"1.0.0"}'),
    record("h-15", DATE + ',"scope":["a",1]'),
    record("h-16", DATE + ',"client_id":{"a":"b"},"details":"text","auth0_client":[1, 2],"references":false'),
    record("h-17", DATE + r',"user_agent":"a\u0000b\u001b[31m\u2028\u0085","details":{"x":"\u0000\u001f\u007f"}'),
    record("h-18", DATE + ',"location_info":{"country_code":"NL","latitude":"52.37","longitude":4.9,"city_name":["x"],"asn":1}'),
    record("h-19", DATE + ',"ip":"203.0.113.1","ip":"198.51.100.9"'),
    r'{"\u006cog_id":"h-20","data":{"d\u0061te":"2026-07-01T12:00:00.000Z","\u0069p":"2001:db8::1"}}',
    record("h-21", DATE + ',"user_agent":"' + "x" * 300_000 + '"'),
    record("h-22", DATE + ',"details":' + '{"a":' * 300 + "1" + "}" * 300),
    record("h-24", DATE + ',"deep":' + "[" * 150 + "]" * 150),
    record("h-25", DATE + ',"y":1,"y":[2],"$envelope":3,"$duplicates":4,"location_info":{"latitude":1.50,"latitude":"2.50"}', ',"x":1,"x":2'),
    '{"log_id":{"a":1},"data":{' + DATE + ',"log_id":"h-26","event_schema":1,"x":null,"location_info":{"asn":7}}}',
    record("h-28", DATE + r',"ip":"\u00a0192.0.2.1\u2003","user_id":"\u0085 a b \u3000","user_name":"\u001c"'),
    record("h-29", DATE + ',"location_info":{"latitude":"007","longitude":1e400}'),
    record("h-30", '"date":"2026-06-30T23:59:60Z","type":"s"'),
    record("h-31", '"date":"2026-07-01T12:00:00.123456789Z"'),
    record("h-32", '"date":"2026-07-01T12:00:00.100000000+23:59"'),
    record("h-33", DATE + ',"ip":"::ffff:192.0.2.7","client_ip":"192.0.2.07"'),
    record("h-34", DATE + ',"ip":"fe80::1%eth0","client_ip":"2001:DB8::1"'),
    record("h-23", DATE + ',"user_id":"","user_name":null,"ip":" ","description":"","details":{}'),
    record("h-35", DATE + r',"user_name":"\\\"quoted\\\" \\n and \\\\ and \t","description":"{\"not\":\"json\"}, [1]"'),
    record("h-36", DATE + ',"user_name":"Zoë Łukasz 日本 👩‍👩‍👧","details":{"ключ":"значение"}'),
    record("h-37", DATE + ',"location_info":{"latitude":-33.8688197,"longitude":151.2092955e0}'),
    record("h-38", DATE + ',"details":"' + "y" * 1_000_000 + '"'),
]
BROKEN = [
    "[1]", '{"log_id":"r-1"}', '{"log_id":"r-3","data":[]}', '{"data":{"type":"s"}}', "this is not JSON", "42",
    '{"log_id":NaN,"data":{}}', '{"log_id":"r-4","data":{"a":1,}}', '{"log_id":"r-5","data":null,"type":"s"}',
    b'{"log_id":"r-6","data":{"user_name":"\xff\xfe"}}',
]
