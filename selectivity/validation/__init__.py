"""Does the toolkit agree with what was measured? Published numbers beside ours, with a verdict by stated rules.

    claims      what was published: value, interval or bound, source, role (data/validation.csv)
    verdicts    agrees, misses or cannot say: the rules
    live        numbers that take milliseconds, computed now: free cages, water legs
    cases       which structures are scored, and how
    results     their numbers as kept in data/validation_results.json, with a fingerprint of what decides them
    table       every claim with our number and its verdict
    hard_case   KcsA against NaK by every rule, water leg and generic number
"""
