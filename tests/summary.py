#!/usr/bin/python3
"""Counts test cases over the logs of `meson test`; the last line is "N passed, N failed, N skipped".

A Catch2 program counts its test cases, anything else counts as one. A test case that lacks what it needs says so in a
line "SKIPPED: why" and counts as skipped.

usage: summary.py testlog.json...
"""
import json
import re
import sys


def catch_cases(text):
    """(passed, failed) of a Catch2 report, or None if there is none."""
    if found := re.search(r"All tests passed \(.* in (\d+) test cases?\)", text):
        return int(found[1]), 0
    if found := re.search(r"^test cases: +(\d+)(.*)$", text, re.MULTILINE):
        failed = re.search(r"(\d+) failed", found[2])
        failed = int(failed[1]) if failed else 0
        return int(found[1]) - failed, failed
    return None


def count(record):
    """(passed, failed, reasons of skipped ones) of one test program."""
    text = record.get("stdout", "") + record.get("stderr", "")
    skipped = re.findall(r"SKIPPED: *(.*)", text)
    result = record["result"]
    if result == "SKIP":
        return 0, 0, skipped or ["not possible in this build"]
    good = result in ("OK", "EXPECTEDFAIL")
    passed, failed = catch_cases(text) or (int(good), int(not good))
    if not good and failed == 0:
        failed = 1  # a crash, a time limit, a sanitizer's report
    return max(0, passed - len(skipped)), failed, skipped


def main():
    passed = failed = skipped = 0
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8") as log:
                records = [json.loads(line) for line in log]
        except FileNotFoundError:  # the tests did not build
            records = []
        for record in records:
            p, f, reasons = count(record)
            passed, failed, skipped = passed + p, failed + f, skipped + len(reasons)
            for reason in reasons:
                print(f"SKIPPED {record['name']}: {reason}")
            if f:
                print(f"FAILED  {record['name']}")
        if not records:
            failed += 1
            print(f"FAILED  no test ran: {path}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
