"""The questions of Datasheets for Datasets (Gebru et al., arXiv 1803.09010), and who answers each.

What the study's data tell is answered by the release itself (annotation.releases.papers.known). ``asked`` questions
are the researcher's: as long as one of them has no answer, no release of the study is final. "No" and
"none" are answers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    key: str
    section: str
    text: str
    asked: bool = False


MOTIVATION, COMPOSITION, COLLECTION = "Motivation", "Composition", "Collection process"
PREPROCESSING, USES = "Preprocessing, cleaning, labelling", "Uses"
DISTRIBUTION, MAINTENANCE = "Distribution", "Maintenance"

QUESTIONS: tuple[Question, ...] = (
    Question("purpose", MOTIVATION, "For what purpose was the dataset created?", asked=True),
    Question("creators", MOTIVATION, "Who created the dataset, and on behalf of which entity?"),
    Question("funding", MOTIVATION, "Who funded the creation of the dataset?", asked=True),
    Question("instances", COMPOSITION, "What do the instances represent, and how many are there of each type?"),
    Question(
        "sample",
        COMPOSITION,
        "Is it a sample of a larger set? Is it representative, and how is that known?",
        asked=True,
    ),
    Question("features", COMPOSITION, "What data does each instance consist of?"),
    Question("labels", COMPOSITION, "Is there a label or target associated with each instance?"),
    Question("missing", COMPOSITION, "Is any information missing from individual instances?"),
    Question("relations", COMPOSITION, "Are relationships between individual instances made explicit?"),
    Question("splits", COMPOSITION, "Are there recommended data splits?"),
    Question("errors", COMPOSITION, "Are there any errors, sources of noise, or redundancies?", asked=True),
    Question("self_contained", COMPOSITION, "Is the dataset self-contained, or does it rely on external resources?"),
    Question("confidential", COMPOSITION, "Does it contain data that might be considered confidential?", asked=True),
    Question(
        "offensive",
        COMPOSITION,
        "Does it contain data that might be offensive, threatening, or cause anxiety?",
        asked=True,
    ),
    Question("subpopulations", COMPOSITION, "Does it identify subpopulations, and how are they distributed?"),
    Question(
        "identifiable",
        COMPOSITION,
        "Is it possible to identify individuals from it, directly or indirectly?",
        asked=True,
    ),
    Question(
        "sensitive", COMPOSITION, "Does it contain data that might be considered sensitive in any way?", asked=True
    ),
    Question("acquired", COLLECTION, "How was the data associated with each instance acquired?"),
    Question("mechanisms", COLLECTION, "What mechanisms or procedures were used to collect the data?"),
    Question("sampling", COLLECTION, "If it is a sample, what was the sampling strategy?"),
    Question("workers", COLLECTION, "Who was involved in the collection, and how were they compensated?"),
    Question("timeframe", COLLECTION, "Over what timeframe was the data collected?"),
    Question("ethics", COLLECTION, "Were any ethical review processes conducted?", asked=True),
    Question(
        "notified",
        COLLECTION,
        "Were the individuals whose conversations these are notified, and did they consent?",
        asked=True,
    ),
    Question("consent", COLLECTION, "Did the raters consent, and to what?"),
    Question("revocation", COLLECTION, "Can those who consented revoke their consent?"),
    Question(
        "impact", COLLECTION, "Has the potential impact of the dataset on its subjects been analysed?", asked=True
    ),
    Question("processing", PREPROCESSING, "Was any preprocessing, cleaning or labelling of the data done?"),
    Question("raw", PREPROCESSING, "Was the raw data saved as well, and who may have it?", asked=True),
    Question("software", PREPROCESSING, "Is the software that was used available?"),
    Question("used_for", USES, "Has the dataset been used for any tasks already?", asked=True),
    Question("other_uses", USES, "What other tasks could it be used for?", asked=True),
    Question(
        "biases",
        USES,
        "Is there anything in how it was made that might impact future uses, biases among it?",
        asked=True,
    ),
    Question("not_for", USES, "Are there tasks for which it should not be used?", asked=True),
    Question("third_parties", DISTRIBUTION, "How and where will it be distributed, and to whom?", asked=True),
    Question("licence", DISTRIBUTION, "Under which licence is it distributed?"),
    Question("restrictions", DISTRIBUTION, "Have third parties imposed restrictions on the data?"),
    Question("maintainer", MAINTENANCE, "Who supports, hosts and maintains it, and until when?", asked=True),
    Question("contact", MAINTENANCE, "How can they be contacted?"),
    Question("erratum", MAINTENANCE, "Is there an erratum?"),
    Question("updates", MAINTENANCE, "Will it be updated, how often and by whom?", asked=True),
    Question("retention", MAINTENANCE, "Are there limits on how long data of people may be kept?", asked=True),
    Question("older", MAINTENANCE, "Will older versions continue to be available?"),
    Question("contributions", MAINTENANCE, "Can others extend or contribute to it?", asked=True),
)
ASKED = {question.key: question for question in QUESTIONS if question.asked}
