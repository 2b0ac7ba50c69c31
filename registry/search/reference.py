"""The filter language on one card: the command's help, the README and the app's search screen all show it.

A test runs every example.
"""

from __future__ import annotations

from typing import Final

REFERENCE: Final[list[tuple[str, str]]] = [
    ("momentum", "the word in tags, description, notes, or the beginning of the hash (4 or more hex digits)"),
    ('"sentiment weight"', "the same for several words, and for words that mean something here, such as and"),
    ("tag:baseline", "has exactly this tag"),
    ("desc:momentum", "the description holds the text, in any case; note: does so for notes"),
    ("hash:08d6", "the hash, or one it had before, begins so; an alias stands for a hash, here and below"),
    ("parent:08d6", "was derived from that experiment; ancestor: over any number of steps"),
    ("alias:production", "is what the alias points to"),
    ("feature:Senti*", "lists a feature of that name; * stands for anything"),
    ("features >= 8", "how many features it lists"),
    ("m.edge > 0.01", "compares a metric of its latest run, on the panel and period chosen or common to all"),
    ("min(m.precision_at_k) > 0.5", "over the windows of that run; also max, mean and std"),
    ("runs >= 2", "how many runs it has"),
    ("panel:sp500_20", "has a run on this panel; m. is then read on it"),
    ("SentimentScore > 0.2", "compares a weight or a hyperparameter: = != < <= > >="),
    ("w.SentimentScore > 0.2", "certainly the weight; hp. and transform. name the other two"),
    ('w."mom 12-1" > 0', "any name may stand in quotes"),
    ("hp.k in (5, 10)", "is one of these; hp.k not in (5, 10) finds all others"),
    ("hp.walk.days <= 30", 'a value inside another, or the key "walk.days"; hp."walk.days" is only the key'),
    ("transform.SentimentScore = zscore", "compares a transformation"),
    (
        "w.SentimentScore is absent",
        "has no such weight; is present: has one; also hp., transform., m., tag, note, desc, parent, alias, panel",
    ),
    ("created > -7d", "in the last 7 days; also h, w, m for months, y; registered asks when it came in"),
    ("created = 2024-06-01", "that day in UTC; 2024-06 is the month, 2024-06-01T12:30 the minute"),
    ("tag:baseline momentum", "terms side by side must all hold, as with and"),
    ("tag:baseline or tag:production", "one of them must hold; and binds tighter, brackets group"),
    ("-tag:baseline", "everything else; not does the same"),
    ("not hp.k = 10", "unlike hp.k != 10 this also finds experiments without k"),
]
"""An example of each form and what it means."""
