"""Text whose every character can be seen: who visits a login page writes into the rows that a terminal shows."""

SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Escapes what is invisible, moves the cursor or changes the direction of writing, such as ESC or U+202E."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else SHORT.get(letter) or escaped(letter) for letter in text)


def escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"
