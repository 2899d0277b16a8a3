"""Entries of the Protein Data Bank by their identifiers: fetched once, checked, kept.

    entries     which words are identifiers, and where the archive keeps an entry
    download    one address into one file: bounded in time and size, every failure one line
    content     is this the entry that was asked for, and is it whole?
    obsolete    what became of an entry that the archive has withdrawn
    fetch       all of it: `fetch_entry("1K4C")` -> a file in the cache

The files come from the wwPDB's own archive (files.wwpdb.org/pub/pdb/data), not from the download page of one of its members: its
layout is the one that every mirror and every local copy has, so that ``$SELECTIVITY_ARCHIVE_URL`` can name any of them, and
withdrawn entries and their list lie under the same root.
"""
