"""What users, rooms and files of the chat may be called, and how much of anything there may be."""

import re

from screen import acts, can_be_seen

LONGEST_NAME = 32  # characters
LONGEST_FILE_NAME = 255  # bytes
LONGEST_MESSAGE = 4096  # bytes
MAX_FILE = 16 * 1024 * 1024  # bytes
MOST_FILES = 16  # of one client
CHUNK = 32 * 1024  # bytes of a file at once


def fits(name):
    bad = next((char for char in name if acts(char) or char in "[],:#*/"), None)
    if bad:
        raise ValueError(f"a name cannot contain {bad!r}")
    if not can_be_seen(name):
        raise ValueError("a name needs a character that can be seen")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a name has at most {LONGEST_NAME} characters, this one {len(name)}")
    return name


def user_name(text):
    name = fits(text.strip())
    for word in ("System", "You"):
        if looks_like(name) == looks_like(word):
            raise ValueError(f"{word} is not a name for a user")
    return name


def looks_like(name):
    return " ".join(name.split()).casefold()


def room_name(text):
    name = fits(re.sub("^#", "", text.strip()).lower())
    if " " in name:
        raise ValueError("the name of a room is one word")
    return f"#{name}"


def file_name(text):
    bad = next((char for char in text if acts(char) or char in '/\\:*?"<>|'), None)
    if bad:
        raise ValueError(f"the name of a file cannot contain {bad!r}")
    if not text or text[0] in ". " or text[-1] in ". ":
        raise ValueError("a file's name cannot be empty, nor begin or end with a dot or a space")
    if len(text.encode()) > LONGEST_FILE_NAME:
        raise ValueError(f"the name of a file has at most {LONGEST_FILE_NAME} bytes")
    return text


def size_in_words(size):
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 999_950 else f"{size / 1_000_000:.1f} MB"
