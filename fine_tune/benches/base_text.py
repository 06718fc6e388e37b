"""Gathers the text that the shipped base learns from: customers' words of public training splits, the demo bot's own
texts, and a sample of freely licensed sentences of each language.

Usage: python base_text.py DATA DEMO OUT
DATA holds intent/, logs/, sentiment/ (JSONL files with their splits) and text/ (zh.txt.gz, en.txt.gz); DEMO is data/demo.
Writes customers.txt, zh.txt and en.txt into OUT; test and validation rows, and sets without a licence, are left out."""

import glob
import gzip
import json
import os
import random
import sys

INTENTS = {"banking77": "en", "clinc150": "en", "jddc_zh": "zh", "multidogo_finance": "en", "nlupp_banking": "en"}
LOGS = {"crosswoz_zh": "zh", "multidogo_insurance_en": "en"}
SENTIMENT = {"asap_sample_zh": "zh", "sentfin_headlines_en": "en"}
TRAIN = ("train", "oos_train")
WORDS_OF_A_BOT = ("text", "question", "similar", "utterance", "examples", "answer")
LONGEST, SAMPLE = 160, 90_000


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def customers(data):
    said = {"zh": [], "en": []}
    for name, language in INTENTS.items():
        said[language] += [row["text"] for row in rows(f"{data}/intent/{name}.jsonl") if row["split"] in TRAIN]
    for name, language in LOGS.items():
        said[language] += [row["text"] for row in rows(f"{data}/logs/{name}.jsonl") if row.get("text")]
    for name, language in SENTIMENT.items():
        said[language] += [row["text"] for row in rows(f"{data}/sentiment/{name}.jsonl") if row["split"] == "train"]
    return said["zh"] + said["en"]


def words(value, key=""):
    if isinstance(value, str):
        return [value] if key in WORDS_OF_A_BOT else []
    if isinstance(value, list):
        return [word for item in value for word in words(item, key)]
    if isinstance(value, dict):
        return [word for name, item in value.items() for word in words(item, name)]
    return []


def demo(folder):
    kept = []
    for path in glob.glob(f"{folder}/**/*", recursive=True):
        if path.endswith(".jsonl") and not any(word in path for word in ("golden", "tests", "held")):
            kept += [word for row in rows(path) for word in words(row)]
    return kept


def main():
    data, bot, out = sys.argv[1:4]
    seen = set()

    def fresh(texts, most=None):
        kept = []
        for text in texts:
            text = " ".join(text.split())
            if 2 <= len(text) <= LONGEST and text not in seen:
                seen.add(text)
                kept.append(text)
            if most is not None and len(kept) >= most:
                break
        return kept

    files = {"customers": fresh(customers(data) + demo(bot))}
    chance = random.Random(1)
    for language in ("en", "zh"):
        with gzip.open(f"{data}/text/{language}.txt.gz", "rt", encoding="utf-8") as lines:
            texts = [line.strip() for line in lines]
        shortest, longest = (8, 100) if language == "en" else (4, 100)
        texts = [text for text in texts if shortest <= len(text) <= longest]
        chance.shuffle(texts)
        files[language] = fresh(texts, SAMPLE)
    for name, texts in files.items():
        with open(os.path.join(out, f"{name}.txt"), "w", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for text in texts)
        print(name, len(texts))


if __name__ == "__main__":
    main()
