#!/usr/bin/env python3
"""Judges mutants of a log with verify_log.py: mutants.py FOLDER < PLAN > ANSWERS

FOLDER holds log.ndjson, keys and notes. A line of the plan names a family of mutants in few words, a line of the answer has
the verdict on each, equal ones counted together: `altered@7*2664,truncated@8*1`. A mutant that differs from the log from line
K on is judged from what was verified before; every thousandth is judged from the beginning, too.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify_log as v  # noqa: E402

EVERY = 1009


class Lab:
    def __init__(self, folder):
        with open(os.path.join(folder, "log.ndjson"), "rb") as file:
            self.lines = file.readlines()
        # the row of each line; of a boundary the last one that is gone
        self.rows = [v.read_row(line[:-1]) for line in self.lines[1:]]
        try:
            self.rows.insert(0, v.read_row(self.lines[0][:-1]))
        except ValueError:
            boundary = v.Boundary(self.lines[0][:-1])
            self.rows.insert(0, {"row": boundary.last, "hash": boundary.hash})
        with open(os.path.join(folder, "notes"), encoding="utf-8", newline="") as file:
            notes = v.read_notes(file.read())
        self.trust = v.Trust(v.read_keys([os.path.join(folder, "keys")]), notes, whole=True)
        scanner = v.Scanner(self.trust)
        self.states = [scanner.copy()]
        for line in self.lines:
            scanner.push(line[:-1])
            self.states.append(scanner.copy())
        self.judged = 0

    def judge(self, place, lines):
        """The verdict on the log whose lines from `place` on are these."""
        answer = self._judge(self.states[place].copy(), lines)
        self.judged += 1
        if self.judged % EVERY == 0:
            whole = self._judge(v.Scanner(self.trust), self.lines[:place] + lines)
            if whole != answer:
                raise SystemExit(f"from line {place}: {answer}; from the beginning: {whole}")
        return answer

    def _judge(self, scanner, lines):
        report = v.judge(scanner, scanner.read(lines), self.trust)
        return f"{report.verdict}@{report.row or 0}"

    def sealed(self, row, before):
        """The row as it must be after `before`, as a line."""
        number, prev = (before["row"] + 1, before["hash"]) if before else (1, v.NONE_BEFORE)
        made = {"row": number, "at": row["at"], "kind": row["kind"], "body": row["body"], "prev": prev}
        made["hash"] = v.seal(number, row["at"], row["kind"], prev, row["body"])
        line = v.json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"
        return made, line.encode()

    def chain(self, place, rows):
        """These rows, sealed one after the other from `place` on."""
        before, lines = self.rows[place - 1] if place else None, []
        for row in rows:
            before, line = self.sealed(row, before)
            lines.append(line)
        return lines

    def forged(self, place):
        row = self.rows[min(place, len(self.rows) - 1)]
        return {**row, "kind": "ended", "body": '{"outcome":"aired"}'}

    # each family: place of the first difference, lines from there on

    def flips(self, place):
        line = self.lines[place]
        after = self.lines[place + 1 :]
        for index in range(len(line)):
            for bit in range(8):
                mutant = bytearray(line)
                mutant[index] ^= 1 << bit
                if mutant.find(b"\n") == len(mutant) - 1:
                    yield place, [bytes(mutant), *after]
                else:
                    yield place, split(b"".join([mutant, *after]))

    def chops(self, place):
        for length in range(1, len(self.lines[place])):
            yield place, [self.lines[place][:length]]

    def cut(self, place):
        yield place, []

    def drop(self, place):
        yield place, self.lines[place + 1 :]

    def swaps(self, place):
        for other in range(place + 1, len(self.lines)):
            lines = self.lines[place:]
            lines[0], lines[other - place] = lines[other - place], lines[0]
            yield place, lines

    def doubles(self, place):
        for line in self.lines:
            yield place, [line, *self.lines[place:]]

    def changed(self, place):
        yield place, self.chain(place, [{**self.rows[place], "body": "{}"}]) + self.lines[place + 1 :]

    def forge(self, place):
        yield place, self.chain(place, [self.forged(place)]) + self.lines[place:]

    def reseal_changed(self, place):
        yield place, self.chain(place, [{**self.rows[place], "body": "{}"}, *self.rows[place + 1 :]])

    def reseal_dropped(self, place):
        yield place, self.chain(place, self.rows[place + 1 :])

    def reseal_forged(self, place):
        yield place, self.chain(place, [self.forged(place), *self.rows[place:]])


def split(data):
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def main():
    lab = Lab(sys.argv[1])
    for command in sys.stdin:
        family, place = command.split()
        runs = []
        for start, lines in getattr(lab, family)(int(place)):
            answer = lab.judge(start, lines)
            if runs and runs[-1][0] == answer:
                runs[-1][1] += 1
            else:
                runs.append([answer, 1])
        print(",".join(f"{answer}*{count}" for answer, count in runs))


if __name__ == "__main__":
    main()
