"""The detections of sql/detections over the window, where the project has them."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "sql/detections"


def there():
    """Says whether there are detections; they may need every column of the events."""
    return FOLDER.is_dir()
