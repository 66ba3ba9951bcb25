"""Rejects that are closed are not counted, and a closing that cannot be read is named."""

import json

from stored import reject, write

from auth0_log_lake import lake as lakes
from auth0_log_lake import report


def test_the_report_counts_open_rejects_alone(tmp_path, capsys):
    lake = tmp_path / "lake"
    rejects = [reject(f"2026-11-03 1{number}:00:00", "malformed_json", f"{{{number}") for number in range(3)]
    write(lake, rejects=rejects)
    (lake / "closed").mkdir()
    lines = [json.dumps({"p_row_id": row["p_row_id"], "by": "operator", "reason": "ours"}) + "\n" for row in rejects[:2]]
    (lake / "closed/20261124T090000000Z-0.ndjson").write_text("".join(lines), "utf-8")
    page = tmp_path / "page.html"
    assert report.main([f"--lake={lake}", f"--out={page}", "--since=2026-11-02", "--until=2026-11-08"]) == 0
    assert "0 events and 1 rejected record" in capsys.readouterr().out


def test_a_closing_that_cannot_be_read_is_named(tmp_path):
    lake = write(tmp_path / "lake", rejects=[reject("2026-11-03 10:00:00", "malformed_json", "{")])
    (lake / "closed").mkdir()
    (lake / "closed/x.ndjson").write_text("no json\n", "utf-8")
    opened = lakes.opened(str(lake))
    assert opened.closed() == [] and "closed/x.ndjson" in opened.skipped
