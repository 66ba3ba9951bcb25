"""Every detection on DuckDB, the whole way: records as Auth0 sends them, received, read and found."""

import collections
import os
import re
import subprocess
import sys

import deployed
import duckdb
import pytest
import scenarios

sys.path.insert(0, str(deployed.PROJECT / "sql"))
import detect  # noqa: E402
import detections  # noqa: E402
import query  # noqa: E402

KNOWN = detections.all_of()


def received(receiver, folder):
    """A lake with every scenario under a source of its own."""
    bodies = scenarios.bodies()
    running = deployed.Receiver(receiver, folder, tokens={source: f"token-of-{source}" for source in bodies})
    try:
        for source, body in bodies.items():
            assert running.post(body, source)["rejected"] == 0
    finally:
        running.stop()


@pytest.fixture(scope="module")
def lake(receiver, tmp_path_factory):
    folder = tmp_path_factory.mktemp("detections") / "lake"
    folder.mkdir()
    received(receiver, folder)
    return folder


@pytest.fixture(scope="module")
def hits(lake):
    db = query.opened(str(lake))
    detect.look(db)
    return detect.run(db, KNOWN)


def counted(hits):
    return dict(collections.Counter((hit["source"], hit["detection"]) for hit in hits))


def test_each_scenario_fires_what_it_must_and_nothing_else(hits):
    assert counted(hits) == scenarios.expected()


@pytest.mark.parametrize("id", KNOWN)
def test_each_detection_fires_on_one_scenario_and_is_silent_on_one_of_its_own_kind(id):
    named = [hits for _, hits in scenarios.SCENARIOS.values()]
    assert any(hits.get(id) for hits in named), "no scenario fires it"
