"""Recall, mean reciprocal rank and calibration error of `frontdesk index` and `frontdesk search`.

Usage: python search_recall.py FRONTDESK SET_FOLDER…       faq.jsonl, queries.jsonl and qrels.tsv in each folder
       python search_recall.py FRONTDESK --rows FILE.jsonl…  an FAQ made of training rows of intents: an entry an intent
       python search_recall.py FRONTDESK --faq FILE.jsonl…   the last wording of each entry is asked, and left out
FRONTDESK is the program."""

import json
import os
import random
import subprocess
import sys
import tempfile

BINS, WORDINGS, ENTRIES = 10, 4, 100


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of_set(folder):
    right = {}
    with open(f"{folder}/qrels.tsv", encoding="utf-8") as lines:
        for line in lines:
            query, entry, *_ = line.split("\t")
            right.setdefault(query, set()).add(entry)
    asked = [(query["text"], right.get(query["id"], set())) for query in rows(f"{folder}/queries.jsonl")]
    return rows(f"{folder}/faq.jsonl"), asked


def of_rows(path, chance):
    said = {}
    for row in rows(path):
        if row["split"] == "train" and row["intent"]:
            said.setdefault(row["intent"], []).append(row["text"])
    entries, asked = [], []
    for intent in sorted(said):
        texts = list(dict.fromkeys(said[intent]))
        chance.shuffle(texts)
        if len(texts) > WORDINGS + 1:
            entries.append({"id": intent, "question": texts[0], "similar": texts[1:WORDINGS], "answer": "ok"})
            most = 12 if len(said) > ENTRIES else 24
            asked += [(text, {intent}) for text in texts[WORDINGS : WORDINGS + most]]
    return entries, asked


def of_faq(path):
    entries, asked = rows(path), []
    for entry in entries:
        similar = entry.get("similar") or []
        if len(similar) > 1:
            asked.append((similar[-1], {entry["id"]}))
            entry["similar"] = similar[:-1]
    return entries, asked


def measure(program, entries, asked):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/faq.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        subprocess.run([program, "index", folder, "--out", f"{folder}/index"], check=True, stdout=subprocess.DEVNULL)
        words = "".join(json.dumps({"text": text}) + "\n" for text, _ in asked).encode()
        said = subprocess.run([program, "search", f"{folder}/index"], input=words, stdout=subprocess.PIPE, check=True)
    found = [json.loads(line)["hits"] for line in said.stdout.splitlines()]
    judged = [(hits, right) for hits, (_, right) in zip(found, asked) if right]
    places = [next((at for at, hit in enumerate(hits) if hit["id"] in right), None) for hits, right in judged]
    bins = [[0.0, 0] for _ in range(BINS)]
    for (hits, _), place in zip(judged, places):
        if hits:
            one = bins[min(int(hits[0]["probability"] * BINS), BINS - 1)]
            one[0] += hits[0]["probability"]
            one[1] += place == 0
    n = len(judged)
    return {
        "recall@1": sum(place == 0 for place in places) / n,
        "recall@5": sum(place is not None for place in places) / n,
        "MRR": sum(1 / (place + 1) for place in places if place is not None) / n,
        "calibration error": sum(abs(stated - right) for stated, right in bins) / n,
    }


def main():
    program, *words = sys.argv[1:]
    kind = words.pop(0) if words[0].startswith("--") else None
    chance = random.Random(3)
    for path in words:
        entries, asked = {"--rows": lambda: of_rows(path, chance), "--faq": lambda: of_faq(path)}.get(
            kind, lambda: of_set(path)
        )()
        figures = measure(program, entries, asked)
        print(os.path.basename(path.rstrip("/")), ", ".join(f"{name} {value:.4f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
