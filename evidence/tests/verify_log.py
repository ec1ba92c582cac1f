#!/usr/bin/env python3
"""Checks an export of a Loaxa airing log, without a station and without Loaxa's own program.

A second reading of docs/airing-log.md: Python's standard library and one package for Ed25519 (Debian: python3-cryptography).

    verify_log.py FILE [--key K]... [--witness W]... [--whole] [--json]

K is a key as text (NAME+IDENTIFIER+BASE64) or a file with one a line: the station's, collectors'. W is a file of notes, or an
older export of the log; of several, the oldest first.
Exit: 0 intact, 1 altered, truncated, forked or resealed, 2 could not tell.
"""

import argparse
import base64
import bisect
import hashlib
import json
import os
import sys
import unicodedata

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "loaxa-airing-log/1"
NONE_BEFORE = "0" * 64
ORIGIN = "loaxa/"
LONGEST_LINE = 16 * 1024 * 1024
LARGEST = 2**63 - 1
NOTE, COSIGNATURE = 1, 4
DASH = "\u2014 "
MEMBERS = ["row", "at", "kind", "body", "prev", "hash"]


def unbase64(text):
    """Standard base64 with padding, written in the one way that there is."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not base64")
    return data


def is_name(text):
    return bool(text) and not any(c == "+" or c.isspace() or unicodedata.category(c) == "Cc" for c in text)


class Key:
    """NAME+IDENTIFIER+BASE64 of one byte for the kind and 32 for the public key."""

    def __init__(self, text):
        self.text = text
        self.name, identifier, coded = text.split("+", 2)
        data = unbase64(coded)
        self.kind, public = data[0], data[1:]
        if not is_name(self.name) or self.kind not in (NOTE, COSIGNATURE) or len(public) != 32:
            raise ValueError(f"{text!r} is no key for notes or cosignatures")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != identifier:
            raise ValueError(f"{text!r}: its identifier does not fit the rest")
        self.public = Ed25519PublicKey.from_public_bytes(public)

    def signed(self, message, signature):
        try:
            self.public.verify(signature, message)
            return True
        except InvalidSignature:
            return False


class Note:
    """Text, an empty line, lines of signatures."""

    def __init__(self, text):
        body, lines = text.rsplit("\n\n", 1)
        self.text = body + "\n"
        if not body or any(c < " " and c != "\n" for c in self.text) or not lines.endswith("\n"):
            raise ValueError("it is not a text, an empty line, and lines of signatures")
        self.signatures = []
        for line in lines[:-1].split("\n"):
            name, coded = line.removeprefix(DASH).split(" ", 1)
            data = unbase64(coded)
            if not line.startswith(DASH) or not is_name(name) or len(data) < 5 or len(coded) > 8192:
                raise ValueError("one of its signature lines cannot be read")
            self.signatures.append((name, data[:4], data[4:]))
        if len(self.signatures) > 64:
            raise ValueError("it has too many signatures")

    def by(self, key):
        return [data for name, identifier, data in self.signatures if (name, identifier) == (key.name, key.id)]

    def signed_by(self, key):
        """None: no line says so. False: one says so and lies."""
        lines = self.by(key)
        if not lines:
            return None
        return all(len(data) == 64 and key.signed(self.text.encode(), data) for data in lines)

    def seen_by(self, key):
        """When it was countersigned; None where no line says so. Raises ValueError where one lies."""
        times = []
        for data in self.by(key):
            time = int.from_bytes(data[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{self.text}".encode()
            if len(data) != 72 or time > LARGEST or not key.signed(message, data[8:]):
                raise ValueError("lies")
            times.append(time)
        return min(times, default=None)


def read_head(text):
    """Origin, size and hash; None of what is no head."""
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        return None
    origin, size, coded = lines[:3]
    try:
        number, value = int(size), unbase64(coded)
    except ValueError:
        return None
    if str(number) != size or not 0 <= number <= LARGEST or len(value) != 32:
        return None
    return origin, number, value.hex()


def read_notes(text):
    """Notes one after the other; what cannot be read is the reason as text."""
    notes, current, signed = [], "", False

    def close():
        try:
            notes.append(Note(current))
        except ValueError as error:
            notes.append(str(error))

    parts = text.split("\n")
    for line in [part + "\n" for part in parts[:-1]] + parts[-1:]:
        if signed and not line.startswith(DASH):
            close()
            current, signed = "", False
        if not current and line == "\n":
            continue
        current += line
        signed = signed or line.startswith(DASH)
    if current:
        close()
    return notes


class Boundary:
    """The first line of an export of a log that forgot what was older: a head with one line more, signed by the station."""

    def __init__(self, line):
        text = line.decode("utf-8")
        members = json.loads(text)
        if not isinstance(members, dict) or list(members) != ["boundary", "note"] or type(members["boundary"]) is not int:
            raise ValueError("no boundary")
        self.note = Note(members["note"])
        head, lines = read_head(self.note.text), self.note.text.split("\n")
        if head is None or len(lines) != 5 or not lines[3].startswith("pruned "):
            raise ValueError("no boundary")
        self.origin, self.last, self.hash = head
        first, days = lines[3].removeprefix("pruned ").split(" ")
        self.first, self.days = int(first), int(days)
        right = (
            lines[3] == f"pruned {self.first} {self.days}"
            and 1 <= self.first <= self.last == members["boundary"]
            and 0 <= self.days < 2**32
            and [name for name, _, _ in self.note.signatures] == [self.origin]
            and json.dumps(members, ensure_ascii=False, separators=(",", ":")) == text
        )
        if not right:
            raise ValueError("no boundary")

    def signed_by(self, keys):
        """None: it is by none of these keys. False: it names one and is not by it."""
        said = [self.note.signed_by(key) for key in keys if key.name == self.origin]
        return False if False in said else True if True in said else None

    def told_by(self, row):
        if row["kind"] != "pruned":
            return False
        try:
            body = json.loads(row["body"])
            said = [body[name] for name in ("what", "first", "last", "keep_days", "hash")]
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        return said == ["retention", self.first, self.last, self.days, self.hash]


class Head:
    def __init__(self, origin, size, value, by_station, seen, held=False):
        self.origin, self.size, self.hash, self.by_station, self.seen = origin, size, value, by_station, seen
        # an older export that the auditor has ends with this row
        self.held = held

    def signed(self):
        return self.by_station or bool(self.seen)


class Trust:
    """The keys that are believed, and what they signed."""

    def __init__(self, keys=(), notes=(), whole=False):
        self.whole = whole
        self.stations = {key.name for key in keys if key.kind == NOTE}
        self.keys = [key for key in keys if key.kind == NOTE]
        # signed by another key under the name of one that is known: the log may announce it
        self.later = []
        self.heads, self.damaged, self.unknown, self.other_key = [], [], 0, set()
        # by the log's origin: the row up to which older exports were read from the first row on
        self.read_until = {}
        for number, note in enumerate(notes, 1):
            try:
                if isinstance(note, str):
                    raise ValueError(note)
                self._check(keys, note)
            except ValueError as error:
                self.damaged.append(f"note {number}: {error}")
        self._sort()

    def _check(self, keys, note):
        head = read_head(note.text)
        by_station, seen = False, set()
        for key in keys:
            if key.kind == NOTE:
                signed = note.signed_by(key)
                if signed is False:
                    raise ValueError(f"the signature that names {key.name} is not by that key")
                # a station speaks for its own log and for no other
                by_station |= bool(signed) and (head is None or head[0] == key.name)
            else:
                try:
                    time = note.seen_by(key)
                except ValueError:
                    raise ValueError(f"the signature that names {key.name} is not by that key") from None
                if time is not None:
                    seen.add((key.name, time))
        known = {(key.name, key.id) for key in keys}
        names = [name for name, key, _ in note.signatures if name in self.stations and (name, key) not in known]
        if names:
            self.later.append((note, by_station or bool(seen)))
        if not by_station and not seen:
            if names:
                self.other_key.add(names[0])
            else:
                self.unknown += 1
            return
        if head is None:
            raise ValueError("its text is not the head of a log")
        self._add(head, by_station, seen)

    def _sort(self):
        self.heads.sort(key=lambda head: (head.origin, head.size, head.hash))
        later = [read_head(note.text) for note, _ in self.later]
        self.wanted = sorted({head.size for head in self.heads} | {head[1] for head in later if head})

    def _add(self, head, by_station, seen, held=False):
        for known in self.heads:
            if (known.origin, known.size, known.hash) == head:
                known.by_station |= by_station
                known.seen |= seen
                known.held |= held
                return
        self.heads.append(Head(*head, by_station, seen, held))

    def add_older(self, report):
        """An older export of the log: its last row must be in the file with the same hash."""
        if report.verdict != "intact":
            raise ValueError(f"the older export is {report.verdict}: {report.why}")
        if report.first is None or report.origin is None:
            raise ValueError("the older export does not say of which log it is")
        until = self.read_until.get(report.origin, 0)
        if report.first <= until + 1 and report.last > until:
            self.read_until[report.origin] = report.last
        self._add((report.origin, report.last, report.head), False, set(), held=True)
        self._sort()

    def until(self, row):
        """The same without what was signed of later rows, for a part of the log that ends there."""
        trust = self._copy()
        trust.whole = False
        trust.heads = [head for head in trust.heads if head.size <= row]
        trust.later = [(note, counts) for note, counts in self.later if (read_head(note.text) or (0, 0))[1] <= row]
        names = [name for note, counts in trust.later if not counts for name, _, _ in note.signatures]
        trust.other_key = {name for name in names if name in self.stations}
        trust._sort()
        return trust

    def _copy(self):
        trust = Trust(whole=self.whole)
        trust.stations, trust.keys, trust.unknown, trust.later = self.stations, self.keys, self.unknown, self.later
        trust.damaged, trust.read_until, trust.other_key = list(self.damaged), self.read_until, set(self.other_key)
        trust.heads = [Head(it.origin, it.size, it.hash, it.by_station, set(it.seen), it.held) for it in self.heads]
        return trust

    def with_removal(self, boundary, signed):
        """The same with what a file says of its beginning: a head like any other where the station signed it."""
        if boundary is None or signed is False:
            return self
        trust = self._copy()
        if signed:
            trust._add((boundary.origin, boundary.last, boundary.hash), True, set())
        elif boundary.origin in trust.stations:
            trust.other_key.add(boundary.origin)
        trust._sort()
        return trust

    def with_announced(self, keys):
        """The same when these keys are believed, too, which the log announced."""
        if not keys:
            return self
        trust = self._copy()
        trust.other_key = set()
        for note, counts in self.later:
            head = read_head(note.text)
            signed = [note.signed_by(key) for key in keys if head and head[0] == key.name]
            if False in signed:
                trust.damaged.append("a signature that names an announced key is not by that key")
            elif True in signed:
                trust._add(head, True, set())
            elif not counts:
                trust.other_key |= {name for name, _, _ in note.signatures if name in self.stations}
        trust._sort()
        return trust


class Broken(Exception):
    def __init__(self, row, why):
        super().__init__(why)
        self.row, self.why = row, why


def is_hash(text):
    return len(text) == 64 and not text.strip("0123456789abcdef")


def read_row(line):
    """The members of a line that is written as an export writes it."""
    text = line.decode("utf-8")
    row = json.loads(text)
    if not isinstance(row, dict) or list(row) != MEMBERS or type(row["row"]) is not int:
        raise ValueError("it is not a row")
    if not all(type(row[name]) is str for name in MEMBERS[1:]) or not -LARGEST - 1 <= row["row"] <= LARGEST:
        raise ValueError("it is not a row")
    if json.dumps(row, ensure_ascii=False, separators=(",", ":")) != text:
        raise ValueError("it is not written as an export writes it")
    return row


def seal(row, at, kind, prev, body):
    return hashlib.sha256(f"{FORMAT}\n{row}\n{at}\n{kind}\n{prev}\n{body}".encode()).hexdigest()


def announced(row, known):
    """The keys that a row announces, each signed by a known one of the same name and by itself."""
    try:
        body = json.loads(row["body"])
        if row["kind"] == "key" and body["what"] == "rotated":
            head, new = by_note(body["note"], known)
            right = head[1:] == (row["row"] - 1, row["prev"]) and new.text == body["key"]
            return [new] if right else []
        if row["kind"] == "pruned":
            # those of the rows that were removed
            keys = []
            for note in body["keys"]:
                try:
                    head, new = by_note(note, known + keys)
                except (ValueError, TypeError, AttributeError):
                    continue
                if head[1] < row["row"]:
                    keys.append(new)
            return keys
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return []


def by_note(text, known):
    """The key that a note announces, and the head that it names; ValueError where it is not signed as it must be."""
    note = Note(text)
    head, lines = read_head(note.text), note.text.split("\n")
    if head is None or len(lines) != 5 or not lines[3].startswith("key "):
        raise ValueError("no such note")
    new = Key(lines[3].removeprefix("key "))
    right = new.kind == NOTE and new.name == head[0] and note.signed_by(new) is True
    if not right or not any(key.name == head[0] and note.signed_by(key) for key in known):
        raise ValueError("not signed")
    return head, new


class Scanner:
    """What was verified until now; a copy goes on from there."""

    __slots__ = (
        "keys", "announced", "wanted", "found", "strange", "first", "last", "head", "origin", "boundary", "signed", "told",
    )  # fmt: skip

    def __init__(self, trust):
        self.wanted, self.found = trust.wanted, {}
        self.keys, self.announced = trust.keys, []
        self.strange = None
        self.first, self.last, self.head, self.origin = None, 0, None, None
        # what was removed before the file begins, whether a key that was given signed it, and which row tells of it
        self.boundary, self.signed, self.told = None, None, None

    def copy(self):
        other = object.__new__(Scanner)
        other.wanted, other.found = self.wanted, dict(self.found)
        other.keys, other.announced = self.keys, list(self.announced)
        other.strange, other.first, other.last = self.strange, self.first, self.last
        other.head, other.origin = self.head, self.origin
        other.boundary, other.signed, other.told = self.boundary, self.signed, self.told
        return other

    def push(self, line):
        if self.first is None and self.strange is None and line.startswith(b'{"boundary":'):
            try:
                return self._begin_after(Boundary(line))
            except (ValueError, TypeError, AttributeError, RecursionError):
                pass
        try:
            row = read_row(line)
        except (ValueError, RecursionError) as error:
            return self._strange(None, str(error))
        number, prev, value = row["row"], row["prev"], row["hash"]
        right = (
            number >= 1
            and is_hash(prev)
            and is_hash(value)
            and seal(number, row["at"], row["kind"], prev, row["body"]) == value
        )
        if not right:
            return self._strange(number, "its content does not match its hash")
        if self.strange:
            raise Broken(max(1, number - self.strange[0]), self.strange[1])
        if self.first is None:
            self._begin(row)
        elif number != self.last + 1:
            raise Broken(number, f"it follows row {self.last}: rows are missing, doubled or swapped")
        elif prev != self.head:
            raise Broken(number, f"it does not continue row {self.last}")
        if row["kind"] in ("key", "pruned"):
            self.announced += announced(row, self.keys + self.announced)
        if self.boundary and self.told is None and self.boundary.told_by(row):
            self.told = number
        return self._reach(number, value)

    def _begin_after(self, boundary):
        self.boundary, self.signed = boundary, boundary.signed_by(self.keys)
        self.first, self.origin = boundary.last + 1, boundary.origin
        self.found[boundary.last] = boundary.hash
        self._reach(boundary.last, boundary.hash)

    def _strange(self, number, why):
        if self.first is not None:
            raise Broken(self.last + 1, why)
        # damage, or a file of something else: the next row that holds will tell
        count, why, number = self.strange or (0, why, number)
        self.strange = (count + 1, why, number)

    def _begin(self, row):
        if row["row"] == 1 and row["prev"] != NONE_BEFORE:
            raise Broken(1, "the first row names a row before it")
        self.first = row["row"]
        self._reach(row["row"] - 1, row["prev"])
        if row["row"] == 1 and row["kind"] == "log_begins":
            try:
                body = json.loads(row["body"])
                log = body.get("log") if isinstance(body, dict) else None
            except (ValueError, RecursionError):
                log = None
            self.origin = ORIGIN + log if isinstance(log, str) else None

    def _reach(self, number, value):
        self.last, self.head = number, value
        place = bisect.bisect_left(self.wanted, number)
        if place < len(self.wanted) and self.wanted[place] == number:
            self.found[number] = value

    def read(self, lines):
        """Takes lines with their ends; how it ended, as `judge` takes it."""
        whole = True
        for line in lines:
            if not line.endswith(b"\n"):
                if len(line) == LONGEST_LINE:
                    broken = Broken(self.last + 1, "it is longer than any row")
                    return ("no_row", broken.why) if self.first is None else ("broken", broken)
                whole = False
                break
            try:
                self.push(line[:-1])
            except Broken as broken:
                return ("broken", broken)
        if self.first is None and self.strange and self.strange[2] is not None:
            return ("broken", Broken(max(1, self.strange[2]), self.strange[1]))
        if self.first is None and self.strange:
            return ("no_row", f"its first line is no row: {self.strange[1]}")
        if self.first is None and whole:
            return ("no_row", None)
        return ("whole", None) if whole else ("cut_off", None)


class Report:
    def __init__(self, scanner, verdict, row=None, since=None, why=None):
        self.verdict, self.row, self.since, self.why = verdict, row, since, why
        self.first, self.last, self.head, self.origin = scanner.first, scanner.last, scanner.head, scanner.origin
        self.not_provable = ["rest_unknown"]
        self.removed = None

    def to_json(self):
        known = self.first is not None
        return {
            "verdict": self.verdict, "row": self.row, "since": self.since, "why": self.why, "first": self.first,
            "last": self.last if known else None, "head": self.head if known else None, "origin": self.origin,
            "not_provable": self.not_provable, "removed": self.removed,
        }  # fmt: skip

    def exit_code(self):
        return {"intact": 0, "cannot_tell": 2}.get(self.verdict, 1)


def judge(scanner, end, trust):
    """What is wrong earliest in the file is what is said."""
    boundary, signed = scanner.boundary, scanner.signed
    if boundary and signed is None:
        signed = boundary.signed_by(scanner.announced)
    trust = trust.with_announced(scanner.announced).with_removal(boundary, signed)
    if signed is False:
        report = Report(scanner, "altered", boundary.last, None, "its boundary is not signed by the key that it names")
    else:
        report = _judge(scanner, end, trust, signed)
    if boundary:
        days = boundary.days
        report.removed = {"last": boundary.last, "keep_days": days, "signed": signed, "told": scanner.told}
    return report


def unproven(scanner, signed, trust):
    """Why the rows before the file are missing rather than removed, as verdict, row, since and words; None where they are not."""
    boundary = scanner.boundary
    if not boundary:
        return None
    if signed is None and boundary.origin not in trust.stations:
        return "cannot_tell", None, None, f"only the key of {boundary.origin} shows that it removed what is not in the file"
    if not signed:
        return "truncated", 1, None, f"the key that was given did not sign the removal of rows 1 to {boundary.last}"
    if scanner.told is None:
        return "truncated", 1, None, f"no row `pruned` tells of the removal of rows 1 to {boundary.last}"
    return None


def _judge(scanner, end, trust, removal):
    heads = [head for head in trust.heads if scanner.origin in (None, head.origin)]
    origins = sorted({head.origin for head in heads})
    compared = [] if len(origins) > 1 else [
        (head, scanner.found[head.size] == head.hash) for head in heads if head.size in scanner.found
    ]
    agreeing = [head for head, agrees in compared if agrees]
    against = [head for head, agrees in compared if not agrees]

    def report(*what):
        return Report(scanner, *what)

    def since(row):
        before = [head.size for head in agreeing if head.size < row]
        return min(row, (max(before) if before else scanner.first - 1) + 1)

    forked = [
        head.size for head in against
        if head.by_station and any(other.by_station and other.size >= head.size for other in agreeing)
    ]
    if forked:
        row = min(forked)
        return report("forked", row, since(row), "the station's key signed another history and this one")
    if against:
        row = min(head.size for head in against)
        return report("resealed", row, since(row), f"row {row} was signed or countersigned with another hash")
    kind, what = end
    if kind == "broken":
        return report("altered", what.row, None, what.why)
    if kind == "no_row":
        if what is None and heads:
            return report("truncated", 1, None, "the file is empty, and heads of it were signed")
        return report("cannot_tell", None, None, what or "the file holds no row")
    if kind == "cut_off" and scanner.first is None and not heads:
        return report("cannot_tell", None, None, "the file ends inside its first line")
    if len(origins) > 1:
        return report("cannot_tell", None, None, f"the notes are of several logs ({', '.join(origins)})")
    others = {head.origin for head in trust.heads} | trust.stations
    if scanner.origin and not heads and others and scanner.origin not in trust.stations:
        return report("resealed", 1, 1, f"this is {scanner.origin}, and what was given is of {', '.join(sorted(others))}")
    if not compared and any(scanner.origin in (None, name) for name in trust.other_key):
        return report("resealed", 1, 1, "the heads are signed under the station's name by another key")
    signed = {}
    for head in heads:
        if head.by_station:
            signed.setdefault(head.size, set()).add(head.hash)
    double = [size for size, hashes in signed.items() if len(hashes) > 1]
    if double:
        return report("forked", min(double), 1, f"the station's key signed two hashes of row {min(double)}")
    if trust.whole and (scanner.first or 1) > 1 and not scanner.boundary:
        return report("truncated", 1, None, f"the file begins with row {scanner.first}")
    if kind == "cut_off":
        return report("truncated", scanner.last + 1, None, "the file ends inside a line")
    beyond = max((head.size for head in heads), default=0)
    if beyond > scanner.last:
        return report("truncated", scanner.last + 1, None, f"a head of row {beyond} was given")
    if trust.damaged:
        return report("cannot_tell", None, None, trust.damaged[0])
    missing = unproven(scanner, removal, trust)
    if missing:
        return report(*missing)
    intact = report("intact")
    intact.not_provable = doubts(scanner, heads, compared, trust)
    return intact


def doubts(scanner, heads, compared, trust):
    """What cannot be concluded from what was given, as words; docs/airing-log.md says what each means."""
    last, boundary = scanner.last, scanner.boundary
    signed = max((head.size for head, _ in compared if head.signed()), default=None)
    seen = max((head.size for head, _ in compared if head.seen), default=None)
    before = [head for head in heads if head.signed() and head.size not in scanner.found]
    removed = boundary and trust.read_until.get(boundary.origin, 0) < boundary.last
    found = [("removed", removed), ("starts_later", scanner.first > 1 and not boundary), ("no_head", signed is None)]
    found += [("after_last_head", signed is not None and signed < last), ("nothing_after", True)]
    found += [("no_witness", signed is not None and seen is None), ("after_last_witness", seen is not None and seen < last)]
    found += [("heads_before", bool(before)), ("unknown_signers", trust.unknown > 0)]
    return [word for word, holds in found if holds]


def read_keys(texts):
    keys = []
    for text in texts:
        if os.path.exists(text):
            with open(text, encoding="utf-8") as file:
                lines = [line.strip() for line in file]
        else:
            lines = [text.strip()]
        keys += [Key(line) for line in lines if line and not line.startswith("#")]
    return keys


def read_witnesses(paths, keys, whole):
    """Notes first, then older exports, each held against what is trusted by then."""
    notes, older = [], []
    for path in paths:
        with open(path, "rb") as file:
            if file.read(1) == b"{":
                older.append(path)
                continue
        with open(path, encoding="utf-8", newline="") as file:
            notes += read_notes(file.read())
    trust = Trust(keys, notes, whole)
    for path in older:
        scanner, end = scan(path, trust)
        # what was signed later does not make it shorter
        trust.add_older(judge(scanner, end, trust.until(scanner.last)))
    return trust


def scan(path, trust):
    scanner = Scanner(trust)
    with open(path, "rb") as file:
        return scanner, scanner.read(iter(lambda: file.readline(LONGEST_LINE), b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--whole", action="store_true", help="the file must begin with the first row")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        trust = read_witnesses(arguments.witness, read_keys(arguments.key), arguments.whole)
        scanner, end = scan(arguments.file, trust)
    except (OSError, ValueError) as error:
        print(f"cannot tell: {error}", file=sys.stderr)
        return 2
    report = judge(scanner, end, trust)
    if arguments.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        row = f" at row {report.row}" if report.row else ""
        print(f"{report.verdict}{row}: {report.why}" if report.why else report.verdict)
        print("not provable: " + ", ".join(report.not_provable))
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
