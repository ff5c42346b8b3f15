"""The files of an export, by name."""

ENTRIES, TABLE, DISCLOSED = "entries.jsonl", "entries.csv", "disclosed.jsonl"
PARQUET = "entries.parquet"
ANCHORS = "anchors.jsonl"
WITHHELD, CHECKPOINTS, CHECKPOINT = "withheld.jsonl", "checkpoints.jsonl", "log/checkpoint"
