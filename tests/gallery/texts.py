"""What stands on the pages of the gallery: long enough to look like work, with all that Markdown can hold."""

from __future__ import annotations

STATEMENTS = (
    "Keeps a small garden on a balcony that faces north, and plans it by the moon.",
    "Works shifts.",
    "Prefers instructions as short numbered lists, with the reason for each step, over long explanations in prose.",
)
REQUEST = "What shall I plant this month? I have two boxes, about a metre each, and little time on weekdays."
CHAT = [
    {
        "role": "user",
        "content": "How do I prune a fig tree? Mine is in a pot,\non a balcony that gets no sun before noon.",
    },
    {
        "role": "assistant",
        "content": "Prune it **late in winter**, before the buds swell:\n\n1. Take out what is dead.\n"
        "2. Shorten the leaders by a third.\n3. Leave what bears fruit.\n\n"
        "| month | what to do |\n|---|---|\n| February | prune |\n| June | pinch out tips |\n",
    },
    {"role": "user", "content": "And what if I work nights and cannot water it in the morning?"},
    {
        "role": "assistant",
        "content": "Water in the evening then, and less often:\n\n"
        "```python\nif soil.is_dry(depth_cm=3):\n    water(litres=1.5)\n```\n"
        "A [guide](https://example.org/figs) has more.\n\n" + "A fig forgives much, but not wet feet. " * 30,
    },
]
OTHER_CHAT = [
    {"role": "user", "content": "Was kann ich ohne Ofen backen?"},
    {"role": "assistant", "content": "Pfannkuchen, Fladenbrot, und *Kuchen im Topf*."},
]
LEFT = (
    "### Two boxes, north side\n\nLettuce and *radishes* in one, herbs in the other:\n\n"
    "- **Lettuce** grows with four hours of light.\n- **Chives** come back each year.\n\n"
    "| box | plant | water |\n|---|---|---|\n| 1 | lettuce | daily |\n| 2 | chives | twice a week |\n\n"
    + "Sow a little every second week, so that not all of it is ripe at once. "
    * 12
)
RIGHT = (
    "Plant whatever you like to eat. Tomatoes need sun; beans need a pole.\n\n"
    "```text\nMay   beans\nJune  lettuce\n```\n\n"
    + "Many gardeners start with seedlings from a market, which saves a month of waiting. "
    * 9
)
LONG_TITLE = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsleiterstellvertretung, second round"
