"""How does a result read? Results become documents of headings, paragraphs and tables; nothing is computed here."""
