"""What is written down for both languages: which keys are objects, and what a window means."""

from datetime import datetime

import pytest
from conftest import PROJECT

from auth0_log_lake import keys, window


def vectors(name):
    lines = [line for line in (PROJECT / "tests" / name).read_text("utf-8").split("\n") if line and not line.startswith("#")]
    head, *rows = (line.split("\t") for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("row", vectors("keys.tsv"), ids=lambda row: row["key"])
def test_a_key_is_an_object_where_the_receiver_writes_such_keys(row):
    key = keys.parse(row["key"])
    assert ("object" if key else "foreign") == row["verdict"]
    if key:
        assert (key.table, key.day, str(key.hour), key.compression) == (row["table"], row["dt"], row["hour"], row["compression"])


@pytest.mark.parametrize("row", vectors("windows.tsv"), ids=lambda row: f"{row['text']} {row['side']}")
def test_a_window_means_the_same_in_both_languages(row):
    def utc(text):
        return datetime.fromisoformat(text).replace(tzinfo=None)

    try:
        result = window.moment(row["text"], row["side"], utc(row["now"]))
    except window.NoMoment:
        assert row["result"] == "error"
    else:
        assert row["result"] != "error" and result == utc(row["result"])


def test_a_window_that_ends_before_it_starts_is_refused():
    now = datetime(2026, 7, 8)
    assert window.read("2026-07-01", "2026-07-01", now) == window.Window(datetime(2026, 7, 1), datetime(2026, 7, 2))
    with pytest.raises(window.NoMoment, match="since must be before until"):
        window.read("2026-07-02", "2026-07-01", now)
