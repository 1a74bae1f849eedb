"""Reads figures as Prometheus would, and holds them to its conventions for names (prometheus.io/docs/practices/naming)."""

import sys

from prometheus_client.parser import text_string_to_metric_families

families = list(text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read()))
wrong = []
for family in families:
    if not family.documentation:
        wrong.append(f"{family.name} has no help")
    if family.type in ("unknown", "untyped"):
        wrong.append(f"{family.name} has no type")
    if not family.samples and family.name not in ("lcr_trace_exports",):
        wrong.append(f"{family.name} has no sample")
    if not family.name.startswith(("lcr_", "process_")):
        wrong.append(f"{family.name} has no prefix")
    if "duration" in family.name and not family.name.endswith("_seconds"):
        wrong.append(f"{family.name} is not in seconds")
    if any(word in family.name for word in ("_ms", "_milliseconds", "_minutes", "_kilobytes")):
        wrong.append(f"{family.name} is not in a base unit")
    for sample in family.samples:
        if family.type == "counter" and not sample.name.endswith(("_total", "_created")):
            wrong.append(f"{sample.name} is a counter without _total")
        if family.type != "counter" and sample.name.endswith("_total"):
            wrong.append(f"{sample.name} is no counter")
print("families:", len(families))
sys.exit("\n".join(wrong) or 0)
