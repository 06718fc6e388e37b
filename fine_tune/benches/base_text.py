"""Gathers the text that the shipped base learns from: customers' words of public training splits, the demo bot's own
texts, a sample of freely licensed sentences of each language, translations, and customers' words recombined.

Usage: python base_text.py DATA DEMO OUT
DATA holds intent/, logs/, sentiment/ (JSONL files with their splits) and text/ (zh.txt.gz, en.txt.gz, parallel.tsv.gz); DEMO
is data/demo. Writes customers.txt, zh.txt, en.txt, more_zh.txt, recombined.txt and pairs.tsv into OUT; test and validation
rows, and sets without a licence, are left out."""

import glob
import gzip
import json
import os
import random
import re
import sys

INTENTS = {"banking77": "en", "clinc150": "en", "jddc_zh": "zh", "multidogo_finance": "en", "nlupp_banking": "en"}
LOGS = {"crosswoz_zh": "zh", "multidogo_insurance_en": "en"}
SENTIMENT = {"asap_sample_zh": "zh", "sentfin_headlines_en": "en"}
TRAIN = ("train", "oos_train")
WORDS_OF_A_BOT = ("text", "question", "similar", "utterance", "examples", "answer")
LONGEST, SAMPLE = 160, 90_000
MORE_CHINESE, PAIRS, RECOMBINED = 160_000, 60_000, 15_000
CLAUSE_ENDS = re.compile(r"(?<=[，。！？；!?;])|(?<=[,.])\s")


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


def more_chinese(data, known, chance):
    with gzip.open(f"{data}/text/zh.txt.gz", "rt", encoding="utf-8") as lines:
        texts = [" ".join(line.split()) for line in lines]
    texts = list(dict.fromkeys(text for text in texts if 4 <= len(text) <= 50 and text not in known))
    chance.shuffle(texts)
    return texts[:MORE_CHINESE]


def translations(data, chance):
    with gzip.open(f"{data}/text/parallel.tsv.gz", "rt", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t")[:2] for line in lines]
    pairs = [tuple(" ".join(text.split()) for text in pair) for pair in pairs if len(pair) == 2]
    pairs = [(zh, en) for zh, en in pairs if 4 <= len(zh) <= 50 and 8 <= len(en) <= 100]
    chance.shuffle(pairs)
    known, kept = set(), []
    for pair in pairs:
        if not known.intersection(pair):
            known.update(pair)
            kept.append(pair)
        if len(kept) >= PAIRS:
            break
    return kept


def is_chinese(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def recombined(said, known):
    """Clauses of what customers said, by themselves and the first of one message with the last of another."""
    chance = random.Random(3)
    of_language, kept = {True: [], False: []}, {}
    for text in said:
        clauses = [part.strip(" ，,。.；;") for part in CLAUSE_ENDS.split(text) if part.strip(" ，,。.；;!?！？")]
        if len(clauses) > 1:
            of_language[is_chinese(text)].append(clauses)
        for clause in clauses:
            shortest = 3 if is_chinese(clause) else 10
            if clause not in known and shortest <= len(clause) <= 100:
                kept[clause] = None
    for chinese, between in ((True, "，"), (False, ", ")):
        for _ in range(RECOMBINED):
            first, last = chance.choice(of_language[chinese]), chance.choice(of_language[chinese])
            text = first[0].rstrip("!?！？") + between + last[-1]
            if text not in known and text not in kept and len(text) <= 100:
                kept[text] = None
    return list(kept)


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
    chance = random.Random(2)
    known = {text for texts in files.values() for text in texts}
    files["more_zh"] = more_chinese(data, known, chance)
    known.update(files["more_zh"])
    files["recombined"] = recombined(files["customers"], known)
    pairs = translations(data, chance)
    with open(os.path.join(out, "pairs.tsv"), "w", encoding="utf-8") as file:
        file.writelines(f"{zh}\t{en}\n" for zh, en in pairs)
    print("pairs", len(pairs))
    for name, texts in files.items():
        with open(os.path.join(out, f"{name}.txt"), "w", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for text in texts)
        print(name, len(texts))


if __name__ == "__main__":
    main()
