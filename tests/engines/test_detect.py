"""`make detect` as the documents write it, good and bad input both."""

import re

import pytest
from test_detections import KNOWN, lake  # noqa: F401
from test_query import answered, in_s3, make


def test_detect_prints_each_hit_with_its_severity_subject_counts_and_query(lake):  # noqa: F811
    said = answered("detect", f"LAKE={lake}", "ID=brute_force")
    hits = re.findall(r"^medium    brute_force  198\.51\.100\.7\n +One address failed .*\n +failed-11, 11 events, .* UTC\n +(SELECT .* ORDER BY event_time)$", said, re.MULTILINE)
    assert len(hits) == 1 and re.search(r"^3 hits of 1 detection in [\d,]+ events\.$", said, re.MULTILINE)
    shown = answered("query", f"SQL={hits[0]}", f"LAKE={lake}")
    assert re.search(r"^ +11 rows ", shown, re.MULTILINE), shown


def test_detect_alone_runs_all_and_names_the_gravest_first(lake):  # noqa: F811
    said = answered("detect", f"LAKE={lake}")
    order = [line.split()[0] for line in said.splitlines() if re.match(r"(critical|high|medium|low|info) ", line)]
    ranks = [["critical", "high", "medium", "low", "info"].index(severity) for severity in order]
    assert ranks == sorted(ranks) and len(set(ranks)) == 5 and f"of {len(KNOWN)} detections" in said


def test_since_and_until_bound_the_events_and_set_changes_a_parameter(lake):  # noqa: F811
    def hits(*arguments):
        return int(re.search(r"^(\d+) hits? of", answered("detect", f"LAKE={lake}", "ID=brute_force", *arguments), re.MULTILINE)[1])

    import scenarios

    day = scenarios.BASE.strftime("%Y-%m-%d")
    assert hits(f"SINCE={day}") == 2 and hits(f"UNTIL={day}") == 1 and hits(f"SINCE={day}T23:00") == 0
    assert hits("SET=brute_force.threshold=10") > 3 and hits("SET=brute_force.threshold=5000, brute_force.window=2 hours") == 0


@pytest.fixture(scope="module")
def bucket(lake):  # noqa: F811
    with in_s3(lake, "my-lake", "auth0") as env:
        yield env


def test_detect_finds_in_a_lake_in_s3_what_it_finds_in_the_same_lake_in_a_folder(lake, bucket):  # noqa: F811
    arguments = ["ID=brute_force,password_spraying", "SET=brute_force.threshold=5"]
    said = answered("detect", "LAKE=s3://my-lake/auth0", *arguments, **bucket)
    assert said == answered("detect", f"LAKE={lake}", *arguments) and re.search(r"^\d+ hits of 2 detections in [\d,]+ events\.$", said, re.MULTILINE)


@pytest.mark.parametrize(("where", "sentence"), [
    ("s3://no-such-bucket", "detect: the lake cannot be listed: "),
    ("s3://no-such-bucket/auth0", "detect: the lake cannot be listed: "),
    ("s3://my-lake/elsewhere", "detect: the lake s3://my-lake/elsewhere is empty: there is no object under events/ or rejects/"),
])
def test_detect_says_in_a_sentence_that_a_bucket_or_prefix_is_not_there(bucket, where, sentence):
    result = make("detect", f"LAKE={where}", **bucket)
    assert result.returncode != 0 and sentence in result.stderr and "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["LAKE=/no/such/lake"], "detect: there is no lake in /no/such/lake: LAKE needs a folder that holds events/, or s3://bucket/prefix"),
    (["ID=brute_force,sunburn"], "detect: there is no detection sunburn; there are: admin_invited, admin_new_country,"),
    (["SINCE=July"], "detect: SINCE needs a day or a time, such as 2026-07-01 or 2026-07-01T12:00; got 'July'"),
    (["UNTIL=2026-07-01T00:00+02:00"], "detect: UNTIL is UTC and needs no offset"),
    (["SET=brute_force=5"], "detect: SET needs id.parameter=value, comma-separated, such as brute_force.threshold=5; got 'brute_force=5'"),
    (["SET=brute_force.limit=5"], "detect: brute_force has no parameter limit; it has: threshold, window"),
    (["SET=brute_force.window=soon"], "detect: brute_force: the parameter window needs a whole number, or a time such as 15 minutes, 1 hour or 30 days; got 'soon'"),
    (["ID=role_created", "SET=brute_force.threshold=5"], "detect: SET names brute_force, which does not run; there are: role_created"),
])
def test_detect_says_in_a_sentence_what_is_wrong(lake, arguments, sentence):  # noqa: F811
    result = make("detect", f"LAKE={lake}", *arguments)
    assert result.returncode != 0 and sentence in result.stderr and "Traceback" not in result.stderr
