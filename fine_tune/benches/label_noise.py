"""What `check` finds of labels that were changed at random: one in twenty of a set's training rows.

Usage: python label_noise.py BASE FILE.jsonl… BOT…
BASE is what `fine-tune check --base` takes (the program must be on the PATH): shipped, none or a folder. Of each file the rows
of `"split": "train"` are audited; of a bot folder what `intents/*.yml` hold. Needs grouping.py beside it."""

import json
import os
import random
import subprocess
import sys
import tempfile

from grouping import of_bot, of_set

SHARE, FIRST = 0.05, 50


def measure(base, said, chance):
    intents = sorted(set(said.values()))
    texts = list(said)
    changed = {line for line in range(len(texts)) if chance.random() < SHARE}
    with tempfile.TemporaryDirectory() as bot:
        os.mkdir(f"{bot}/intents")
        with open(f"{bot}/bot.toml", "w", encoding="utf-8") as file:
            file.write('name = "Noise"\nlanguages = ["zh", "en"]\n')
        with open(f"{bot}/intents/rows.jsonl", "w", encoding="utf-8") as file:
            for line, text in enumerate(texts):
                intent = said[text]
                if line in changed:
                    intent = chance.choice([other for other in intents if other != intent])
                file.write(json.dumps({"text": text, "intent": intent}, ensure_ascii=False) + "\n")
        began = os.times().children_user
        call = ["fine-tune", "check", bot, "--json", "--base", base]
        lines = subprocess.run(call, stdout=subprocess.PIPE, check=False).stdout.splitlines()
        seconds = os.times().children_user - began
    found = [json.loads(line) for line in lines]
    named = [one["line"] - 1 for one in found if one.get("kind") == "wrong_label"]
    right = [line in changed for line in named]
    twins = [one for one in found if one.get("kind") == "near_duplicate"]
    planted = sum(one["line"] - 1 in changed or any(row["line"] - 1 in changed for row in one["evidence"]) for one in twins)
    labels = next(one for one in found if one.get("kind") == "labels")
    return {
        "found": sum(right) / len(changed),
        "right": sum(right) / max(len(named), 1),
        f"right of the first {FIRST}": sum(right[:FIRST]) / FIRST,
        "found again": labels["found_again"],
        "near duplicates": len(twins),
        "of them changed": planted,
        "overlaps": sum(one.get("kind") == "overlap" for one in found),
        "seconds of one core": seconds,
    }


def main():
    base, *paths = sys.argv[1:]
    for path in paths:
        said = of_bot(path) if os.path.isdir(path) else of_set(path)
        figures = measure(base, said, random.Random(7))
        words = [f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()]
        print(os.path.basename(path.rstrip("/")), ", ".join(words), flush=True)


if __name__ == "__main__":
    main()
