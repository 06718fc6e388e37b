"""How well an encoder finds a question across languages: recall@1 on 200 pairs of a Chinese and an English question.

Usage: python cross_language.py [BASE]
BASE is a folder for `fine-tune encode --base` (the program must be on the PATH); the shipped base when left out. The pairs of
cross_language.jsonl were written for this: `faq` is the entry of data/demo/faq.jsonl they belong to, without its language.
Each question looks for its like among all of the other language, where others of the same entry count as right too, and for
its entry among the demo bot's of the other language by their questions. Needs numpy."""

import json
import os
import subprocess
import sys

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
DEMO = f"{HERE}/../../data/demo/faq.jsonl"


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encode(texts, base):
    words = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    call = ["fine-tune", "encode", *(["--base", base] if base else [])]
    said = subprocess.run(call, input=words, stdout=subprocess.PIPE, check=True)
    return numpy.array([json.loads(line)["embedding"] for line in said.stdout.splitlines()])


def main():
    base = sys.argv[1] if len(sys.argv) > 1 else None
    pairs, entries = rows(f"{HERE}/cross_language.jsonl"), rows(DEMO)
    of_pair = numpy.array([pair["faq"] for pair in pairs])
    asked = {language: encode([pair[language] for pair in pairs], base) for language in ("zh", "en")}
    for own, other in (("zh", "en"), ("en", "zh")):
        nearest = (asked[own] @ asked[other].T).argmax(1)
        of_language = [entry for entry in entries if entry["language"] == other]
        said = [(entry["id"], text) for entry in of_language for text in [entry["question"], *entry.get("similar", [])]]
        found = (asked[own] @ encode([text for _, text in said], base).T).argmax(1)
        entry = numpy.array([said[at][0].removesuffix(f"-{other}") for at in found])
        print(
            f"{own} to {other}: the very translation {(nearest == numpy.arange(len(pairs))).mean():.3f},",
            f"a question of the same entry {(of_pair[nearest] == of_pair).mean():.3f},",
            f"the demo bot's entry {(entry == of_pair).mean():.3f}",
        )


if __name__ == "__main__":
    main()
