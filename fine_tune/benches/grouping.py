"""How well `mine` finds intents that it was not told: labelled rows go in as openings of conversations without labels.

Usage: python grouping.py BASE FILE.jsonl… BOT…
BASE is what `fine-tune mine --base` takes (the program must be on the PATH): shipped, none or a folder. Of each file the rows
of `"split": "train"` are grouped; of a bot folder what `intents/*.yml` hold, and then also how often two messages of one
intent are in one group, in the same language and across two. Needs scikit-learn."""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import combinations

from sklearn.metrics import adjusted_mutual_info_score


def of_set(path):
    with open(path, encoding="utf-8") as lines:
        known = [json.loads(line) for line in lines]
    return {row["text"]: row["intent"] for row in known if row["split"] == "train" and row["intent"]}


def of_bot(folder):
    said, intent = {}, None
    for path in sorted(glob.glob(f"{folder}/intents/*.yml")):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if found := re.match(r"\s*- intent: (.*)", line):
                    intent = found[1].strip()
                elif found := re.match(r"\s+- (.*)", line):
                    said[re.sub(r"\[([^\]]*)\](\([^)]*\)|\{[^}]*\})", r"\1", found[1])] = intent
    return said


def groups(base, texts):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"conversation_id": str(number), "role": "customer", "text": text}) + "\n")
        file.flush()
        call = ["fine-tune", "mine", file.name, "--json", "--base", base, "--examples", str(len(texts))]
        mined = json.loads(subprocess.run(call, stdout=subprocess.PIPE, check=True).stdout)
    return mined


def across(said, group_of):
    """Of two messages of one intent: how often they are in one group, in one language and across two."""
    together, pairs = Counter(), Counter()
    by_intent = {}
    for text, intent in said.items():
        by_intent.setdefault(intent, []).append((bool(re.search("[\u4e00-\u9fff]", text)), group_of.get(text)))
    for members in by_intent.values():
        for (one, group), (other, of_other) in combinations(members, 2):
            pairs[one == other] += 1
            together[one == other] += group is not None and group == of_other
    return {True: together[True] / pairs[True], False: together[False] / max(pairs[False], 1)}


def main():
    base, *paths = sys.argv[1:]
    for path in paths:
        said = of_bot(path) if os.path.isdir(path) else of_set(path)
        mined = groups(base, list(said))
        # Personal data is taken out of examples: those are no longer found.
        found = [(number, text) for number, group in enumerate(mined["groups"]) for text in group["examples"] if text in said]
        group_of = {text: number for number, text in found}
        purest = sum(
            Counter(said[text] for number, text in found if number == group).most_common(1)[0][1]
            for group in {number for number, _ in found}
        )
        lone = {text: -1 - at for at, text in enumerate(said) if text not in group_of}
        agreed = adjusted_mutual_info_score(list(said.values()), [group_of.get(text, lone.get(text)) for text in said])
        words = [f"{len(mined['groups'])} groups of {len(set(said.values()))} intents", f"AMI {agreed:.3f}"]
        words += [f"purity {purest / len(found):.3f}", f"in groups {1 - mined['strays'] / mined['messages']:.3f}"]
        if os.path.isdir(path):
            shares = across(said, group_of)
            words += [f"together in one language {shares[True]:.3f}", f"across languages {shares[False]:.3f}"]
        print(os.path.basename(path.rstrip("/")), ", ".join(words), flush=True)


if __name__ == "__main__":
    main()
